"""Each end of a dead letter, whole: what the record and the parked message say of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segment_rehook.delivery.queues.message import Header
from segment_rehook.delivery.queues.transport import Outgoing
from segment_rehook.rehook.reply import Reply, ReplyClass
from segment_rehook.segment.event import Event, UnreadableEvent
from tests.unit.delivery.samples import BROKEN, identify, outcomes, reasons, track
from tests.unit.delivery.situations import crash, waiting
from tests.unit.delivery.world import DAY, World, header_of
from tools.fakes import rehook
from tools.fakes.faults import Crash

SAID = "400 no such event"


def sent_back() -> World:
    """A world in which Rehook refused m1, and an operator sends it back from the parking lot."""
    world = World()
    world.rehook.script.append(rehook.REJECTED)
    assert outcomes(world.post(track())) == ["parked"]
    world.lot.move_to(world.dead)
    return world


def parked(world: World) -> Header:
    """The header of the one message in the parking lot."""
    (message,) = world.lot.stored()
    return header_of(message)


def test_delivered() -> None:
    """The record of a delivered message has Rehook's request id, and no doubt."""
    world = waiting()
    world.poll()

    record = world.record("m1:track")
    assert record is not None
    assert (record.state, record.request_id, record.doubtful) == ("delivered", "req-1", False)


def test_refused() -> None:
    """The parked message of a rejected delivery quotes Rehook, its code first."""
    world = waiting()
    world.rehook.script.append(rehook.REJECTED)
    world.poll()

    assert (parked(world).reason, parked(world).detail) == ("rejected", SAID)


def test_given_up_for_crashes_it_keeps_what_was_known_of_it() -> None:
    """A message that is given up for crashes keeps the detail of an earlier try."""
    world = sent_back()
    world.rehook.after = crash
    for _ in range(3):
        with pytest.raises(Crash):
            world.poll()
        world.clock.advance(400.0)
    world.poll()

    assert (parked(world).reason, parked(world).detail) == ("crashes", SAID)


def test_expired_it_keeps_what_was_known_of_it() -> None:
    """A message that is too old to be tried keeps the detail of an earlier try."""
    world = sent_back()
    world.clock.advance(9 * DAY + 1)
    world.poll()

    assert (parked(world).reason, parked(world).detail) == ("expired", SAID)


def test_sent_back_with_an_event_that_is_none_it_says_what_is_wrong() -> None:
    """A message whose event was changed by hand to what is none is parked with what is wrong."""
    event = '{"a":' * 200 + "{}" + "}" * 200
    world = sent_back()
    (message,) = [stored.message for stored in world.dead.stored()]
    world.dead.receive()
    changed = f'{{"action": "trackEvent", "request": null, "event": {event}}}'
    world.dead.send([Outgoing(group="g", dedupe="d", body=changed, attributes=message.attributes)])
    world.poll()
    with pytest.raises(UnreadableEvent) as unreadable:
        Event.parse(event.encode())

    assert unreadable.value.detail
    assert parked(world).reason == "unreadable"
    assert parked(world).detail == unreadable.value.detail


def test_parked_again_for_its_mapping_it_says_what_the_mapping_lacks() -> None:
    """A message whose mapping still fails is parked again with the same detail."""
    world = World(destination=BROKEN)
    world.post(track())
    said = parked(world).detail
    world.lot.move_to(world.dead)
    world.poll()

    assert said
    assert (parked(world).parked_token, parked(world).detail) == (2, said)


@pytest.mark.parametrize(
    ("name", "doubtful"), [("m1:track", True), ("i1:identify", False)], ids=["reward", "upsert"]
)
def test_a_reward_with_an_unknown_outcome_is_doubtful_from_then_on(
    name: str, doubtful: bool
) -> None:
    """A reward with an unknown outcome is recorded as doubtful; an upsert is not."""
    world = World()
    world.store_secrets(mode="pause")
    world.post(track("m1") if doubtful else identify("i1"))
    world.store_secrets(mode="deliver")
    world.rehook.script.append(rehook.UNKNOWN_DONE)
    world.poll()

    record = world.record(name)
    assert record is not None
    assert (record.state, record.doubtful) == ("queued", doubtful)


def test_a_refusal_after_an_unknown_outcome_gives_way_to_no_mended_event() -> None:
    """A delivery that is rejected after an unknown outcome is not replaced by a mended event.

    The call that timed out may have given the reward.
    """
    world = waiting()
    environment = world.redrive()
    world.rehook.script.append(rehook.UNKNOWN_DONE)
    world.poll(environment)
    world.rehook.script.append(
        replace(rehook.REJECTED, reply=Reply(kind=ReplyClass.REJECTED, code="409"))
    )
    world.drain(environment)

    assert parked(world).reason == "rejected"
    assert reasons(world.post(track("m1", amount=1))) == ["id_conflict"]
    assert len(world.rehook.books) == 1
