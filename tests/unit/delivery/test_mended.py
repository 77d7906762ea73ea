"""A mended event under an id that is known: Segment's Replay, after the first try was given up.

It takes the first one's place where that was certainly never delivered. Everywhere else the first
one counts, since a reward under one id is given once. At the end: a business key that was mended or
added while an event of its order was parked.
"""

from __future__ import annotations

from typing import Any

import pytest

from segment_rehook.rehook.destination import Destination, load
from segment_rehook.segment.jsontext import encode
from tests.unit.delivery.samples import DESTINATION, identify, order, outcomes, reasons, track
from tests.unit.delivery.world import DAY, World, header_of
from tools.fakes import rehook
from tools.fakes.faults import Fate

MENDED = track("m1", amount=27.5)
LEANER = {**order("m1", "7"), "properties": {"order": "7"}}
KINDS = pytest.mark.parametrize(
    ("first", "mended"),
    [
        pytest.param(track("m1", amount="27.50"), MENDED, id="track"),
        pytest.param(identify("m1", email="?"), identify("m1", email="a@b.example"), id="identify"),
        pytest.param(order("m1", "7"), LEANER, id="order"),
    ],
)


def refused(first: dict[str, Any], *, policy: str = "park") -> World:
    """A world in which Rehook refused this event, so that it is parked."""
    world = World(policy=policy)
    world.rehook.script.append(rehook.REJECTED)
    assert outcomes(world.post(first)) == ["parked"]
    return world


def lot(world: World) -> list[str]:
    """The reasons of what is parked."""
    return [header_of(message).reason for message in world.lot.stored()]


@KINDS
def test_it_takes_the_place_of_what_was_refused(
    first: dict[str, Any], mended: dict[str, Any]
) -> None:
    """A mended event replaces the rejected one, by messageId and by business key.

    When the event comes again as it was, it is a duplicate.
    """
    world = refused(first)

    assert outcomes(world.post(first)) == ["duplicate"]
    assert outcomes(world.post(mended)) == ["delivered"]
    assert outcomes(world.post(mended)) == ["duplicate"]
    assert len(world.rehook.books) == 1


@KINDS
def test_what_it_replaced_is_removed_when_it_is_sent_back(
    first: dict[str, Any], mended: dict[str, Any]
) -> None:
    """An event that was replaced is removed, not delivered, when an operator sends it back."""
    world = refused(first)
    world.post(mended)
    world.lot.move_to(world.dead)
    world.drain()

    assert len(world.rehook.books) == 1
    assert lot(world) == []


def test_it_may_be_stored_and_take_the_place_later() -> None:
    """A mended event that is stored first replaces the rejected one when redrive delivers it."""
    world = refused(track("m1"))
    world.store_secrets(mode="pause")
    assert outcomes(world.post(MENDED)) == ["stored"]
    world.store_secrets(mode="deliver")
    world.drain()

    assert len(world.rehook.books) == 1
    assert b"27.5" in world.rehook.books[0].body


def test_it_waits_for_nothing_when_its_own_call_fails() -> None:
    """A mended event whose call fails is stored under its own claim, and delivered by redrive."""
    world = refused(track("m1"))
    world.rehook.script.append(rehook.THROTTLED)
    assert reasons(world.post(MENDED)) == ["throttled"]
    world.drain()

    assert b"27.5" in world.rehook.books[0].body


def test_refused_as_well_it_is_what_can_be_sent_back() -> None:
    """When the mended event is rejected too, it can be sent back and the first one can't."""
    world = refused(track("m1"))
    world.rehook.script.append(rehook.REJECTED)
    assert reasons(world.post(MENDED)) == ["rejected"]
    world.lot.move_to(world.dead)
    world.drain()

    assert len(world.rehook.books) == 1
    assert b"27.5" in world.rehook.books[0].body
    assert lot(world) == ["id_conflict"]


def test_an_older_one_that_redrive_holds_is_not_replaced() -> None:
    """A mended event does not replace one that redrive is delivering at the moment."""
    world = refused(track("m1"))
    world.lot.move_to(world.dead)
    world.rehook.script.append(rehook.UNREACHABLE)
    world.poll()

    assert reasons(world.post(MENDED)) == ["id_conflict"]
    world.drain()
    assert len(world.rehook.books) == 1
    assert b"27.5" not in world.rehook.books[0].body


def test_a_parked_one_that_is_on_its_way_back_gives_way_to_the_mended_one() -> None:
    """A parked event that waits for redrive gives way to the mended one, and is not delivered."""
    world = refused(track("m1"))
    world.lot.move_to(world.dead)
    world.rehook.script.append(rehook.THROTTLED)
    assert reasons(world.post(MENDED)) == ["throttled"]
    world.drain()

    assert len(world.rehook.books) == 1
    assert b"27.5" in world.rehook.books[0].body


def test_what_may_have_been_given_is_not_replaced() -> None:
    """A mended event does not replace one whose outcome is unknown."""
    world = World(policy="park")
    world.rehook.script.append(rehook.UNKNOWN_DONE)
    assert reasons(world.post(track("m1"))) == ["outcome_unknown"]

    assert reasons(world.post(MENDED)) == ["id_conflict"]
    assert len(world.rehook.books) == 1


@pytest.mark.parametrize("last", [rehook.REJECTED, rehook.UNREACHABLE], ids=["refused", "given up"])
def test_an_earlier_unknown_outcome_is_not_forgotten(last: rehook.Turn) -> None:
    """A mended event does not replace one of which an earlier try had an unknown outcome."""
    world = World(policy="retry")
    world.rehook.script.append(rehook.UNKNOWN_DONE)
    assert reasons(world.post(track("m1"))) == ["unknown"]
    world.clock.advance(4 * DAY)
    world.rehook.script.append(last)
    world.poll()
    assert lot(world) in (["rejected"], ["gave_up"])

    assert reasons(world.post(MENDED)) == ["id_conflict"]
    assert len(world.rehook.books) == 1


def test_an_unknown_outcome_that_could_not_be_recorded_is_not_forgotten() -> None:
    """A mended event does not replace one whose unknown outcome could not be recorded.

    The record still says claimed, and whoever takes it over does not know what its claimant knew.
    """
    world = World(policy="retry")
    world.rehook.script.append(rehook.UNKNOWN_DONE)
    world.rehook.after = lambda *_: world.table.order(
        Fate.NOTHING_DONE, operation="ledger.swap", times=2
    )
    world.post(track("m1"))
    world.rehook.after = lambda *_: None
    world.rehook.script.append(rehook.REJECTED)
    world.drain()
    assert lot(world) == ["rejected"]

    assert reasons(world.post(MENDED)) == ["id_conflict"]


def test_a_repeatable_call_leaves_no_doubt() -> None:
    """A mended identify replaces one with an unknown outcome, since an upsert can be made twice."""
    world = World(policy="park")
    world.rehook.script.append(rehook.UNKNOWN_DONE)
    world.post(identify("m1"))
    world.rehook.script.append(rehook.REJECTED)
    world.drain()
    assert lot(world) == ["rejected"]

    assert outcomes(world.post(identify("m1", email="a@b.example"))) == ["delivered"]


def test_what_was_delivered_is_not_replaced() -> None:
    """A mended event does not replace one that was delivered."""
    world = World()
    world.post(track("m1"))

    assert reasons(world.post(MENDED)) == ["id_conflict"]
    assert len(world.rehook.books) == 1


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
