"""The breaker: what an outage costs, and how its end is found out."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.pacing.breaker import FIRST_PAUSE, LOOK_EVERY, MAX_PROBE, Permit
from segment_rehook.rehook.reply import Reply, ReplyClass
from tests.unit.delivery.breakers import (
    DOWN,
    FINE,
    REFUSED,
    ask,
    breaker,
    call,
    hear_late,
    tripped,
)
from tests.unit.delivery.world import World
from tools.fakes.faults import Fate


def test_the_healthy_path_writes_nothing() -> None:
    """While calls succeed, the breaker writes nothing and reads once in two seconds."""
    world = World()
    one = breaker(world)
    for _ in range(100):
        call(one, FINE)

    assert world.table.calls == {"breaker.read": 1}


@pytest.mark.parametrize(
    "kind", [ReplyClass.UNAVAILABLE, ReplyClass.UNREACHABLE, ReplyClass.UNKNOWN], ids=str
)
def test_it_opens_when_as_many_calls_in_a_row_failed_as_the_threshold_says(
    kind: ReplyClass,
) -> None:
    """The breaker opens after `threshold` failures in a row, of whatever class."""
    one = breaker(World())
    for _ in range(4):
        hear_late(one, Reply(kind=kind, code="x"))
    assert ask(one).allowed

    hear_late(one, Reply(kind=kind, code="x"))
    assert not ask(one).allowed


@pytest.mark.parametrize(
    "alive", [ReplyClass.DELIVERED, ReplyClass.REJECTED, ReplyClass.THROTTLED], ids=str
)
def test_a_sign_of_life_starts_the_count_anew(alive: ReplyClass) -> None:
    """A delivery, a rejection or a rate limit ends the row of failures."""
    one = breaker(World(), heeds_throttling=False)
    for _ in range(4):
        hear_late(one, DOWN)
    hear_late(one, Reply(kind=alive, code="x"))
    for _ in range(4):
        hear_late(one, DOWN)

    assert ask(one).allowed


def test_other_environments_learn_of_it_within_two_seconds() -> None:
    """Other environments see through the shared record that the breaker is open."""
    world = World()
    other = breaker(world)
    assert ask(other).allowed
    tripped(world)

    world.clock.advance(LOOK_EVERY)
    assert ask(other) == Permit(
        allowed=False, wait=FIRST_PAUSE - LOOK_EVERY, reason=ReplyClass.UNAVAILABLE
    )


def test_one_probe_at_a_time_across_environments() -> None:
    """When the pause is over, one environment makes one call, and no other one does."""
    world = World()
    one, other = tripped(world), breaker(world)
    world.clock.advance(FIRST_PAUSE)

    with one.permit() as probe:
        assert probe.allowed
        probing = Permit(allowed=False, wait=MAX_PROBE, reason=ReplyClass.UNAVAILABLE)
        assert ask(one) == ask(other) == probing


def test_a_good_probe_closes_it_for_everyone() -> None:
    """After a good probe its environment calls again at once, the others within two seconds."""
    world = World()
    one, other = tripped(world), breaker(world)
    assert not ask(other).allowed
    world.clock.advance(FIRST_PAUSE)
    call(one, FINE)

    assert ask(one).allowed
    assert world.telemetry.warnings[1:] == [("breaker closed", {})]
    world.clock.advance(LOOK_EVERY)
    assert ask(other).allowed


def test_who_opened_it_counts_anew_when_another_closed_it() -> None:
    """After the breaker has closed, failures are counted from 0."""
    world = World()
    one, other = tripped(world), breaker(world)
    world.clock.advance(FIRST_PAUSE)
    call(other, FINE)
    world.clock.advance(LOOK_EVERY)
    assert ask(one).allowed
    for _ in range(4):
        hear_late(one, DOWN)

    assert ask(one).allowed


def test_that_it_opened_is_logged_and_counted() -> None:
    """The opening is logged once, with its reason and duration, and counted."""
    world = World()
    tripped(world)
    ask(breaker(world))

    fields = {"reason": "unavailable", "code": "503", "seconds": FIRST_PAUSE}
    assert world.telemetry.warnings == [("breaker open", fields)]
    assert world.telemetry.counts == {"BreakerOpened": 1}


def test_pauses_grow_with_failed_probes_up_to_a_minute() -> None:
    """Each failed probe doubles the pause, up to a minute."""
    world = World()
    one = tripped(world)
    pauses = []
    for _ in range(8):
        wait = ask(one).wait
        pauses.append(wait)
        world.clock.advance(wait)
        call(one, DOWN)

    assert pauses == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 60.0, 60.0]


def test_a_probe_that_is_not_used_is_made_by_the_next_in_any_environment() -> None:
    """A probe that was not used, as for a duplicate, is free for the next one that asks."""
    world = World()
    one, other = tripped(world), breaker(world)
    world.clock.advance(FIRST_PAUSE)
    assert ask(one).allowed
    assert ask(one).allowed

    with other.permit() as probe:
        assert probe.allowed
        assert not ask(one).allowed
        other.heard(probe, FINE)
    world.clock.advance(LOOK_EVERY)
    assert ask(one).allowed
    assert world.telemetry.warnings[1:] == [("breaker closed", {})]


def test_a_probe_is_given_back_when_a_defect_ends_its_block() -> None:
    """A probe is given back when an error ends its block."""
    world = World()
    one, other = tripped(world), breaker(world)
    world.clock.advance(FIRST_PAUSE)
    with pytest.raises(ZeroDivisionError), one.permit():
        raise ZeroDivisionError

    assert ask(one).allowed
    assert ask(other).allowed


def test_a_permit_gives_back_no_probe_but_its_own() -> None:
    """A permit that ends unused does not give back a probe of another thread."""
    world = World()
    one = breaker(world)
    with one.permit():
        for _ in range(5):
            hear_late(one, DOWN)
        world.clock.advance(FIRST_PAUSE)
        probe = one.permit()
        assert probe.__enter__().allowed

    assert not ask(one).allowed
    probe.__exit__(None, None, None)
    assert ask(one).allowed


def test_a_probe_that_was_used_is_not_given_back() -> None:
    """A probe that failed is not given back: the breaker stays open, for longer."""
    world = World()
    one = tripped(world)
    world.clock.advance(FIRST_PAUSE)
    call(one, DOWN)

    assert ask(one) == Permit(allowed=False, wait=2 * FIRST_PAUSE, reason=ReplyClass.UNAVAILABLE)


def test_a_late_failure_does_not_decide_for_a_probe() -> None:
    """A failure of a call that began before the outage does not decide for the probe."""
    world = World()
    one = tripped(world)
    world.clock.advance(FIRST_PAUSE)
    with one.permit() as probe:
        hear_late(one, DOWN)
        one.heard(probe, FINE)

    assert ask(one).allowed
    assert world.telemetry.warnings[1:] == [("breaker closed", {})]


def test_a_probe_that_says_nothing_is_given_up() -> None:
    """A probe whose outcome is not told within 40 seconds is free for others."""
    world = World()
    one, other = tripped(world), breaker(world)
    world.clock.advance(FIRST_PAUSE)
    probe = one.permit()
    assert probe.__enter__().allowed

    world.clock.advance(39.0)
    assert not ask(other).allowed
    world.clock.advance(3.0)
    with other.permit() as taken_over:
        assert taken_over.allowed
        probe.__exit__(None, None, None)  # it thaws, and the probe is no longer its own
        assert not ask(breaker(world)).allowed


def test_refused_credentials_open_it_at_once() -> None:
    """One reply that refuses the key pair opens the breaker."""
    one = breaker(World())
    hear_late(one, REFUSED)

    assert not ask(one).allowed
    assert ask(one).reason == ReplyClass.CREDENTIALS


def test_a_retry_after_lengthens_the_pause() -> None:
    """A Retry-After that is longer than the breaker's pause is kept to."""
    world = World()
    one = breaker(world)
    for _ in range(5):
        hear_late(one, Reply(kind=ReplyClass.UNAVAILABLE, code="503", retry_after=45.0))

    assert ask(one).wait == 45.0
    assert world.telemetry.warnings[0][1]["seconds"] == 45.0


def test_while_the_table_is_down_calls_go_on() -> None:
    """While the table is down, calls go on, however many fail."""
    world = World()
    world.table.down = True
    one = breaker(world)
    for _ in range(20):
        call(one, DOWN)


def test_an_open_breaker_whose_table_goes_down_lets_calls_through() -> None:
    """While the table is down, an open breaker lets calls go on: no probe could be booked."""
    world = World()
    one = tripped(world)
    world.table.down = True
    world.clock.advance(LOOK_EVERY)

    assert ask(one).allowed


def test_two_that_trip_at_once_make_one_record() -> None:
    """Of two environments that open the breaker at once, the second one follows the first."""
    world = World()
    one, other = breaker(world), breaker(world)
    assert ask(one).allowed
    assert ask(other).allowed
    for _ in range(5):
        hear_late(one, DOWN)
    record = world.breaker.record
    for _ in range(5):
        hear_late(other, DOWN)

    assert world.breaker.record == record
    assert not ask(other).allowed


def test_a_probe_whose_booking_is_unheard_is_not_made() -> None:
    """If it is not known whether a probe was written, no call is made until it is given up."""
    world = World()
    one = tripped(world)
    world.clock.advance(FIRST_PAUSE)
    world.table.order(Fate.DONE_UNHEARD, operation="breaker.swap")

    assert ask(one) == Permit(allowed=False, wait=LOOK_EVERY, reason=ReplyClass.UNAVAILABLE)
    world.clock.advance(42.0)
    assert ask(one).allowed
