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
    """Deleted when delivered or parked, else hidden and kept: never sent anew."""
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
    """Those behind it are hidden as long, untried; what went before is done."""
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
    """Each user's messages are a group."""
    world = waiting("m1")
    world.store_secrets(mode="pause")
    world.post(track("m2", "u2"))
    world.store_secrets(mode="deliver")
    world.rehook.script.extend([rehook.UNREACHABLE, rehook.DELIVERED])

    assert sorted(each.kept for each in world.poll()) == [False, True]


@pytest.mark.parametrize("workers", [1, 2, 5, 10])
def test_as_many_groups_go_side_by_side_as_there_are_workers(workers: int) -> None:
    """No fewer, which would cost time; and no more, which might cost Rehook's patience."""
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


def test_hiding_comes_before_the_ledger() -> None:
    """The other order would lose the delay of what is killed in between."""
    world = waiting()
    seen: list[str] = []
    world.rehook.script.append(rehook.UNREACHABLE)
    world.rehook.after = lambda *_: seen.append("call")
    world.table.before = lambda operation, _subject: seen.append(operation)
    world.queues.before = lambda operation, _subject: seen.append(operation)
    world.poll()

    assert seen[seen.index("call") :] == ["call", "dead.change_visibility", "ledger.swap"]


def test_parking_comes_before_the_ledger_and_deleting_last() -> None:
    """Killed in between, the message is still somewhere."""
    world = waiting()
    seen: list[str] = []
    world.rehook.script.append(rehook.REJECTED)
    world.rehook.after = lambda *_: seen.append("call")
    world.table.before = lambda operation, _subject: seen.append(operation)
    world.queues.before = lambda operation, _subject: seen.append(operation)
    world.poll()

    assert seen[seen.index("call") :] == ["call", "parking.send", "ledger.swap", "marks.clear"]


@pytest.mark.parametrize("whole_call", [True, False])
def test_refused_visibility_costs_time_only(*, whole_call: bool) -> None:
    """The queue's own time-out brings each back; the metric counts them."""
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
    """Redrive's claim says that the message for it is in the queue still, where no mark does."""
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
    """Its sender knew the outcome, and died before it could write so."""
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
    """When the lease has run out, the policy decides; an upsert is repeated."""
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
    """Its body is not read any more."""
    world = waiting()
    world.rehook.before = crash
    for _ in range(3):
        with pytest.raises(Crash):
            world.poll()
        world.clock.advance(400.0)
    (worked,) = world.poll()

    assert worked.result.reason == "crashes"


def test_an_innocent_that_failed_three_times_is_not_a_killer() -> None:
    """Crashes count in a row: a known outcome forgives."""
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
