"""Redrive's pace: as high as Rehook allows, found by trying."""

from __future__ import annotations

import math

import pytest

from segment_rehook.delivery.pacing.pace import CUT, MIN_RATE, SETTLE, Pace
from segment_rehook.rehook.reply import Reply, ReplyClass
from tools.fakes.surroundings import FakeClock

TAKEN = Reply(kind=ReplyClass.DELIVERED, code="200")
LIMITED = Reply(kind=ReplyClass.THROTTLED, code="429")
DOWN = Reply(kind=ReplyClass.UNAVAILABLE, code="503")


def calls(pace: Pace, clock: FakeClock, *, each: float, count: int) -> None:
    """Make calls that are delivered, `each` seconds apart."""
    for _ in range(count):
        pace.heard(TAKEN)
        clock.advance(each)


def seconds_for(pace: Pace, clock: FakeClock, count: int) -> float:
    """Give the seconds that `count` turns take, with calls that take no time."""
    before = clock.monotonic()
    for _ in range(count):
        assert pace.wait(1_000.0) == 0.0
    return clock.monotonic() - before


def test_without_a_refusal_nobody_waits() -> None:
    """Before the first refusal, no call waits."""
    clock = FakeClock()

    assert seconds_for(Pace(clock), clock, 1_000) == 0.0


def test_a_refusal_says_how_fast_is_too_fast() -> None:
    """A refusal at ten calls a second lowers the rate to seven."""
    clock = FakeClock()
    pace = Pace(clock)
    calls(pace, clock, each=0.1, count=50)
    pace.heard(LIMITED)

    assert seconds_for(pace, clock, 71) == pytest.approx(10.0, rel=0.05)


def test_an_idle_environment_is_not_a_slow_one() -> None:
    """Idle time before a burst does not lower the rate that is measured."""
    clock = FakeClock()
    pace = Pace(clock)
    clock.advance(3_600.0)
    calls(pace, clock, each=0.1, count=10)
    pace.heard(LIMITED)

    assert seconds_for(pace, clock, 71) == pytest.approx(10.0, rel=0.05)


def test_the_refusals_of_one_second_count_once() -> None:
    """Several refusals within a second lower the rate once."""
    clock = FakeClock()
    pace = Pace(clock)
    calls(pace, clock, each=0.1, count=50)
    for _ in range(10):
        pace.heard(LIMITED)

    assert seconds_for(pace, clock, 71) == pytest.approx(10.0, rel=0.05)


def taken_in(pace: Pace, clock: FakeClock, seconds: float) -> int:
    """Make calls for so many seconds, all delivered, and give their number."""
    begun, taken = clock.monotonic(), 0
    while clock.monotonic() - begun < seconds:
        assert pace.wait(1_000.0) == 0.0
        pace.heard(TAKEN)
        taken += 1
    return taken


def test_it_doubles_until_it_is_refused_again() -> None:
    """Up to the second refusal, each delivered call raises the rate by one a second."""
    clock = FakeClock()
    pace = Pace(clock)
    calls(pace, clock, each=0.1, count=20)
    pace.heard(LIMITED)

    # The faster it goes, the faster it climbs: so it grows by the factor e in a second.
    assert taken_in(pace, clock, 3.0) == pytest.approx(10 * CUT * (math.e**3 - 1), rel=0.1)


def test_then_it_climbs_while_calls_are_taken() -> None:
    """After the second refusal, the rate grows by half a call a second, each second."""
    clock = FakeClock()
    pace = Pace(clock)
    calls(pace, clock, each=0.125, count=40)
    pace.heard(LIMITED)
    clock.advance(SETTLE)
    pace.heard(LIMITED)

    expected = 20 * 8 * CUT * CUT + 0.5 * 20 * 20 / 2
    assert taken_in(pace, clock, 20.0) == pytest.approx(expected, rel=0.1)


def test_it_never_stands_still() -> None:
    """The rate never falls below one call in two seconds."""
    clock = FakeClock()
    pace = Pace(clock)
    for _ in range(50):
        pace.heard(LIMITED)
        clock.advance(2.0)

    assert seconds_for(pace, clock, 11) <= 11 / MIN_RATE


def test_a_turn_too_far_off_is_not_waited_for_and_not_taken() -> None:
    """A turn that comes too late is not waited for, and stays free for another call."""
    clock = FakeClock()
    pace = Pace(clock)
    pace.heard(LIMITED)
    assert pace.wait(0.0) == 0.0

    assert pace.wait(1.0) == pytest.approx(1 / MIN_RATE)
    assert pace.wait(1.0) == pytest.approx(1 / MIN_RATE)
    clock.advance(1 / MIN_RATE)
    assert pace.wait(0.0) == 0.0


def test_an_outage_is_not_a_limit() -> None:
    """Failures that are not rate limits leave the pace without a limit."""
    clock = FakeClock()
    pace = Pace(clock)
    for _ in range(10):
        pace.heard(DOWN)

    assert seconds_for(pace, clock, 100) == 0.0
