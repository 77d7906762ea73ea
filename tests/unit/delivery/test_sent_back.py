"""What an operator sends back from the parking lot, and what was never a dead letter of ours."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.ledger.record import State
from segment_rehook.delivery.queues.transport import Outgoing
from segment_rehook.rehook.destination import Destination, load
from segment_rehook.segment.jsontext import encode
from tests.unit.delivery.samples import BROKEN, DESTINATION, track
from tests.unit.delivery.world import World, header_of
from tools.fakes import rehook
from tools.fakes.faults import Fate


def parked(world: World | None = None) -> World:
    """A world in which m1 was refused by Rehook and parked."""
    world = world or World()
    world.rehook.script.append(rehook.REJECTED)
    world.post(track())
    assert len(world.lot.stored()) == 1
    return world


def renamed(**changes: object) -> Destination:
    """DESTINATION with its track subscription changed."""
    subscriptions = [
        {**dict(each.definition), **(changes if each.id == "track" else {})}
        for each in DESTINATION.subscriptions
    ]
    return load(encode({"subscriptions": subscriptions}))  # type: ignore[dict-item]  # it is JSON


def test_it_is_delivered_once() -> None:
    """A message that is sent back by SQS's own redrive is delivered; a second copy is not."""
    world = parked()
    copy = world.lot.stored()[0].message
    world.lot.move_to(world.dead)
    world.drain()
    world.dead.send([Outgoing(group="g", dedupe="d", body=copy.body, attributes=copy.attributes)])
    world.drain()

    assert len(world.rehook.books) == 1
    assert not world.lot.stored()


def test_it_is_mapped_anew() -> None:
    """A message that is sent back is mapped anew, so a corrected mapping delivers it."""
    world = World(destination=BROKEN)
    world.post(track())
    assert header_of(world.lot.stored()[0]).reason == "mapping_error"
    world.destination = DESTINATION
    world.lot.move_to(world.dead)
    world.drain()

    assert len(world.rehook.books) == 1


def test_what_sqs_itself_moved_is_sent_as_it_was_stored() -> None:
    """A message that SQS moved after 1,000 receives is sent as it was stored.

    Nothing in it says that the bridge parked it.
    """
    world = World()
    world.dead.max_receives = 1
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(track())
    world.dead.receive()
    world.clock.advance(world.dead.visibility)
    world.dead.receive()
    header = header_of(world.lot.stored()[0])
    assert (header.reason, header.detail, header.parked_token) == ("unreachable", "", None)

    world.dead.max_receives = None
    world.destination = renamed(settings={"event_name": "renamed", "source_id": "u1"})
    world.lot.move_to(world.dead)
    world.drain()
    assert [request.body for request in world.rehook.calls[1:]] == [world.rehook.calls[0].body]


def test_it_is_parked_again_where_the_mapping_is_still_broken() -> None:
    """Where the mapping still fails, the message is parked under a new token.

    It can be sent back again, also within SQS's five minutes of deduplication.
    """
    world = World(destination=BROKEN)
    world.post(track())
    for epoch in (2, 3, 4):
        world.lot.move_to(world.dead)
        world.drain()
        (header,) = world.parked("m1:track")
        assert (header.reason, header.parked_token) == ("mapping_error", epoch)


def test_the_stored_request_is_sent_where_the_operator_says_so() -> None:
    """Where the operator says so the stored request is sent, whatever the mapping is now."""
    world = parked()
    sent = world.rehook.calls[-1].body
    message = world.lot.stored()[0].message
    attributes = {**message.attributes, "send": "stored"}
    world.destination = BROKEN
    world.dead.send([Outgoing(group="g", dedupe="d", body=message.body, attributes=attributes)])
    world.drain()

    assert [request.body for request in world.rehook.books] == [sent]


def test_automatic_retries_send_the_stored_request() -> None:
    """An automatic retry sends the stored request, and does not map the event again."""
    world = World()
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(track())
    world.destination = BROKEN
    world.drain()

    assert len(world.rehook.books) == 1


@pytest.mark.parametrize(
    ("changes", "reason", "detail"),
    [
        ({"id": "other"}, "subscription_gone", "subscription"),
        ({"enabled": False}, "subscription_gone", "subscription"),
        ({"trigger": 'type = "identify"'}, "not_mapped", "trigger"),
        (
            {"settings": {"event_name": "x", "source_id": {"@path": "$.no"}}},
            "not_mapped",
            "source_id",
        ),
    ],
)
def test_what_no_subscription_takes_any_more_is_parked(
    changes: dict[str, object], reason: str, detail: str
) -> None:
    """An event that no subscription takes any more is parked with its reason, without a call."""
    world = parked()
    world.destination = renamed(**changes)
    world.rehook.calls.clear()
    world.lot.move_to(world.dead)
    world.drain()

    (header,) = world.parked("m1:track")
    assert header.reason == reason
    assert detail in header.detail
    assert not world.rehook.calls


def test_a_disabled_subscriptions_dead_letters_are_parked() -> None:
    """The dead letters of a subscription that was disabled are parked, without a call."""
    world = World()
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(track())
    world.destination = renamed(enabled=False)
    world.drain()

    assert [header.reason for header in world.parked("m1:track")] == ["subscription_gone"]


def test_a_stale_copy_opens_nothing() -> None:
    """Of a delivery that was parked twice only the newer message can be sent back."""
    world = parked()
    stale = world.lot.stored()[0].message
    world.rehook.script.append(rehook.REJECTED)
    world.lot.move_to(world.dead)
    world.drain()
    calls = len(world.rehook.calls)
    world.dead.send([Outgoing(group="g", dedupe="d", body=stale.body, attributes=stale.attributes)])
    world.drain()

    assert len(world.rehook.calls) == calls
    assert [header.parked_token for header in world.parked("m1:track")] == [2]


def test_parked_and_unrecorded_is_no_crash() -> None:
    """A message that was parked and not recorded is delivered at once when it is sent back.

    It names the claim under which it was parked.
    """
    world = World(policy="park")
    world.rehook.script.extend([rehook.UNREACHABLE, rehook.REJECTED])
    world.post(track())
    swaps: list[str] = []

    def down_after_parking(operation: str, _subject: object) -> None:
        if operation == "parking.send":
            world.table.order(Fate.NOTHING_DONE, operation="ledger.settle_and_clear")
            world.table.order(Fate.NOTHING_DONE, operation="ledger.swap", times=2)
            swaps.append(operation)

    world.queues.after = down_after_parking
    world.drain()
    record = world.record("m1:track")
    assert record is not None
    assert record.state is State.CLAIMED
    world.clock.advance(400.0)
    world.lot.move_to(world.dead)
    world.drain()

    assert swaps == ["parking.send"]
    assert len(world.rehook.books) == 1


def test_a_conflict_is_parked_as_often_as_it_is_sent_back() -> None:
    """A conflict is parked each time that it is sent back, also within SQS's five minutes."""
    world = World()
    world.post(track(amount=1))
    world.store_secrets(mode="pause")
    world.post(track(amount=2))
    world.store_secrets(mode="deliver")
    world.drain()
    for _ in range(3):
        (header,) = world.parked("m1:track")
        assert header.reason == "id_conflict"
        world.lot.move_to(world.dead)
        world.drain()

    assert len(world.lot.stored()) == 1
    assert len(world.rehook.books) == 1


def test_two_events_under_one_id_are_both_stored() -> None:
    """Two events under one id are both stored, and the second is parked as a conflict."""
    world = World()
    world.store_secrets(mode="pause")
    world.post(track(amount=1))
    world.post(track(amount=2))
    world.store_secrets(mode="deliver")
    world.drain()

    assert len(world.rehook.books) == 1
    assert [header.reason for header in world.parked("m1:track")] == ["id_conflict"]


@pytest.mark.parametrize(
    ("attributes", "missing"),
    [
        ({}, "schema"),
        ({"schema": "9", "delivery": "x"}, "schema"),
        ({"schema": "1", "delivery": "x"}, "content"),
    ],
)
def test_a_foreign_message_is_kept(attributes: dict[str, str], missing: str) -> None:
    """A foreign message is parked with its body, and with what it lacks."""
    world = World()
    world.dead.send([Outgoing(group="g", dedupe="d", body="?", attributes=attributes)])
    world.drain()
    (kept,) = world.lot.stored()

    assert kept.message.body == "?"
    assert kept.message.attributes["reason"] == "unreadable"
    assert missing in kept.message.attributes["detail"]
    assert attributes.items() <= kept.message.attributes.items()


def test_a_foreign_message_that_fills_sqs_is_kept_too() -> None:
    """A foreign message of the largest size is parked without the explanation."""
    world = World()
    world.dead.send([Outgoing(group="g", dedupe="d", body="x" * 1_048_576, attributes={})])
    world.drain()

    assert len(world.lot.stored()) == 1


def test_an_unreadable_body_is_parked_under_its_delivery() -> None:
    """A message with an unreadable body is parked under the delivery of its attributes."""
    world = World()
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(track())
    message = world.dead.stored()[0].message
    (received,) = world.dead.receive()
    world.dead.delete(received.receipt)
    world.dead.send([Outgoing(group="g", dedupe="d", body="{", attributes=message.attributes)])
    world.drain()

    (header,) = world.parked("m1:track")
    assert header.reason == "unreadable"
    assert "JSON" in header.detail
