"""Dead letters: what goes into a message comes out of it, whatever it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segment_rehook.delivery.queues import message
from segment_rehook.delivery.queues.message import Header, Letter, MessageUnreadable, read_body
from segment_rehook.delivery.queues.transport import MAX_MESSAGE_BYTES, Outgoing, Received
from segment_rehook.rehook.plan import Request
from segment_rehook.segment.event import Event
from segment_rehook.segment.jsontext import decode
from tools.sqs import rules

HEADER = Header(
    delivery="m1:track",
    user="hash",
    content="c",
    reason="unavailable",
    token=3,
    nonce="n",
    mark="k",
)
texts = st.text(
    st.characters(exclude_categories=[])
    | st.sampled_from("\u2028\u2029\U0001f600é\x7f\ufffe\ud800")
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(texts, values, max_size=5)
words = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=1_000)
numbers = st.integers(0, 10**18 - 1)


def as_bytes(value: object, *, ascii_only: bool) -> bytes:
    """JSON as some sender writes it: UTF-8 where it can be, else escaped."""
    text = json.dumps(value, ensure_ascii=ascii_only, allow_nan=True).replace("Infinity", "1e999")
    try:
        return text.encode()
    except UnicodeEncodeError:
        return as_bytes(value, ascii_only=True)


def received(outgoing: Outgoing) -> Received:
    """The message as SQS hands it over."""
    return Received(
        message_id="id",
        receipt="r",
        group=outgoing.group,
        body=outgoing.body,
        attributes=dict(outgoing.attributes),
        sent_at=0.0,
        receive_count=1,
    )


def letter(event: bytes, body: bytes = b"{}") -> Letter:
    """A dead letter with this event and this request."""
    return Letter(
        header=HEADER,
        action="trackEvent",
        request=Request("POST", "/events/invoke", body),
        event=event,
    )


@given(objects, objects, st.booleans())
@example({"a": "\ud800", "n": 1.5, "inf": float("inf")}, {"b": "\ud800", "n": 1e21}, True)
def test_a_letter_comes_back_as_it_was(
    event: dict[str, object], body: dict[str, object], ascii_only: bool
) -> None:
    """Any event and any request are read back as they were written, in ASCII that SQS takes."""
    sent = letter(as_bytes(event, ascii_only=ascii_only), as_bytes(body, ascii_only=ascii_only))

    outgoing = sent.for_dead_letters(ordered=True)
    back = read_body(Header.read(outgoing.attributes), received(outgoing))

    assert rules.takes(outgoing)
    assert outgoing.body.isascii()
    assert back.header == HEADER
    assert Event.parse(back.event).members() == Event.parse(sent.event).members()
    assert back.request is not None
    assert sent.request is not None
    assert decode(back.request.body) == decode(sent.request.body)
    assert (back.action, back.request.path) == ("trackEvent", "/events/invoke")


def test_the_request_is_sent_again_byte_for_byte() -> None:
    """The stored request comes back byte for byte, however the event is spelt."""
    sent = letter(rb'{"type":"track", "x": "\ud800"}', b'{"n":25.0,"big":1e21,"s":"a/b"}')

    back = read_body(HEADER, received(sent.for_dead_letters(ordered=True)))

    assert back.request == sent.request
    assert back.event == sent.event


@pytest.mark.parametrize("event", [b'{"type":"track"}', rb'{"type":"track", "x": "\ud800"}'])
def test_an_event_that_could_not_be_mapped_has_no_request(event: bytes) -> None:
    """The message of an event that could not be mapped says that there is no request."""
    sent = Letter(header=HEADER, action="", request=None, event=event)

    assert read_body(HEADER, received(sent.for_dead_letters(ordered=True))) == sent


def test_what_a_message_says() -> None:
    """A message's body and attributes are those that operators and earlier versions know."""
    parked = letter(b'{"s":"\xc3\xa9"}').for_parking("rejected", "400\n\u00e9")

    assert parked.attributes == {
        "schema": "1",
        "delivery": "m1:track",
        "user": "hash",
        "content": "c",
        "reason": "rejected",
        "token": "3",
        "nonce": "n",
        "epoch": "3",
        "detail": "400??",
    }
    assert parked.body == (
        '{"origin": {}, "action": "trackEvent", '
        '"request": {"method": "POST", "path": "/events/invoke", '
        '"body": {}}, "event": {"s":"\\u00e9"}}'
    )


@given(
    st.builds(
        Header,
        delivery=words,
        user=words,
        content=words,
        reason=words,
        token=numbers,
        nonce=st.just("") | words,
        mark=st.just("") | words,
        parked_token=st.none() | numbers,
        detail=st.just("") | words,
        resend=st.booleans(),
    )
)
def test_a_header_comes_back_as_it_was(header: Header) -> None:
    """Each field of a header is read back from its attribute."""
    assert Header.read(header.attributes()) == header


def test_what_attributes_need_not_say() -> None:
    """A message with the required attributes alone has no claim, no mark and no parked token."""
    least = {"schema": "1", "delivery": "d", "user": "u", "content": "c", "reason": "r"}

    assert Header.read(least) == Header(delivery="d", user="u", content="c", reason="r")


def test_order_decides_on_the_group() -> None:
    """The message group is the user where order is kept, and the delivery where it is not."""
    sent = letter(b"{}")

    assert sent.for_dead_letters(ordered=True).group == "hash"
    assert sent.for_dead_letters(ordered=False).group != "hash"


@given(texts)
def test_a_parked_message_explains_itself(detail: str) -> None:
    """A parked message has reason, detail and parked token; SQS takes it whatever the detail."""
    parked = letter(b"{}").for_parking("rejected", detail)
    header = Header.read(parked.attributes)

    assert rules.takes(parked)
    assert (header.reason, header.parked_token, header.nonce) == ("rejected", 3, "n")
    assert header.mark == ""
    assert len(header.detail) <= 1_000


def test_parked_messages_have_groups_of_their_own() -> None:
    """Each parked message has a group of its own.

    SQS shows ten messages of a group at most, so a user's would hide one another.
    """
    one = letter(b"{}").for_parking("rejected", "")

    assert one.group != "hash"


def test_what_fits_into_the_dead_letter_queue_fits_into_the_parking_lot() -> None:
    """A message that the dead-letter queue takes is taken by the parking lot as well."""
    room = MAX_MESSAGE_BYTES - letter(b'{"s":""}').for_dead_letters(ordered=True).size()
    largest = letter(b'{"s":"' + b"x" * (room - message.PARKING_ROOM) + b'"}')
    larger = letter(b'{"s":"' + b"x" * (room - message.PARKING_ROOM + 1) + b'"}')

    assert not largest.for_dead_letters(ordered=True).too_large
    assert larger.for_dead_letters(ordered=True).too_large
    assert not largest.for_parking("outcome_unknown", "d" * 5_000).too_large


def test_sizes_are_counted_as_sqs_counts_them() -> None:
    """Sizes are counted in bytes, with the names and types of attributes, as SQS counts them."""
    outgoing = Outgoing(group="g", dedupe="d", body="abc", attributes={"delivery": "m:é"})

    assert outgoing.size() == rules.octets(outgoing)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "2"},
        {"schema": None},
        {"delivery": None},
        {"user": None},
        {"content": None},
        {"reason": None},
        {"token": "x"},
        {"token": "-1"},
        {"token": "9" * 5_000},
        {"epoch": "1.5"},
        {"epoch": "²"},
    ],
)
def test_other_messages_are_not_taken_for_ours(change: dict[str, str | None]) -> None:
    """Attributes that the bridge did not write raise one kind of error, which names them."""
    attributes = {**letter(b"{}").for_parking("rejected", "").attributes, **change}

    with pytest.raises(MessageUnreadable, match=next(iter(change))):
        Header.read({name: value for name, value in attributes.items() if value is not None})


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "{}",
        '{"action": "a", "request": null}',
        '{"action": 1, "request": null, "event": {}}',
        '{"action": "a", "request": {"method": "POST"}, "event": {}}',
        '{"action": "a", "request": null, "event": 5}',
        '{"action": "a", "request": {"method": "P", "path": "/", "body": 5}, "event": {"a": "\\ud800"}}',  # noqa: E501 — one case, one line
        "[" * 5_000,
        "\ud800",
    ],
)
def test_a_body_that_is_none_of_ours_raises_and_nothing_else(body: str) -> None:
    """A body that the bridge did not write raises one kind of error, which says what is wrong."""
    outgoing = Outgoing(group="g", dedupe="d", body=body, attributes={})

    with pytest.raises(MessageUnreadable, match=r"JSON|object"):
        read_body(HEADER, received(outgoing))


def test_an_operators_wish_travels_in_an_attribute() -> None:
    """The choice to map anew or send as stored is an attribute, and ends when it is parked."""
    attributes = letter(b"{}").for_dead_letters(ordered=True).attributes
    wished = Header.read({**attributes, "send": "stored"})
    again = message.parked(wished, "{}", reason="rejected", detail="")

    assert not Header.read(attributes).resend
    assert wished.resend
    assert not Header.read(again.attributes).resend
