"""What is known of a delivery before the call, and whether a queue can hold it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from segment_rehook.delivery import ids
from segment_rehook.delivery.delivery import Delivery
from segment_rehook.delivery.outcomes import Stored
from segment_rehook.delivery.queues.message import PARKING_ROOM, Header, Letter
from segment_rehook.delivery.queues.transport import MAX_MESSAGE_BYTES
from segment_rehook.rehook.plan import Call, MappingFault, Request
from segment_rehook.segment.event import Event
from segment_rehook.segment.jsontext import JSON, encode
from tests.unit.delivery.samples import track

REQUEST = Request("POST", "/events/invoke", b"{}")
EVENT = Event.parse(encode(track("m1", "u1")))
DELIVERY = Delivery(
    id="m1:track",
    user=ids.user_hash("u1"),
    content=ids.fingerprint(EVENT, by_business_key=False),
    action="trackEvent",
    request=REQUEST,
    event=EVENT.raw,
)


def test_a_delivery_is_the_mappings_users() -> None:
    """The one that Rehook will see; that may be another than the event's userId."""
    call = Call("track", "trackEvent", "another", None, REQUEST)

    assert Delivery.of(EVENT, "m1", call) == replace(DELIVERY, user=ids.user_hash("another"))


@pytest.mark.parametrize(("user", "source_id"), [("u1", "u1"), (5, ""), (None, "")])
def test_what_could_not_be_mapped_is_the_events_users(user: JSON, source_id: str) -> None:
    """It keeps the user's order; there is nothing to call, and the fault says why."""
    event = Event.parse(encode({**track("m1"), "userId": user}))

    assert Delivery.of(event, "m1", MappingFault("track", "what went wrong")) == Delivery(
        id="m1:track",
        user=ids.user_hash(source_id),
        content=ids.fingerprint(event, by_business_key=False),
        action="",
        request=None,
        event=event.raw,
        fault="what went wrong",
    )


def test_a_letter_names_no_claim_where_there_is_none() -> None:
    """Neither token nor nonce nor mark: redrive must not take it for a claimant's."""
    assert DELIVERY.letter("paused") == Letter(
        header=Header(
            delivery=DELIVERY.id, user=DELIVERY.user, content=DELIVERY.content, reason="paused"
        ),
        action="trackEvent",
        request=REQUEST,
        event=EVENT.raw,
    )


def sized(event: int, request: int) -> Delivery:
    """A delivery with so many bytes of text in its event, and in its request."""
    body = encode({"x": "x" * request})
    return replace(DELIVERY, event=encode({"x": "x" * event}), request=replace(REQUEST, body=body))


@pytest.mark.parametrize("of", ["event", "request"])
def test_what_fits_does_so_under_any_claim_and_for_any_reason(of: str) -> None:
    """To the byte: at the largest that fits, the longest message fills what SQS takes."""
    low, high = 0, MAX_MESSAGE_BYTES
    while high - low > 1:
        middle = (low + high) // 2
        fits = sized(**{"event": 0, "request": 0, of: middle}).fits_a_message()
        low, high = (middle, high) if fits else (low, middle)
    largest = sized(**{"event": 0, "request": 0, of: low})
    sizes = [
        largest.letter(reason, token=10**9, nonce="n" * 32, mark="k" * 32)
        .for_dead_letters(ordered=True)
        .size()
        for reason in Stored
    ]

    assert max(sizes) == MAX_MESSAGE_BYTES - PARKING_ROOM
