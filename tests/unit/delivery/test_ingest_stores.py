"""What must wait, and stores that are down: what is stored, what is answered 200, what is not."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.ledger.record import State
from segment_rehook.delivery.pacing.breaker import FIRST_PAUSE
from tests.unit.delivery.samples import (
    outcomes,
    reasons,
    track,
)
from tests.unit.delivery.world import World
from tools.fakes import rehook
from tools.fakes.faults import Fate

UNKNOWN = rehook.UNKNOWN_DONE


def test_an_open_breaker_stores() -> None:
    """While the breaker is open an event is stored, without a call and without a claim."""
    world = World(threshold=1)
    environment = world.ingest()
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(track("m1", "u1"), on=environment)
    answer = world.post(track("m2", "u2"), on=environment)

    assert reasons(answer) == ["breaker_open"]
    assert world.record("m2:track") is None


def test_a_rate_limit_stores_what_comes_next() -> None:
    """After a rate limit the next events are stored, and redrive delivers them at its pace."""
    world = World()
    environment = world.ingest()
    world.rehook.script.append(rehook.THROTTLED)
    world.post(track("m1", "u1"), on=environment)

    assert reasons(world.post(track("m2", "u2"), on=environment)) == ["throttled"]


def test_paused_means_stored() -> None:
    """In mode `pause` events are stored in order behind a mark, and Rehook is not called."""
    world = World()
    world.store_secrets(mode="pause")
    answer = world.post(track("m1"), track("m2"))

    assert reasons(answer) == ["paused", "paused"]
    assert not world.rehook.calls
    world.store_secrets(mode="deliver")
    world.drain()
    assert len(world.rehook.books) == 2


def test_a_table_that_is_down_stores_and_says_200() -> None:
    """While the table is down events are stored and answered 200."""
    world = World()
    world.table.down = True
    answer = world.post(track("m1"), track("m2", "u2"))

    assert answer.status == 200
    assert reasons(answer) == ["ledger_unavailable", "ledger_unavailable"]
    world.table.down = False
    world.drain()
    assert len(world.rehook.books) == 2


def test_a_claim_without_an_answer_still_marks_the_user() -> None:
    """An event whose claim got no answer is stored behind a mark, and nothing overtakes it."""
    world = World()
    world.table.order(Fate.NOTHING_DONE, operation="ledger.swap")
    world.post(track("m1"))

    assert reasons(world.post(track("m2"))) == ["user_waiting"]


def test_after_a_claim_without_an_answer_no_other_is_tried() -> None:
    """After a claim without an answer the request makes no other claim.

    Each could take a whole time-out, and the request has four seconds.
    """
    world = World()
    world.table.order(Fate.NOTHING_DONE, operation="ledger.swap")
    answer = world.post(track("m1"), track("m2", "u2"))

    assert reasons(answer) == ["ledger_unavailable", "ledger_unavailable"]
    assert world.table.calls["ledger.swap"] == 1


def test_what_sqs_refuses_of_the_rest_is_said() -> None:
    """The request is answered 503, and names what was stored and what was not."""
    world = World()
    world.store_secrets(mode="pause")
    world.dead.refuse = lambda message: message.attributes["delivery"] == "m2:track"
    answer = world.post(track("m1"), track("m2"), track("m3"))

    assert answer.status == 503
    assert outcomes(answer) == ["stored", "failed", "failed"]
    assert reasons(answer) == ["paused", "paused", "paused"]


@pytest.mark.parametrize("fate", list(Fate))
def test_a_claim_without_an_answer_is_no_crash(fate: Fate) -> None:
    """Redrive takes a claim without an answer over at once, also under `park`: nobody called."""
    world = World(policy="park")
    world.table.order(fate, operation="ledger.swap")
    world.post(track())
    world.poll()

    assert len(world.rehook.books) == 1


def test_queues_that_are_down_say_503() -> None:
    """While the queues are down the answer is 503, and Segment's retry delivers what is missing."""
    world = World()
    world.queues.down = True
    world.rehook.script.extend([rehook.DELIVERED, rehook.UNREACHABLE])
    events = [track("m1", "u1"), track("m2", "u2"), track("m3", "u2")]
    answer = world.post(*events)

    assert answer.status == 503
    assert answer.headers["retry-after"]
    assert outcomes(answer) == ["delivered", "failed", "failed"]
    world.queues.down = False
    again = world.post(*events)
    assert again.status == 200
    world.drain()
    assert len(world.rehook.books) == 3


def test_known_to_be_undelivered_and_not_stored_is_released() -> None:
    """A claim is released when the event is undelivered and could not be stored.

    The next environment need not wait for the lease to end.
    """
    world = World()
    world.queues.down = True
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(track())

    record = world.record("m1:track")
    assert record is not None
    assert record.state is State.RELEASED


def test_unknown_and_not_stored_keeps_its_claim() -> None:
    """A claim with an unknown outcome is kept when the event could not be stored."""
    world = World()
    world.queues.down = True
    world.rehook.script.append(UNKNOWN)
    world.post(track())

    record = world.record("m1:track")
    assert record is not None
    assert record.state is State.CLAIMED


@pytest.mark.parametrize(
    ("policy", "turn", "state"),
    [("retry", rehook.REJECTED, State.RELEASED), ("park", UNKNOWN, State.CLAIMED)],
)
def test_what_cannot_be_parked_is_not_answered_200(
    policy: str, turn: rehook.Turn, state: State
) -> None:
    """An event that can't be parked is answered 503, and stops the user's later events."""
    world = World(policy=policy)
    world.queues.down = True
    world.rehook.script.append(turn)
    answer = world.post(track("m1"), track("m2"))

    assert answer.status == 503
    assert outcomes(answer) == ["failed", "failed"]
    record = world.record("m1:track")
    assert record is not None
    assert record.state is state


def test_what_rehook_refuses_and_no_queue_can_hold_is_dropped() -> None:
    """An event that Rehook rejects and that no queue can hold is dropped and answered 200."""
    world = World()
    world.rehook.script.append(rehook.REJECTED)
    answer = world.post(track(text="x" * 1_100_000))

    assert answer.status == 200
    assert (outcomes(answer), reasons(answer)) == (["dropped"], ["too_large"])


def test_a_defect_of_ours_stores_the_event() -> None:
    """An unexpected exception stores the event, logs a warning and counts in a metric."""
    world = World()

    def defect(_operation: str, _subject: object) -> None:
        raise ZeroDivisionError

    world.rehook.before = defect
    answer = world.post(track())

    assert reasons(answer) == ["unexpected"]
    assert world.telemetry.counts["UnexpectedErrors"] == 1
    assert world.telemetry.warnings == [("unexpected error", {"error": "ZeroDivisionError"})]


def test_a_defect_during_a_probe_leaves_the_probe_to_the_next_event() -> None:
    """An unexpected exception during a probe leaves the probe to the next event.

    Otherwise nothing would be delivered until the probe counts as lost, 40 seconds later.
    """
    world = World(threshold=1)
    environment = world.ingest()
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(track("m1", "u1"), on=environment)
    world.clock.advance(FIRST_PAUSE)

    def defect(_operation: str, _subject: object) -> None:
        world.rehook.before = lambda *_: None
        raise ZeroDivisionError

    world.rehook.before = defect
    assert reasons(world.post(track("m2", "u2"), on=environment)) == ["unexpected"]
    assert outcomes(world.post(track("m3", "u3"), on=environment)) == ["delivered"]
