"""A business key that was mended or added while an event of its order was parked."""

from __future__ import annotations

from segment_rehook.rehook.destination import Destination, load
from segment_rehook.segment.jsontext import encode
from tests.unit.delivery.samples import DESTINATION, order, outcomes, reasons
from tests.unit.delivery.world import World, header_of
from tools.fakes import rehook


def orders(**changes: object) -> Destination:
    """One subscription for orders: the order's number counts instead of the messageId."""
    [known] = [each for each in DESTINATION.subscriptions if each.id == "order"]
    subscription = {**known.definition, **changes}
    return load(encode({"subscriptions": [subscription]}))  # type: ignore[list-item]  # it is JSON


def test_an_order_that_could_not_be_mapped_is_rewarded_once() -> None:
    """An order whose event could not be mapped keeps its business key, and is rewarded once.

    The event is sent back after its mapping was corrected.
    """
    settings = {"source_id": {"@path": "$.userId"}, "event_name": {"@template": {"@path": "$.no"}}}
    world = World(destination=orders(settings=settings))
    for message in ("m1", "m2"):
        assert reasons(world.post(order(message, "7"))) == ["mapping_error"]
    world.destination = DESTINATION
    assert outcomes(world.post(order("m3", "7"))) == ["delivered"]
    world.lot.move_to(world.dead)
    world.drain()

    assert len(world.rehook.books) == 1
    assert not world.lot.stored()


def test_a_business_key_that_came_later_gives_no_second_reward() -> None:
    """An event that was parked under its messageId stays parked when its order has a key by now.

    The order may have been rewarded under the key.
    """
    world = World(destination=orders(idempotencyKey={"@path": "$.properties.nothing"}))
    world.rehook.script += [rehook.REJECTED]
    world.post(order("m1", "7"))
    world.destination = DESTINATION
    assert outcomes(world.post(order("m2", "7"))) == ["delivered"]
    world.lot.move_to(world.dead)
    world.drain()

    assert len(world.rehook.books) == 1
    (header,) = [header_of(each) for each in world.lot.stored()]
    assert header.reason == "not_mapped"
    assert "idempotencyKey" in header.detail
