"""The breaker: what an outage costs, and who finds out that it is over."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.breaker import LOOK_EVERY, PAUSE_FIRST, PAUSE_MOST, Breaker
from segment_rehook.rehook.reply import Outcome, Reply
from tests.fakes.faults import Fate
from tests.unit.delivery.world import World

DOWN = Reply(outcome=Outcome.UNAVAILABLE, code="503")
FINE = Reply(outcome=Outcome.DELIVERED, code="200")
LIMITED = Reply(outcome=Outcome.THROTTLED, code="429")
REFUSED = Reply(outcome=Outcome.CREDENTIALS, code="401")


def breaker(world: World, *, heeds_throttling: bool = True) -> Breaker:
    """Another environment's breaker."""
    return world.courier(heeds_throttling=heeds_throttling).breaker


def tripped(world: World) -> Breaker:
    """A breaker that has just opened."""
    one = breaker(world)
    for _ in range(5):
        assert one.gate().open
        one.heard(DOWN)
    return one


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


@pytest.mark.parametrize("alive", [Outcome.DELIVERED, Outcome.REJECTED], ids=str)
def test_a_sign_of_life_starts_the_count_anew(alive: Outcome) -> None:
    """A refused payload shows that Rehook works."""
    one = breaker(World())
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
    gate = other.gate()
    assert not gate.open
    assert 0 < gate.wait <= PAUSE_FIRST


def test_one_probe_at_a_time_across_environments() -> None:
    """When the pause is over, one environment tries one call; nobody else does."""
    world = World()
    one, other = tripped(world), breaker(world)
    world.clock.advance(PAUSE_FIRST)

    assert one.gate().open
    assert not one.gate().open
    assert not other.gate().open


def test_a_good_probe_closes_it_for_everyone() -> None:
    """At once for the environment that probed, within two seconds for the others."""
    world = World()
    one, other = tripped(world), breaker(world)
    assert not other.gate().open
    world.clock.advance(PAUSE_FIRST)
    assert one.gate().open
    one.heard(FINE)

    assert one.gate().open
    world.clock.advance(LOOK_EVERY)
    assert other.gate().open


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

    assert pauses == sorted(pauses)
    assert pauses[0] == PAUSE_FIRST
    assert pauses[-1] == PAUSE_MOST


def test_what_was_spared_is_probed_by_the_next() -> None:
    """The gate had opened for a call that then was not needed, such as a duplicate's."""
    world = World()
    one = tripped(world)
    world.clock.advance(PAUSE_FIRST)
    assert one.gate().open
    one.spare()

    assert one.gate().open
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
    one = breaker(World())
    for _ in range(5):
        one.heard(Reply(outcome=Outcome.UNAVAILABLE, code="503", retry_after=45.0))

    assert one.gate().wait == 45.0


def test_a_rate_limit_holds_ingest_and_not_redrive() -> None:
    """Redrive paces itself; what Segment sends meanwhile is stored."""
    world = World()
    live, redrive = breaker(world), breaker(world, heeds_throttling=False)
    live.heard(LIMITED)

    assert not live.gate().open
    assert live.gate().reason == Outcome.THROTTLED
    assert redrive.gate().open
    world.clock.advance(5.0)
    assert live.gate().open


def test_a_rate_limit_is_no_outage() -> None:
    """However often it is met."""
    world = World()
    redrive = breaker(world, heeds_throttling=False)
    for _ in range(20):
        redrive.heard(LIMITED)
        world.clock.advance(1.0)

    assert redrive.gate().open


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

    assert not one.gate().open
    world.clock.advance(42.0)
    assert one.gate().open
