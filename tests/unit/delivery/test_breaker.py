"""The breaker: what an outage costs, and who finds out that it is over."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.breaker import (
    GO,
    LOOK_EVERY,
    PAUSE_FIRST,
    PROBE_MOST,
    Gate,
)
from segment_rehook.rehook.reply import Outcome, Reply
from tests.fakes.faults import Fate
from tests.unit.delivery.breakers import DOWN, FINE, REFUSED, breaker, tripped
from tests.unit.delivery.world import World


def test_the_healthy_path_writes_nothing() -> None:
    """And reads once in two seconds, not at each call."""
    world = World()
    one = breaker(world)
    for _ in range(100):
        assert one.gate().open
        one.heard(FINE)

    assert world.table.calls == {"breaker.read": 1}


@pytest.mark.parametrize(
    "outcome", [Outcome.UNAVAILABLE, Outcome.UNREACHABLE, Outcome.UNKNOWN], ids=str
)
def test_it_opens_when_as_many_calls_in_a_row_failed_as_the_threshold_says(
    outcome: Outcome,
) -> None:
    """Whatever the kind of failure."""
    one = breaker(World())
    for _ in range(4):
        one.heard(Reply(outcome=outcome, code="x"))
    assert one.gate().open

    one.heard(Reply(outcome=outcome, code="x"))
    assert not one.gate().open


@pytest.mark.parametrize("alive", [Outcome.DELIVERED, Outcome.REJECTED, Outcome.THROTTLED], ids=str)
def test_a_sign_of_life_starts_the_count_anew(alive: Outcome) -> None:
    """A refused payload shows that Rehook works, and so does a rate limit."""
    one = breaker(World(), heeds_throttling=False)
    for _ in range(4):
        one.heard(DOWN)
    one.heard(Reply(outcome=alive, code="x"))
    for _ in range(4):
        one.heard(DOWN)

    assert one.gate().open


def test_other_environments_learn_of_it_within_two_seconds() -> None:
    """Through the shared record; their own failures are not needed."""
    world = World()
    other = breaker(world)
    assert other.gate().open
    tripped(world)

    world.clock.advance(LOOK_EVERY)
    assert other.gate() == Gate(
        open=False, wait=PAUSE_FIRST - LOOK_EVERY, reason=Outcome.UNAVAILABLE
    )


def test_one_probe_at_a_time_across_environments() -> None:
    """When the pause is over, one environment tries one call; nobody else does."""
    world = World()
    one, other = tripped(world), breaker(world)
    world.clock.advance(PAUSE_FIRST)

    assert one.gate() == GO
    probing = Gate(open=False, wait=PROBE_MOST, reason=Outcome.UNAVAILABLE)
    assert one.gate() == other.gate() == probing


def test_a_good_probe_closes_it_for_everyone() -> None:
    """At once for the environment that probed, within two seconds for the others; it is logged."""
    world = World()
    one, other = tripped(world), breaker(world)
    assert not other.gate().open
    world.clock.advance(PAUSE_FIRST)
    assert one.gate().open
    one.heard(FINE)

    assert one.gate().open
    assert world.telemetry.warnings[1:] == [("breaker closed", {})]
    world.clock.advance(LOOK_EVERY)
    assert other.gate().open


def test_who_opened_it_counts_anew_when_another_closed_it() -> None:
    """The failures of the outage before are no part of the next."""
    world = World()
    one, other = tripped(world), breaker(world)
    world.clock.advance(PAUSE_FIRST)
    assert other.gate().open
    other.heard(FINE)
    world.clock.advance(LOOK_EVERY)
    assert one.gate().open
    for _ in range(4):
        one.heard(DOWN)

    assert one.gate().open


def test_that_it_opened_is_logged_and_counted() -> None:
    """Why, and for how long; once, whoever else finds it open."""
    world = World()
    tripped(world)
    breaker(world).gate()

    fields = {"reason": "unavailable", "code": "503", "seconds": PAUSE_FIRST}
    assert world.telemetry.warnings == [("breaker open", fields)]
    assert world.telemetry.counts == {"BreakerOpened": 1}


def test_pauses_grow_with_failed_probes_up_to_a_minute() -> None:
    """A long outage costs a call a minute."""
    world = World()
    one = tripped(world)
    pauses = []
    for _ in range(8):
        wait = one.gate().wait
        pauses.append(wait)
        world.clock.advance(wait)
        assert one.gate().open
        one.heard(DOWN)

    assert pauses == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0, 60.0, 60.0]


def test_what_was_spared_is_probed_by_the_next() -> None:
    """The gate had opened for a call that then was not needed, such as a duplicate's."""
    world = World()
    one = tripped(world)
    world.clock.advance(PAUSE_FIRST)
    assert one.gate().open
    one.spare()

    assert one.gate().open
    assert not one.gate().open
    one.heard(FINE)
    assert one.gate().open


def test_sparing_without_a_probe_changes_nothing() -> None:
    """On the healthy path every duplicate spares."""
    world = World()
    one = tripped(world)
    one.spare()

    assert not one.gate().open


def test_a_probe_that_says_nothing_is_given_up() -> None:
    """Its environment may have died."""
    world = World()
    one, other = tripped(world), breaker(world)
    world.clock.advance(PAUSE_FIRST)
    assert one.gate().open

    world.clock.advance(39.0)
    assert not other.gate().open
    world.clock.advance(3.0)
    assert other.gate().open


def test_refused_credentials_open_it_at_once() -> None:
    """No key pair gets better by being tried five times."""
    one = breaker(World())
    one.heard(REFUSED)

    assert not one.gate().open
    assert one.gate().reason == Outcome.CREDENTIALS


def test_a_retry_after_lengthens_the_pause() -> None:
    """Rehook knows best how long it takes."""
    world = World()
    one = breaker(world)
    for _ in range(5):
        one.heard(Reply(outcome=Outcome.UNAVAILABLE, code="503", retry_after=45.0))

    assert one.gate().wait == 45.0
    assert world.telemetry.warnings[0][1]["seconds"] == 45.0


def test_while_the_table_is_down_calls_go_on() -> None:
    """The breaker spares Rehook; the ledger keeps the promise."""
    world = World()
    world.table.down = True
    one = breaker(world)
    for _ in range(20):
        assert one.gate().open
        one.heard(DOWN)


def test_an_open_breaker_whose_table_goes_down_lets_calls_through() -> None:
    """Nobody could book a probe, so nobody would ever find out that Rehook is back."""
    world = World()
    one = tripped(world)
    world.table.down = True
    world.clock.advance(LOOK_EVERY)

    assert one.gate().open


def test_two_that_trip_at_once_make_one_record() -> None:
    """The second one finds the first one's, and obeys it."""
    world = World()
    one, other = breaker(world), breaker(world)
    assert one.gate().open
    assert other.gate().open
    for _ in range(5):
        one.heard(DOWN)
    record = world.breaker.record
    for _ in range(5):
        other.heard(DOWN)

    assert world.breaker.record == record
    assert not other.gate().open


def test_a_probe_whose_booking_is_unheard_is_not_made() -> None:
    """It may be somebody else's; when nobody makes it, it is given up in time."""
    world = World()
    one = tripped(world)
    world.clock.advance(PAUSE_FIRST)
    world.table.order(Fate.DONE_UNHEARD, operation="breaker.swap")

    assert one.gate() == Gate(open=False, wait=LOOK_EVERY, reason=Outcome.UNAVAILABLE)
    world.clock.advance(42.0)
    assert one.gate().open
