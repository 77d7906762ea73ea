"""An event gives its members when asked, and its raw parts only where they are fit to send."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook.segment.jsontext import JSON, MAX_DEPTH, decode
from tests.unit.segment.test_jsontext import json_values, nested


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b'{"a":NaN}', "not_json"),
        (b'{"a":"\xff"}', "not_json"),
        (b'{"a":"\xff","b":"\\ud800"}', "not_json"),
        (b"[]", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"1", "not_an_object"),
        (b"true", "not_an_object"),
        (b"null", "not_an_object"),
        (b'{"a":' + nested(MAX_DEPTH) + b"}", "too_deep"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "too_deep"),
    ],
)
def test_what_is_no_event_says_why(raw: bytes, reason: str) -> None:
    """Each kind of unreadable element has its own reason, and a detail without content."""
    with pytest.raises(UnreadableEvent) as caught:
        Event.parse(raw)
    assert caught.value.reason == reason
    assert caught.value.detail


@given(st.dictionaries(st.text(st.characters()), json_values, max_size=5))
def test_members_are_those_of_the_event(value: dict[str, JSON]) -> None:
    """All members are given in order, also those of an event with a lone surrogate."""
    event = Event.parse(json.dumps(value).encode())
    assert event.members() == value
    assert list(event.members()) == list(value)
    for name, member in value.items():
        assert event.members([name]) == {name: member}
        assert event.member(name) == member


def test_members_keep_the_events_order_not_the_askers() -> None:
    """Only members that are present are given, in the event's order."""
    event = Event.parse(b'{"b":1,"a":null,"c":3}')
    assert list(event.members(["c", "a", "x"])) == ["a", "c"]
    assert event.member("a", "default") is None
    assert event.member("x", "default") == "default"


@pytest.mark.parametrize(
    "text",
    [b"{}", b'{ "a" : [1.50, {"b":"\xc3\xa9"}] }', b'{"a":{"b":1},"c":{"b":1}}', b'{"a":1e300}'],
)
def test_a_sound_object_may_go_on_as_it_is(text: bytes) -> None:
    """The bytes that are sent are the bytes that came."""
    assert (
        Event.parse(b'{"context":{"a":1,"a":2},"traits" : ' + text + b" }").passable("traits")
        == text
    )


@pytest.mark.parametrize(
    "text",
    [
        b"[]",
        b'"text"',
        b"null",
        b'{"a":1,"a":1}',
        b'{"a":[{"b":{"c":1,"c":2}}]}',
        b'{"a":1,"\\u0061":1}',
        b'{"a":1e999}',
        b'{"a":[-1e999]}',
        b'{"a":' + b"9" * 400 + b"}",
        b'{"a":"\\ud800"}',
        b'{"a":{"__proto__":1}}',
        b'{"\\u005f_proto__":1}',
    ],
)
def test_what_parsers_read_differently_does_not_go_on_as_it_is(text: bytes) -> None:
    """Such a member is still read, as JavaScript reads it."""
    event = Event.parse(b'{"traits":' + text + b"}")
    assert event.passable("traits") is None
    assert event.member("traits") == decode(text)


@st.composite
def json_texts(draw: st.DrawFn, levels: int = 3) -> str:
    """JSON in any spelling: blanks, escapes, duplicate keys, numbers of every form."""
    blank = st.sampled_from(["", "", "", " ", "\n"])
    kinds = ["number", "text", "word"] + (["object", "object", "array"] if levels else [])
    match draw(st.sampled_from(kinds)):
        case "object":
            keys = st.sampled_from(
                [
                    '"a"',
                    '"b"',
                    '"\\u0061"',
                    '"__proto__"',
                    '"\\u005f_proto__"',
                    '"1"',
                    '"é"',
                    '"\\/"',
                ]
            )
            pairs = draw(st.lists(st.tuples(keys, json_texts(levels - 1), blank), max_size=3))
            return "{" + ",".join(f"{key}:{gap}{value}" for key, value, gap in pairs) + "}"
        case "array":
            items = draw(st.lists(json_texts(levels - 1), max_size=3))
            return "[" + f",{draw(blank)}".join(items) + "]"
        case "number":
            numbers = [
                "0",
                "-0",
                "1.0",
                "1.50",
                "1e5",
                "1E+2",
                "1e999",
                "0.00001",
                "9" * 309,
                "2.5",
            ]
            return draw(st.sampled_from([*numbers, "1" * 309, "1e-400", "123456789012345678901"]))
        case "text":
            texts = [
                '""',
                '"a"',
                '"é"',
                '"\\u00e9"',
                '"\\/"',
                '"__proto__"',
                '"\x7f"',
                '"\\n"',
                '"{"',
            ]
            return draw(st.sampled_from([*texts, '"\\ud800"', '"\\ud83d\\ude00"', '"a\\":1"']))
        case _:
            return draw(st.sampled_from(["true", "false", "null"]))


def reads_alike(text: str) -> bool:
    """Tell by the standard library whether every parser reads an object's text alike."""

    def check(pairs: list[tuple[str, JSON]]) -> JSON:
        names = [name for name, _ in pairs]
        assert len(set(names)) == len(names)
        assert "__proto__" not in names
        return dict(pairs)

    def double(number: str) -> float:
        assert abs(float(number)) < float("inf")
        return float(number)

    try:
        value = json.loads(text, object_pairs_hook=check, parse_float=double, parse_int=double)
    except AssertionError:
        return False
    return isinstance(value, dict) and "\\ud800" not in text


@given(json_texts())
def test_a_member_goes_on_as_it_is_only_where_every_parser_reads_it_alike(text: str) -> None:
    """The quick check, which compares with what msgspec would write, lets nothing else through."""
    event = Event.parse(f'{{"type":"track","traits":{text}}}'.encode())
    passed = event.passable("traits")
    long_number = "1" * 309 in text  # within a double, and left alone all the same
    assert passed == (text.encode() if reads_alike(text) and not long_number else None)
    assert event.member("traits") == decode(text.encode())


USUAL = ("type", "event", "userId", "messageId", "timestamp", "properties", "context", "other")


@given(
    st.lists(st.tuples(st.sampled_from(USUAL), json_texts(1)), max_size=8),
    st.sets(st.sampled_from(USUAL)),
)
def test_members_are_the_same_in_whatever_order_they_are_asked_for(
    pairs: list[tuple[str, str]], names: set[str]
) -> None:
    """Members of any type, and duplicate ones, are the same in whatever order they are read."""
    raw = ("{" + ",".join(f'"{name}":{text}' for name, text in pairs) + "}").encode()
    whole = decode(raw)
    assert isinstance(whole, dict)
    some = {name: whole[name] for name in whole if name in names}
    event = Event.parse(raw)
    assert list(event.members(names).items()) == list(some.items())
    payload = Event.parse(raw).payload(frozenset(names))
    assert {name: payload[name] for name in payload if name in names} == some
    assert list(event.members().items()) == list(whole.items())
    for name in USUAL:
        assert event.member(name, "none") == whole.get(name, "none")
        assert Event.parse(raw).member(name, "none") == whole.get(name, "none")
    assert event.looks_mapped == ("type" not in whole)


def test_a_missing_member_is_not_passable() -> None:
    """A missing member has no text to send."""
    assert Event.parse(b"{}").passable("traits") is None


@pytest.mark.parametrize(
    ("sent", "message_id"),
    [
        (b'"ajs-next-1"', "ajs-next-1"),
        (b'"' + b"x" * 100 + b'"', "x" * 100),
        (b'" with space "', " with space "),
        (b"42", "42"),
        (b"42.0", "42"),
        (b"1e21", "1e+21"),
        (b'""', None),
        (b"null", None),
        (b"true", None),
        (b"1e999", None),
        (b'{"a":1}', None),
    ],
)
def test_message_id_is_a_text_of_segments_length(sent: bytes, message_id: str | None) -> None:
    """A number counts as its text; nothing, and what is no text, counts as missing."""
    assert Event.parse(b'{"messageId":' + sent + b"}").message_id == message_id
    assert Event.parse(b"{}").message_id is None


@pytest.mark.parametrize("sent", [b"x" * 101, b"x" * 200_000, b"a\\nb", b"\\ud800", b"\\u0000"])
def test_a_message_id_that_stores_do_not_take_is_hashed(sent: bytes) -> None:
    """A long or unprintable id is replaced by its hash, which is always the same."""
    event = Event.parse(b'{"messageId":"' + sent + b'"}')
    again = Event.parse(b'{"type":"track","messageId":"' + sent + b'"}')
    other = Event.parse(b'{"messageId":"' + sent + b'x"}')
    assert event.message_id is not None
    assert event.message_id.startswith("sha256:")
    assert len(event.message_id) == len("sha256:") + 64
    assert event.message_id == again.message_id
    assert event.message_id != other.message_id


def test_no_message_id_can_be_written_like_another_ones_hash() -> None:
    """An id that is written like another id's replacement is an id of its own."""
    long = Event.parse(b'{"messageId":"' + b"x" * 101 + b'"}').message_id
    written = Event.parse(f'{{"messageId":"{long}"}}'.encode()).message_id
    assert written not in {None, long}


def test_type_is_text_or_missing() -> None:
    """A type that is no text matches nothing; an object without a type is a mapped one."""
    assert Event.parse(b'{"type":"track"}').type == "track"
    assert Event.parse(b'{"type":1}').type is None
    assert not Event.parse(b'{"type":1}').looks_mapped
    assert not Event.parse(b'{"type":"\\ud800"}').looks_mapped
    assert Event.parse(b'{"userId":"u"}').looks_mapped
    assert Event.parse(b'{"userId":"\\ud800"}').looks_mapped


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"[]", "an array"),
        (nested(200), "an array"),
        (b'"text"', "a string"),
        (b"-1.5", "a number"),
        (b"false", "a boolean"),
        (b"null", "null"),
    ],
)
def test_what_is_no_object_is_told_by_its_kind(raw: bytes, kind: str) -> None:
    """The detail names the kind of the value and never the value, which may be personal."""
    with pytest.raises(UnreadableEvent, match=f"an event is an object, not {kind}$"):
        Event.parse(raw)
