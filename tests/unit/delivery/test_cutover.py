"""The cut-over: what the hosted destination has had is discarded, and all later is delivered."""

from __future__ import annotations

from typing import Any

import pytest

from segment_rehook.delivery.ledger.record import State
from segment_rehook.delivery.pacing.breaker import FIRST_PAUSE
from segment_rehook.segment.event_time import time_text
from tests.unit.delivery.samples import order, track
from tests.unit.delivery.situations import crash, state
from tests.unit.delivery.world import DAY, World
from tools.fakes import rehook
from tools.fakes.faults import Crash, Fate

LEASE_OVER = 100.0


def received(world: World, event: dict[str, Any], ago: float = 0.0) -> dict[str, Any]:
    """The event as Segment sends it, received so many seconds ago; its own clock is far off."""
    moment = world.clock.now() - ago
    times = {"receivedAt": time_text(moment), "timestamp": time_text(moment - 5 * DAY)}
    return event | times


def stored(world: World, *names: str, ago: float = 0.0) -> None:
    """Store events of one user during a pause."""
    world.store_secrets(mode="pause")
    for name in names:
        assert world.post(received(world, track(name), ago)).body["stored"] == 1


def cut_over(world: World, at: float | None = None) -> None:
    """Set the cut-over (now, if not said), and let deliveries begin."""
    world.store_secrets(mode="deliver", cutover=world.clock.now() if at is None else at)


def test_each_stored_event_is_delivered_or_discarded_by_when_segment_received_it() -> None:
    """Events of before the cut-over are discarded, later ones delivered, in the user's order."""
    world = World()
    stored(world, "m1", "m2")
    world.clock.advance(10.0)
    cut = world.clock.now()
    stored(world, "m3", "m4")
    cut_over(world, cut)
    world.drain()

    assert [each.body.count(b"m3") for each in world.rehook.books] == [1, 0]
    assert [state(world, f"m{each}") for each in range(1, 5)] == [
        State.RELEASED,
        State.RELEASED,
        State.DELIVERED,
        State.DELIVERED,
    ]
    assert world.telemetry.counts["DeadLettersDropped"] == 2
    assert not world.marks.marks
    line = next(each for each in world.telemetry.lines if each["outcome"] == "dropped")
    assert (line["reason"], line["message_id"]) == ("before_cutover", "m1")
    assert line["received_at"] == time_text(cut - 10.0)


def test_what_is_received_at_that_time_is_delivered() -> None:
    """The cut-over itself is the first moment of the bridge, in both functions."""
    world = World()
    stored(world, "m1")
    cut_over(world)
    world.drain()
    assert world.post(received(world, track("m2"))).body["delivered"] == 1
    assert state(world) is State.DELIVERED


def test_a_late_retry_is_dropped_and_listed() -> None:
    """An event of before the cut-over that Segment sends after it is dropped by ingest."""
    world = World()
    cut_over(world)
    world.clock.advance(3_600.0)
    answer = world.post(received(world, track("m1"), ago=3_601.0), received(world, track("m2")))

    assert (answer.status, answer.body["dropped"], answer.body["delivered"]) == (200, 1, 1)
    assert len(world.rehook.books) == 1
    line = world.telemetry.lines[0]
    assert (line["reason"], line["delivery"]) == ("before_cutover", "m1:track")
    assert line["received_at"] == time_text(world.clock.now() - 3_601.0)


def test_without_receivedat_the_timestamp_counts_and_else_the_time_of_storing() -> None:
    """An event that says nothing is of the time at which it came."""
    world = World()
    world.store_secrets(mode="pause")
    old = time_text(world.clock.now() - 60.0)
    world.post(track("m1") | {"timestamp": old})
    world.post(track("m2"))
    world.post(track("m3") | {"receivedAt": "yesterday", "timestamp": old})
    cut_over(world, world.clock.now() - 30.0)
    world.drain()

    assert [state(world, f"m{each}") for each in (1, 2, 3)] == [
        State.RELEASED,
        State.DELIVERED,
        State.RELEASED,
    ]
    assert world.post(track("m4") | {"timestamp": old}).body["dropped"] == 1
    assert world.post(track("m5")).body["delivered"] == 1


@pytest.mark.parametrize("mode", ["pause", "dry-run"])
def test_in_a_pause_nothing_is_discarded(mode: str) -> None:
    """A cut-over that is set has no effect until the mode is `deliver`."""
    world = World()
    stored(world, "m1")
    world.store_secrets(mode=mode, cutover=world.clock.now() + 60.0)
    world.clock.advance(400.0)
    (worked,) = world.poll()

    assert (worked.kept, worked.result.reason) == (True, "paused")
    reason = {"pause": "paused", "dry-run": "dry_run"}[mode]
    world.post(received(world, track("m2"), ago=900.0))
    assert world.telemetry.lines[-1]["reason"] == reason


def test_a_message_comes_back_soon_while_a_cutover_is_coming() -> None:
    """In a pause with a cut-over a message is hidden for two minutes, else for five or more."""
    world = World()
    stored(world, "m1")
    world.clock.advance(DAY)
    world.store_secrets(cutover=world.clock.now())
    (worked,) = world.poll()
    assert worked.next_try == 120


@pytest.mark.parametrize("policy", ["retry", "park"])
def test_a_function_that_dies_while_discarding_leaves_nothing_to_call(policy: str) -> None:
    """Before and after each write, a death leaves the message, and the next one discards it."""
    for operation in ("ledger.swap", "marks.clear"):
        for moment in ("before", "after"):
            world = World(policy=policy)
            stored(world, "m1")
            cut_over(world, world.clock.now() + 1.0)

            def dying(at: str, subject: object, operation: str = operation) -> None:
                if at == operation:
                    crash(at, subject)

            setattr(world.table, moment, dying)
            with pytest.raises(Crash):
                world.poll()
            setattr(world.table, moment, lambda _operation, _subject: None)
            world.clock.advance(LEASE_OVER)
            world.drain()

            assert not world.rehook.calls, (operation, moment)
            assert not world.lot.stored()
            assert state(world) is State.RELEASED
            assert not world.marks.marks


@pytest.mark.parametrize("fate", list(Fate))
def test_a_ledger_that_gives_no_answer_keeps_the_message(fate: Fate) -> None:
    """A write without an answer discards nothing; the next try finds what it did."""
    world = World()
    stored(world, "m1")
    cut_over(world, world.clock.now() + 1.0)
    world.table.order(fate, operation="ledger.swap")
    (worked,) = world.poll()
    assert (worked.kept, worked.result.reason) == (True, "ledger_unavailable")
    world.drain()

    assert not world.rehook.calls
    assert state(world) is State.RELEASED


@pytest.mark.parametrize(("policy", "ends"), [("retry", State.DELIVERED), ("park", State.PARKED)])
def test_what_a_dead_claimant_may_have_called_for_ends_as_without_a_cutover(
    policy: str, ends: State
) -> None:
    """A delivery that a function died with is repeated or parked, as its policy says."""
    world = World(policy=policy)
    event = received(world, track("m1"))
    world.table.before = lambda operation, subject: (
        crash(operation, subject)
        if operation == "ledger.swap" and getattr(subject, "state", "") == State.DELIVERED
        else None
    )
    with pytest.raises(Crash):
        world.post(event)
    world.table.before = lambda _operation, _subject: None
    assert state(world) is State.CLAIMED
    world.post(event)  # a copy is stored while the claim lives
    cut_over(world, world.clock.now() + 1.0)
    world.clock.advance(LEASE_OVER)
    world.drain()

    assert state(world) is ends


def test_what_is_doubtful_ends_as_without_a_cutover() -> None:
    """A reward whose call had an unknown outcome is repeated under `retry`, and not discarded."""
    world = World()
    world.rehook.script.append(rehook.UNKNOWN_UNDONE)
    world.post(received(world, track("m1")))
    cut_over(world, world.clock.now() + 1.0)
    world.drain()

    assert state(world) is State.DELIVERED


def test_what_rehook_has_certainly_not_taken_is_discarded() -> None:
    """An event that waits since Rehook could not be reached is the hosted destination's too."""
    world = World()
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(received(world, track("m1")))
    cut_over(world, world.clock.now() + 1.0)
    world.drain()

    assert len(world.rehook.calls) == 1
    record = world.record("m1:track")
    assert record is not None
    assert (record.state, record.reason) == (State.RELEASED, "before_cutover")


def test_what_an_operator_sends_back_is_delivered() -> None:
    """A parked event that is sent back is delivered whenever Segment received it."""
    world = World()
    world.rehook.script.append(rehook.REJECTED)
    world.post(received(world, track("m1")))
    cut_over(world, world.clock.now() + 1.0)
    world.lot.move_to(world.dead)
    world.drain()

    assert state(world) is State.DELIVERED


def test_discarding_needs_no_call_so_the_breaker_does_not_stop_it() -> None:
    """While Rehook is down, what is to be discarded is discarded."""
    world = World(threshold=1)
    stored(world, "m1")
    world.store_secrets(mode="deliver")
    world.clock.advance(1.0)
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(received(world, track("m2", "u2")))
    cut_over(world)
    worked = world.poll()

    assert world.clock.monotonic() - 1_000.0 < FIRST_PAUSE
    assert [each.result.reason for each in worked] == ["before_cutover", "breaker_open"]


def test_a_discarded_event_can_be_delivered_after_the_end_of_the_cutover() -> None:
    """When the cut-over is removed, a replay of a discarded event is delivered."""
    world = World()
    stored(world, "m1")
    cut_over(world, world.clock.now() + 1.0)
    world.drain()
    world.store_secrets(cutover=None)

    assert world.post(received(world, track("m1"))).body["delivered"] == 1


def test_an_old_message_is_discarded_and_not_parked_as_expired() -> None:
    """A message that waited nearly for the queue's retention is discarded after the cut-over."""
    world = World()
    stored(world, "m1")
    world.clock.advance(9.5 * DAY)
    cut_over(world)
    world.drain()

    assert not world.lot.stored()
    assert state(world) is State.RELEASED


def test_another_event_under_a_business_key_is_the_same_event() -> None:
    """Of one order, the message of before is discarded and the one of later is delivered."""
    world = World()
    world.store_secrets(mode="pause")
    world.post(received(world, order("m1", "order-1"), ago=60.0))
    world.post(received(world, order("m2", "order-1")))
    cut_over(world, world.clock.now() - 30.0)
    world.drain()

    assert len(world.rehook.books) == 1
    record = world.record("k:order-1:order")
    assert record is not None
    assert record.state is State.DELIVERED
