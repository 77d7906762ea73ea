"""Dead letters: delivered again, hidden, or parked; row by row of the protocol."""

from __future__ import annotations

import threading

import pytest

from segment_rehook.delivery.ingest.answer import HttpAnswer
from segment_rehook.delivery.ledger.record import State
from tests.unit.delivery.samples import identify, reasons, track
from tests.unit.delivery.situations import crash, state, waiting
from tests.unit.delivery.world import World
from tools.fakes import rehook
from tools.fakes.faults import Crash, Fate

UNKNOWN = rehook.UNKNOWN_DONE


@pytest.mark.parametrize(
    ("turn", "policy", "kept", "outcome", "reason", "expected"),
    [
        (rehook.DELIVERED, "retry", False, "delivered", None, State.DELIVERED),
        (rehook.REJECTED, "retry", False, "parked", "rejected", State.PARKED),
        (rehook.THROTTLED, "retry", True, "stored", "throttled", State.QUEUED),
        (rehook.UNAVAILABLE, "retry", True, "stored", "unavailable", State.QUEUED),
        (rehook.UNREACHABLE, "retry", True, "stored", "unreachable", State.QUEUED),
        (UNKNOWN, "retry", True, "stored", "unknown", State.QUEUED),
        (UNKNOWN, "park", False, "parked", "outcome_unknown", State.PARKED),
    ],
)
def test_each_outcome_has_its_end(
    turn: rehook.Turn, policy: str, kept: bool, outcome: str, reason: str | None, expected: State
) -> None:
    """A dead letter that is delivered or parked is deleted; others are hidden, never sent anew."""
    world = waiting(policy=policy)
    sent = world.queues.calls["dead.send"]
    world.rehook.script.extend([turn, turn])
    (worked,) = world.poll()

    assert (worked.kept, worked.result.outcome, worked.result.reason) == (kept, outcome, reason)
    assert state(world) is expected
    assert len(world.dead.stored()) == kept
    assert len(world.lot.stored()) == (expected is State.PARKED)
    assert world.queues.calls["dead.send"] == sent


def test_a_group_stops_at_its_first_failure() -> None:
    """Behind a failure the group's messages are hidden for the same time, without a call.

    What stands before it is done.
    """
    world = waiting("m1", "m2", "m3", "m4")
    world.rehook.script.extend([rehook.DELIVERED, rehook.UNREACHABLE])
    worked = world.poll()

    assert [each.kept for each in worked] == [False, True, True, True]
    assert len(world.rehook.calls) == 2
    hidden = {stored.hidden_until for stored in world.dead.in_flight()}
    assert len(hidden) == 1
    world.drain()
    assert len(world.rehook.books) == 4


def test_groups_do_not_stop_one_another() -> None:
    """A failure in one user's group does not stop another user's."""
    world = waiting("m1")
    world.store_secrets(mode="pause")
    world.post(track("m2", "u2"))
    world.store_secrets(mode="deliver")
    world.rehook.script.extend([rehook.UNREACHABLE, rehook.DELIVERED])

    assert sorted(each.kept for each in world.poll()) == [False, True]


@pytest.mark.parametrize("workers", [1, 2, 5, 10])
def test_as_many_groups_go_side_by_side_as_there_are_workers(workers: int) -> None:
    """As many groups are worked on at once as there are workers, no fewer and no more."""
    world = World(workers=workers)
    world.store_secrets(mode="pause")
    for number in range(10):
        world.post(track(f"m{number}", f"u{number}"))
    world.store_secrets(mode="deliver")
    all_at_once = threading.Barrier(workers, timeout=10)
    callers: set[int] = set()

    def wait_for_the_others(_operation: str, _subject: object) -> None:
        callers.add(threading.get_ident())
        all_at_once.wait()

    world.rehook.before = wait_for_the_others
    worked = world.poll()

    assert [each.result.outcome for each in worked] == ["delivered"] * 10
    assert len(callers) == workers


def test_a_batch_ends_when_all_its_groups_have_ended() -> None:
    """An error that ends one group is raised when the calls of the other groups have ended.

    Work that outlived its invocation would call Rehook when the function thaws.
    """
    world = World(workers=2)
    world.store_secrets(mode="pause")
    world.post(track("m1", "u1"))
    world.post(track("m2", "u2"))
    world.store_secrets(mode="deliver")
    returned = threading.Event()

    def call(_operation: str, request: object) -> None:
        if b'"m1"' in getattr(request, "body", b""):
            raise ZeroDivisionError
        returned.wait(0.2)

    def hide(operation: str, _subject: object) -> None:
        if operation == "dead.change_visibility":
            raise OverflowError

    world.rehook.before, world.queues.before = call, hide
    with pytest.raises(OverflowError):
        world.poll()
    returned.set()

    assert state(world, "m2") is State.DELIVERED


def test_hiding_comes_before_the_ledger() -> None:
    """A message is hidden before the ledger is written.

    In the other order, a function that dies in between would lose the delay.
    """
    world = waiting()
    seen: list[str] = []
    world.rehook.script.append(rehook.UNREACHABLE)
    world.rehook.after = lambda *_: seen.append("call")
    world.table.before = lambda operation, _subject: seen.append(operation)
    world.queues.before = lambda operation, _subject: seen.append(operation)
    world.poll()

    assert seen[seen.index("call") :] == ["call", "dead.change_visibility", "ledger.swap"]


def test_parking_comes_before_the_ledger_and_deleting_last() -> None:
    """A message is parked, then recorded, then deleted.

    A function that dies in between leaves the message in one queue or in both.
    """
    world = waiting()
    seen: list[str] = []
    world.rehook.script.append(rehook.REJECTED)
    world.rehook.after = lambda *_: seen.append("call")
    world.table.before = lambda operation, _subject: seen.append(operation)
    world.queues.before = lambda operation, _subject: seen.append(operation)
    world.poll()

    assert seen[seen.index("call") :] == ["call", "parking.send", "ledger.settle_and_clear"]


@pytest.mark.parametrize("whole_call", [True, False])
def test_refused_visibility_costs_time_only(*, whole_call: bool) -> None:
    """A message that could not be hidden comes back by the queue's time-out, and is counted."""
    world = waiting("m1", "m2")
    if whole_call:
        world.queues.order(Fate.NOTHING_DONE, operation="dead.change_visibility")
    else:
        world.dead.refuse_visibility = lambda _receipt: True
    world.rehook.script.append(rehook.UNREACHABLE)
    world.poll()

    assert world.telemetry.counts["VisibilityUnchanged"] == 2
    assert world.dead.next_visible() == pytest.approx(360.0)


def test_what_segment_repeats_during_the_call_is_not_stored_again() -> None:
    """What Segment sends again during redrive's call is not stored a second time."""
    world = World(ordered=False)
    world.store_secrets(mode="pause")
    world.post(track())
    world.store_secrets(mode="deliver")
    sent = world.queues.calls["dead.send"]
    answers: list[HttpAnswer] = []
    world.rehook.before = lambda *_: answers.append(world.post(track()))
    world.poll()

    assert [reasons(answer) for answer in answers] == [["already_queued"]]
    assert world.queues.calls["dead.send"] == sent


def test_a_message_sent_under_the_claim_takes_over_at_once() -> None:
    """A message that was sent under a claim takes it over without waiting for the lease.

    Its sender knew the outcome, and died before it could record it.
    """
    world = World(policy="park")
    world.rehook.script.append(rehook.UNREACHABLE)
    queue_after = world.queues

    def die_after_sending(operation: str, _subject: object) -> None:
        if operation == "dead.send":
            raise Crash

    queue_after.after = die_after_sending
    with pytest.raises(Crash):
        world.post(track())
    queue_after.after = lambda *_: None
    (worked,) = world.poll()

    assert worked.result.outcome == "delivered"


@pytest.mark.parametrize(
    ("policy", "event", "reason"),
    [
        ("retry", track(), None),
        ("park", track(), "outcome_unknown"),
        ("park", identify("m1"), None),
    ],
)
def test_a_dead_claimants_message_comes_again(
    policy: str, event: dict[str, object], reason: str | None
) -> None:
    """When redrive died during a call and the lease has ended, the policy decides.

    An upsert is repeated.
    """
    world = World(policy=policy)
    world.store_secrets(mode="pause")
    world.post(event)
    world.store_secrets(mode="deliver")
    world.rehook.after = crash
    with pytest.raises(Crash):
        world.poll()
    world.rehook.after = lambda *_: None
    world.clock.advance(400.0)
    (worked,) = world.poll()

    assert worked.result.reason == reason
    assert len(world.rehook.books) == (1 if reason else 2)


def test_a_message_that_kills_three_times_is_parked() -> None:
    """A message that killed the function three times in a row is parked without a fourth try."""
    world = waiting()
    world.rehook.before = crash
    for _ in range(3):
        with pytest.raises(Crash):
            world.poll()
        world.clock.advance(400.0)
    (worked,) = world.poll()

    assert worked.result.reason == "crashes"


def test_an_innocent_that_failed_three_times_is_not_a_killer() -> None:
    """A try with a known outcome sets the count of crashes back to zero."""
    world = waiting()
    for _ in range(4):
        world.rehook.before = crash
        with pytest.raises(Crash):
            world.poll()
        world.rehook.before = lambda *_: None
        world.clock.advance(400.0)
        world.rehook.script.append(rehook.UNREACHABLE)
        assert world.poll()[0].result.reason == "unreachable"
        world.clock.advance(8_000.0)

    assert world.poll()[0].result.outcome == "delivered"
