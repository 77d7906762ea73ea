"""What a rate limit is to the breaker: no outage, but ingest holds for a while."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.breaker import GO, PAUSE_FIRST, THROTTLED_HOLD, Gate
from segment_rehook.rehook.reply import Outcome, Reply
from tests.unit.delivery.breakers import LIMITED, breaker, tripped
from tests.unit.delivery.world import World


def test_a_rate_limit_holds_ingest_and_not_redrive() -> None:
    """Redrive paces itself; what Segment sends meanwhile is stored."""
    world = World()
    live, redrive = breaker(world), breaker(world, heeds_throttling=False)
    live.heard(LIMITED)

    assert live.gate() == Gate(open=False, wait=THROTTLED_HOLD, reason=Outcome.THROTTLED)
    assert redrive.gate() == GO
    world.clock.advance(THROTTLED_HOLD - 0.5)
    assert live.gate() == Gate(open=False, wait=0.5, reason=Outcome.THROTTLED)
    world.clock.advance(0.5)
    assert live.gate() == GO


@pytest.mark.parametrize(
    ("asked", "held"), [(None, 5.0), (3.0, 5.0), (45.0, 45.0), (3_600.0, 60.0)]
)
def test_a_rate_limit_holds_as_long_as_rehook_asks_up_to_a_minute(
    asked: float | None, held: float
) -> None:
    """Beyond that, ingest finds out for itself."""
    one = breaker(World())
    one.heard(Reply(outcome=Outcome.THROTTLED, code="429", retry_after=asked))

    assert one.gate().wait == held


def test_a_rate_limit_met_during_a_hold_does_not_lengthen_it() -> None:
    """Calls that were under way are refused as well; the next hold begins when this one is over."""
    world = World()
    one = breaker(world)
    one.heard(LIMITED)
    world.clock.advance(3.0)
    one.heard(LIMITED)
    assert one.gate().wait == THROTTLED_HOLD - 3.0

    world.clock.advance(THROTTLED_HOLD - 3.0)
    one.heard(LIMITED)
    assert one.gate().wait == THROTTLED_HOLD


def test_a_rate_limit_does_not_end_an_outage() -> None:
    """A late answer to a call that was under way when the breaker opened."""
    world = World()
    one = tripped(world)
    one.heard(LIMITED)

    assert one.gate() == Gate(open=False, wait=PAUSE_FIRST, reason=Outcome.UNAVAILABLE)


def test_a_probe_that_meets_a_rate_limit_ends_the_outage() -> None:
    """Rehook is back, and busy: ingest holds, redrive goes on at its pace."""
    world = World()
    one, redrive = tripped(world), breaker(world, heeds_throttling=False)
    world.clock.advance(PAUSE_FIRST)
    assert one.gate().open
    one.heard(LIMITED)

    assert one.gate() == Gate(open=False, wait=THROTTLED_HOLD, reason=Outcome.THROTTLED)
    assert redrive.gate() == GO


def test_a_rate_limit_is_no_outage() -> None:
    """However often it is met."""
    world = World()
    redrive = breaker(world, heeds_throttling=False)
    for _ in range(20):
        redrive.heard(LIMITED)
        world.clock.advance(1.0)

    assert redrive.gate().open
