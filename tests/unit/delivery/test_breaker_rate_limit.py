"""The breaker at a rate limit: ingest holds for a while, and redrive goes on."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.pacing.breaker import FIRST_PAUSE, THROTTLED_HOLD, Permit
from segment_rehook.rehook.reply import Reply, ReplyClass
from tests.unit.delivery.breakers import LIMITED, ask, breaker, call, hear_late, tripped
from tests.unit.delivery.world import World


def test_a_rate_limit_holds_ingest_and_not_redrive() -> None:
    """After a rate limit, ingest makes no calls for five seconds, and redrive does."""
    world = World()
    ingest, redrive = breaker(world), breaker(world, heeds_throttling=False)
    hear_late(ingest, LIMITED)

    assert ask(ingest) == Permit(allowed=False, wait=THROTTLED_HOLD, reason=ReplyClass.THROTTLED)
    assert ask(redrive).allowed
    world.clock.advance(THROTTLED_HOLD - 0.5)
    assert ask(ingest) == Permit(allowed=False, wait=0.5, reason=ReplyClass.THROTTLED)
    world.clock.advance(0.5)
    assert ask(ingest).allowed


@pytest.mark.parametrize(
    ("asked", "held"), [(None, 5.0), (3.0, 5.0), (45.0, 45.0), (3_600.0, 60.0)]
)
def test_a_rate_limit_holds_as_long_as_rehook_asks_up_to_a_minute(
    asked: float | None, held: float
) -> None:
    """The hold is as long as Retry-After says, at least 5 s and at most 60 s."""
    one = breaker(World())
    hear_late(one, Reply(kind=ReplyClass.THROTTLED, code="429", retry_after=asked))

    assert ask(one).wait == held


def test_a_rate_limit_met_during_a_hold_does_not_lengthen_it() -> None:
    """A rate limit during a hold does not lengthen it; one after it begins another."""
    world = World()
    one = breaker(world)
    hear_late(one, LIMITED)
    world.clock.advance(3.0)
    hear_late(one, LIMITED)
    assert ask(one).wait == THROTTLED_HOLD - 3.0

    world.clock.advance(THROTTLED_HOLD - 3.0)
    hear_late(one, LIMITED)
    assert ask(one).wait == THROTTLED_HOLD


def test_a_rate_limit_does_not_end_an_outage() -> None:
    """A 429 to a call from before the breaker opened leaves it open."""
    world = World()
    one = tripped(world)
    hear_late(one, LIMITED)

    assert ask(one) == Permit(allowed=False, wait=FIRST_PAUSE, reason=ReplyClass.UNAVAILABLE)


def test_a_probe_that_meets_a_rate_limit_ends_the_outage() -> None:
    """A probe that gets a 429 ends the outage: ingest holds, and redrive calls."""
    world = World()
    one, redrive = tripped(world), breaker(world, heeds_throttling=False)
    world.clock.advance(FIRST_PAUSE)
    call(one, LIMITED)

    assert ask(one) == Permit(allowed=False, wait=THROTTLED_HOLD, reason=ReplyClass.THROTTLED)
    assert ask(redrive).allowed


def test_a_rate_limit_is_no_outage() -> None:
    """Any number of rate limits in a row leaves the breaker closed for redrive."""
    world = World()
    redrive = breaker(world, heeds_throttling=False)
    for _ in range(20):
        call(redrive, LIMITED)
        world.clock.advance(1.0)

    assert ask(redrive).allowed
