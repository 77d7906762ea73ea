"""An event that no queue can hold: delivered when Rehook takes it, never promised before."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.queues.transport import MAX_MESSAGE_BYTES
from tests.unit.delivery.samples import outcomes, reasons, track
from tests.unit.delivery.world import World
from tools.fakes import rehook

LARGE = "x" * MAX_MESSAGE_BYTES


@pytest.mark.parametrize("turn", [rehook.UNREACHABLE, rehook.UNKNOWN_DONE])
def test_segment_keeps_it_and_its_next_try_is_delivered(turn: rehook.Turn) -> None:
    """An event too large for a queue is answered 503 without a mark, and its retry is delivered."""
    world = World()
    event = track("m1", text=LARGE)
    world.rehook.script.append(turn)
    assert world.post(event).status == 503
    assert not world.marks.marks

    world.clock.advance(3_600)
    answer = world.post(event)
    assert (answer.status, outcomes(answer)) == (200, ["delivered"])


def test_what_comes_before_it_is_stored_and_what_comes_after_fails_with_it() -> None:
    """The user's events before one that is too large are stored, those after it fail with it.

    The stored ones clear the mark, and a retry delivers the rest.
    """
    world = World()
    world.store_secrets(mode="pause")
    events = [track("m1"), track("m2", text=LARGE), track("m3"), track("other", "u2")]
    answer = world.post(*events)
    assert answer.status == 503
    assert outcomes(answer) == ["stored", "failed", "failed", "stored"]
    assert reasons(answer) == ["paused"] * 4

    world.store_secrets(mode="deliver")
    world.clock.advance(61)
    world.drain()
    assert not world.marks.marks
    answer = world.post(*events)
    assert (answer.status, outcomes(answer)) == (
        200,
        ["duplicate", "delivered", "delivered", "duplicate"],
    )


def test_refused_by_rehook_it_is_dropped_and_the_users_next_event_is_delivered() -> None:
    """A rejected event that is too large to be parked is dropped, and holds up nothing."""
    world = World()
    world.rehook.script.extend([rehook.DELIVERED, rehook.REJECTED])
    answer = world.post(track("m1"), track("m2", text=LARGE), track("m3"))

    assert answer.status == 200
    assert outcomes(answer) == ["delivered", "dropped", "delivered"]
    assert reasons(answer) == [None, "too_large", None]


def test_what_just_fits_is_stored() -> None:
    """An event is stored as long as its message fits SQS, and is marked only then."""
    low, high = MAX_MESSAGE_BYTES // 3, MAX_MESSAGE_BYTES
    while high - low > 1:
        world = World()
        world.store_secrets(mode="pause")
        length = (low + high) // 2
        answer = world.post(track(text="x" * length))
        assert bool(world.marks.marks) is (outcomes(answer) == ["stored"])
        low, high = (length, high) if outcomes(answer) == ["stored"] else (low, length)
    assert MAX_MESSAGE_BYTES // 2 - 4_000 < low < MAX_MESSAGE_BYTES // 2
