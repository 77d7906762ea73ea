"""A body is opened into events, and one bad element costs nobody but itself."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.segment.envelope import MAX_EVENTS, events_in, open_envelope
from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook.segment.refusal import BodyTooLarge, RefusedBody
from tests.unit.segment.test_jsontext import nested

GOOD = b'{"type":"track","messageId":"m1"}'


def outcomes(body: bytes) -> list[str]:
    """Each element's messageId, or the reason why it is none."""
    return [
        element.message_id or "" if isinstance(element, Event) else element.reason
        for element in open_envelope(body).elements
    ]


def test_one_event_and_a_batch_of_one_differ() -> None:
    """Both hold one event; only the array is a batch."""
    single, batch = open_envelope(GOOD), open_envelope(b" [ " + GOOD + b" ]\n")
    assert not single.batch
    assert batch.batch
    for envelope in (single, batch):
        (event,) = envelope.elements
        assert isinstance(event, Event)
        assert event.raw == GOOD


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'"text"', "not_an_object"),
        (b"1", "not_an_object"),
        (b"null", "not_an_object"),
        (b"[" + GOOD + b"]", "not_an_object"),
        (b"", "not_json"),
        (b"NaN", "not_json"),
        (b'{"a":NaN}', "not_json"),
        (b'{"a":1,}', "not_json"),
        (b'{"a":]}', "not_json"),
        (b"{a}", "not_json"),
        (b'{"a":"\xff"}', "not_json"),
        (b'{"a":"\x01"}', "not_json"),
        (b'{"messageId":"\\ud800"}', None),
        (b'{"messageId":"m2","n":1e999}', "m2"),
        (b'{"messageId":"m2","n":' + b"9" * 9_999 + b"}", "m2"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "too_deep"),
        (b'{"a":' + nested(100_000) + b"}", "too_deep"),
    ],
)
def test_a_bad_element_costs_only_itself(bad: bytes, reason: str | None) -> None:
    """All other elements of a thousand are read, in order, wherever the bad one is."""
    good = [b'{"type":"track","messageId":"g%d"}' % number for number in range(1_000)]
    for place in (0, 500, 1_000):
        body = b"[" + b",".join([*good[:place], bad, *good[place:]]) + b"]"
        found = outcomes(body)
        told = found.pop(place)
        assert found == [f"g{number}" for number in range(1_000)]
        assert told == reason if reason else told.startswith("sha256:")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'[{"json":' + GOOD + b'},{"json":' + GOOD + b"}]", ["m1", "m1"]),
        (b'[{"json":' + GOOD + b"},null," + GOOD + b"]", ["m1", "not_an_object", "m1"]),
        (b'[{ "json" : ' + GOOD + b" }]", ["m1"]),
        (b'[{"json":{"messageId":"\\ud800"}},' + GOOD + b"]", None),
        (b'[{"json":{"messageId":"i"},"messageId":"o"}]', ["o"]),
        (b'[{"messageId":"o","json":{"messageId":"i"}}]', ["o"]),
        (b'[{"json":"text"}]', [""]),
        (b'{"json":{"messageId":"i"}}', [""]),
        (b'[{"json":{"json":{"messageId":"i"}}}]', [""]),
    ],
)
def test_extensible_webhooks_wrapper_is_taken_off(body: bytes, found: list[str] | None) -> None:
    """The wrapper is removed in batches only, once, and only if `json` is the only member."""
    if found is not None:
        assert outcomes(body) == found
    else:
        assert outcomes(body)[1] == "m1"
        assert outcomes(body)[0].startswith("sha256:")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_body"),
        (b" \r\n\t", "empty_body"),
        (b"[]", "empty_batch"),
        (b" [ \n ] ", "empty_batch"),
        (b"hello", "not_json"),
        (b"{", "not_json"),
        (b'{"a":NaN}', "not_json"),
        (b"\xef\xbb\xbf" + GOOD, "not_json"),
        (b"\x1f\x8b\x08\x00", "not_json"),
        (b"type=track&userId=1", "not_json"),
        (GOOD + GOOD, "not_json"),
        (GOOD.decode().encode("utf-16"), "not_json"),
        (b"[", "empty_batch"),
        (b"[tru]", "not_json"),
        (b"[" * 1_000_000, "not_an_object"),
        (b" " + nested(1_000), "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"1", "not_an_object"),
        (b"null", "not_an_object"),
        (b'["a","b"]', "not_an_object"),
        (b"[[]]", "not_an_object"),
        (b"[1,NaN]", "not_an_object"),
        (b"[1,2", "not_an_object"),
    ],
)
def test_a_body_without_any_event_is_refused(body: bytes, code: str) -> None:
    """The answer is 400 with the mistake and a hint, without the content."""
    with pytest.raises(RefusedBody) as caught:
        open_envelope(body)
    assert (caught.value.status, caught.value.code) == (400, code)
    assert caught.value.message
    assert caught.value.hint


def test_one_too_deep_event_is_dropped_not_refused() -> None:
    """A single event that is nested too deep is dropped, and the request is not refused."""
    deep = b'{"a":' + nested(200) + b"}"
    assert outcomes(deep) == ["too_deep"]
    assert outcomes(b"[" + deep + b"]") == ["too_deep"]


def test_more_events_than_any_batch_of_segments_are_refused() -> None:
    """A body with too many small elements is refused before it fills the memory."""
    assert len(outcomes(b"[" + b"{}," * (MAX_EVENTS - 1) + b"{}]")) == MAX_EVENTS
    for element in (b"{},", b"1,", b'"\\ud800",'):
        with pytest.raises(BodyTooLarge) as caught:
            open_envelope(b"[" + element * MAX_EVENTS * 60 + b"{}]")
        assert (caught.value.status, caught.value.code) == (413, "too_many_events")


element_texts = st.one_of(
    st.dictionaries(st.text(st.characters()), st.text(st.characters()), max_size=3).map(json.dumps),
    st.sampled_from(["1", '"],["', "[[],{}]", "null", "NaN", '{"a":1e999}', '{"\\ud800":"["}']),
)


@given(st.lists(element_texts, min_size=1, max_size=8))
def test_each_element_is_judged_as_if_it_were_alone(texts: list[str]) -> None:
    """An element is read in the same way alone and in a batch."""

    def alone(text: str) -> object:
        try:
            return Event.parse(text.encode()).members()
        except UnreadableEvent as unreadable:
            return unreadable.reason

    expected = [alone(text) for text in texts]
    try:
        envelope = open_envelope(f"[{','.join(texts)}]".encode())
    except RefusedBody:
        assert not any(isinstance(found, dict) for found in expected)
    else:
        assert expected == [
            element.members() if isinstance(element, Event) else element.reason
            for element in envelope.elements
        ]


@given(st.lists(st.sampled_from([GOOD, b'{"json":' + GOOD + b"}", b"5", b"{bad}"]), max_size=5))
def test_events_are_judged_alike_without_a_request(elements: list[bytes]) -> None:
    """`events_in` reads elements as a request's are read, and refuses nothing."""
    bodies = [b"[" + b",".join([*elements, GOOD]) + b"]", GOOD]
    for body in bodies:
        judged = [each.raw if isinstance(each, Event) else each.reason for each in events_in(body)]
        envelope = open_envelope(body)
        assert judged == [
            each.raw if isinstance(each, Event) else each.reason for each in envelope.elements
        ]
    assert [str(each) for each in events_in(b"5")] == [
        "not_an_object: an event is an object, not a number"
    ]
    assert list(events_in(b"[]")) == []
