"""What goes into the parking lot without a claim of its own: conflicts and foreign messages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segment_rehook.delivery import ids
from segment_rehook.delivery.queues.message import Header
from segment_rehook.delivery.queues.parking_lot import ParkingLot
from segment_rehook.delivery.queues.sending import Sender
from segment_rehook.delivery.queues.transport import Outgoing, Received
from tests.unit.delivery.world import World

RECEIVED = Received(
    message_id="message",
    receipt="r",
    group="g",
    body="{}",
    attributes={},
    sent_at=0.0,
    receive_count=1,
)


def lot_of(world: World) -> ParkingLot:
    """The way into a world's parking lot."""
    return ParkingLot(Sender(world.lot, world.telemetry))


def test_a_conflict_opens_nothing() -> None:
    """A conflict is parked under no claim, with a parked token that no record has."""
    world = World()
    header = Header(
        delivery="m1:track", user="u", content="other", reason="unavailable", token=3, mark="k"
    )

    assert lot_of(world).conflict(header, RECEIVED, "why")
    assert [stored.message for stored in world.lot.stored()] == [
        Outgoing(
            group=ids.delivery_group("m1:track"),
            dedupe=ids.conflict_dedupe("message"),
            body="{}",
            attributes={
                "schema": "1",
                "delivery": "m1:track",
                "user": "u",
                "content": "other",
                "reason": "id_conflict",
                "token": "0",
                "epoch": "0",
                "detail": "why",
            },
        )
    ]


@pytest.mark.parametrize(("has", "keeps"), [(0, 0), (8, 8), (9, 8), (10, 8)])
def test_a_foreign_message_keeps_what_attributes_it_can(has: int, keeps: int) -> None:
    """A foreign message is parked with its attributes, as far as SQS's ten leave room.

    Two are the bridge's: they say that it can't be read, and why.
    """
    world = World()
    attributes = {f"a{number}": "x" for number in range(has)}
    ours = {"reason": "unreadable", "detail": "why"}

    assert lot_of(world).foreign(replace(RECEIVED, attributes=attributes), "why")
    (stored,) = world.lot.stored()
    assert stored.message.body == RECEIVED.body
    assert stored.message.attributes == dict(list(attributes.items())[:keeps]) | ours
