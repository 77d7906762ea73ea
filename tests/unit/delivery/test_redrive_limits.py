"""What stops a dead letter: time, breaker, pause, age, stores that are down, defects."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from segment_rehook.delivery.ledger.record import State
from segment_rehook.delivery.pacing.breaker import FIRST_PAUSE
from segment_rehook.delivery.redrive.batch import DEFECT_SECONDS, RESERVE
from segment_rehook.delivery.settings import RedriveSettings
from tests.unit.delivery.breakers import hear_late
from tests.unit.delivery.samples import track
from tests.unit.delivery.situations import crash, state, waiting
from tests.unit.delivery.world import DAY, HOUR, header_of
from tools.fakes import rehook
from tools.fakes.faults import Crash, Fate

UNKNOWN = rehook.UNKNOWN_DONE


def test_no_call_without_the_time_for_it() -> None:
    """Without time for a call, messages are handed back and visible at once."""
    world = waiting("m1", "m2")
    worked = world.poll(seconds=RESERVE + RedriveSettings().call_timeout - 0.1)

    assert [each.result.reason for each in worked] == ["over_budget", "over_budget"]
    assert not world.rehook.calls
    assert world.dead.next_visible() == 0


def test_a_call_with_just_the_time_for_it() -> None:
    """A call is made when exactly a time-out and the reserve are left."""
    world = waiting()
    (worked,) = world.poll(seconds=RESERVE + RedriveSettings().call_timeout)

    assert worked.result.outcome == "delivered"


def test_an_open_breaker_hides_without_a_claim() -> None:
    """An open breaker hides a message, without a claim, for as long as it stays open."""
    world = waiting(threshold=1)
    environment = world.redrive()
    hear_late(environment.breaker, rehook.UNREACHABLE.reply)
    (worked,) = world.poll(environment)

    assert (worked.kept, worked.result.reason) == (True, "breaker_open")
    assert state(world) is None
    assert (world.dead.next_visible() or 0) >= 5


def test_paused_hands_back() -> None:
    """While deliveries are paused a message is kept without a call, and delivered afterwards."""
    world = waiting()
    world.store_secrets(mode="pause")
    (worked,) = world.poll()

    assert (worked.kept, worked.result.reason) == (True, "paused")
    assert not world.rehook.calls
    world.store_secrets(mode="deliver")
    world.drain()
    assert len(world.rehook.books) == 1


def test_a_message_past_its_last_day_is_parked_even_while_paused() -> None:
    """A message that SQS would soon delete is parked, also while deliveries are paused."""
    world = waiting()
    world.store_secrets(mode="pause")
    world.clock.advance(9 * DAY + 1)
    (worked,) = world.poll()

    assert worked.result.reason == "expired"
    assert len(world.lot.stored()) == 1


def test_a_message_past_its_last_day_is_parked_while_rehook_is_down() -> None:
    """A message that SQS would soon delete is parked, also while the breaker is open."""
    world = waiting(threshold=1)
    environment = world.redrive()
    world.clock.advance(9 * DAY + 1)
    hear_late(environment.breaker, rehook.UNREACHABLE.reply)
    (worked,) = world.poll(environment)

    assert worked.result.reason == "expired"
    assert not world.rehook.calls


def test_giving_up_comes_after_one_more_try_each() -> None:
    """A message past the age of giving up gets one more try, and so do those behind it."""
    world = waiting("m1", "m2", "m3")
    world.clock.advance(73 * HOUR)
    world.rehook.script.extend([rehook.UNREACHABLE, rehook.UNREACHABLE, rehook.DELIVERED])
    worked = world.poll()

    assert [each.result.reason for each in worked] == ["gave_up", "gave_up", None]
    assert "unreachable" in header_of(world.lot.stored()[0]).detail


def test_a_table_that_is_down_keeps_the_message() -> None:
    """While the table is down a message is kept, and Rehook is not called."""
    world = waiting()
    world.table.down = True
    (worked,) = world.poll()

    assert (worked.kept, worked.result.reason) == (True, "ledger_unavailable")
    assert not world.rehook.calls


@pytest.mark.parametrize(
    ("policy", "turn", "expected"),
    [("retry", rehook.REJECTED, State.QUEUED), ("park", UNKNOWN, State.CLAIMED)],
)
def test_what_cannot_be_parked_is_kept(policy: str, turn: rehook.Turn, expected: State) -> None:
    """A message that can't be parked is kept.

    If it is known to be undelivered it is tried again; else its claim stays.
    """
    world = waiting(policy=policy)
    world.rehook.script.append(turn)
    world.queues.order(Fate.NOTHING_DONE, operation="parking.send", times=2)
    (worked,) = world.poll()

    assert (worked.kept, worked.result.reason) == (True, "parking_failed")
    assert state(world) is expected


def test_a_killer_that_cannot_be_parked_stays_suspected() -> None:
    """A message that killed three times and can't be parked is not called for again."""
    world = waiting(policy="park")
    world.rehook.after = crash
    with pytest.raises(Crash):
        world.poll()
    world.clock.advance(400.0)
    record = world.record("m1:track")
    assert record is not None
    world.ledger.records["m1:track"] = replace(record, crashes=3)
    world.rehook.after = lambda *_: None
    world.queues.order(Fate.NOTHING_DONE, operation="parking.send", times=2)
    assert world.poll()[0].result.reason == "parking_failed"
    world.drain()

    assert len(world.rehook.books) == 1


def test_a_defect_keeps_its_group_and_lets_the_others_go() -> None:
    """An unexpected exception keeps its group and no other, and at last parks the message."""
    world = waiting("m1", "m2")
    world.store_secrets(mode="pause")
    world.post(track("m3", "u2"))
    world.store_secrets(mode="deliver")

    def defect(_operation: str, request: object) -> None:
        if b'"m1"' in getattr(request, "body", b""):
            raise ZeroDivisionError

    world.rehook.before = defect
    worked = {each.delivery: each for each in world.poll()}

    assert [fields for _, fields in world.telemetry.warnings] == [{"error": "ZeroDivisionError"}]
    assert world.telemetry.counts["UnexpectedErrors"] == 1
    assert worked["m1:track"].result.reason == "unexpected"
    assert worked["m2:track"].kept
    assert worked["m3:track"].result.outcome == "delivered"
    assert world.dead.next_visible() == DEFECT_SECONDS
    world.drain()
    assert header_of(world.lot.stored()[0]).reason == "crashes"
    assert len(world.rehook.books) == 2


def test_a_defect_during_a_probe_leaves_the_probe_to_the_next_message() -> None:
    """An unexpected exception during a probe leaves the probe to the next message.

    Otherwise nothing would be delivered until the probe counts as lost, 40 seconds later.
    """
    world = waiting("m1", threshold=1)
    world.store_secrets(mode="pause")
    world.post(track("m2", "u2"))
    world.store_secrets(mode="deliver")
    environment = world.redrive()
    hear_late(environment.breaker, rehook.UNREACHABLE.reply)
    world.clock.advance(FIRST_PAUSE)

    def defect(_operation: str, _subject: object) -> None:
        world.rehook.before = lambda *_: None
        raise ZeroDivisionError

    world.rehook.before = defect
    assert [each.result.reason or each.result.outcome for each in world.poll(environment)] == [
        "unexpected",
        "delivered",
    ]


def test_a_mark_that_cannot_be_cleared_is_counted() -> None:
    """A mark that can't be cleared is counted, and the user's next event clears it."""
    world = waiting()
    for operation in ("ledger.settle_and_clear", "marks.clear"):
        world.table.order(Fate.NOTHING_DONE, operation=operation)
    (worked,) = world.poll()

    assert worked.result.outcome == "delivered"
    assert world.telemetry.counts["StaleMarks"] == 1
    world.post(track("m2"))
    world.drain()
    assert not world.marks.marks


@pytest.mark.parametrize("fate", list(Fate))
@pytest.mark.parametrize(
    ("turn", "expected"), [(rehook.DELIVERED, State.DELIVERED), (rehook.REJECTED, State.PARKED)]
)
def test_an_end_that_went_unheard_is_written_again_and_the_mark_cleared(
    turn: rehook.Turn, expected: State, fate: Fate
) -> None:
    """If the call that settles and clears gets no answer, both are done by calls of their own."""
    world = waiting()
    world.rehook.script.append(turn)
    world.table.order(fate, operation="ledger.settle_and_clear")
    world.poll()

    assert state(world) is expected
    assert not world.marks.marks
    assert world.telemetry.counts["Unsettled"] == world.telemetry.counts["StaleMarks"] == 0


def test_a_later_mark_stays_when_an_earlier_message_ends() -> None:
    """A message clears the mark that it carries and not the one that a later message carries."""
    world = waiting("m1")
    environment = world.redrive()
    world.rehook.before = lambda *_: world.marks.put({header_of(first).user: "later"})
    (first,) = world.dead.stored()
    world.poll(environment)

    assert state(world) is State.DELIVERED
    assert list(world.marks.marks.values()) == ["later"]
    assert world.table.calls["marks.clear"] == 0


def test_what_may_have_been_given_says_so_also_when_it_is_old() -> None:
    """An expired message whose reward may have been given is parked as an unknown outcome."""
    world = waiting(policy="park")
    world.rehook.after = crash
    with pytest.raises(Crash):
        world.poll()
    world.rehook.after = lambda *_: None
    world.clock.advance(9 * DAY + 1)
    (worked,) = world.poll()

    assert worked.result.reason == "outcome_unknown"
