"""A permit while its call is made, and a permit that ends without a call."""

from __future__ import annotations

from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.delivery.pacing.breaker import FIRST_PAUSE, LOOK_EVERY, Breaker
from tests.unit.delivery.breakers import ask, breaker, hear_late, tripped
from tests.unit.delivery.samples import outcomes, track
from tests.unit.delivery.situations import waiting
from tests.unit.delivery.world import World
from tools.fakes import rehook


def ready_to_probe(world: World, probing: Breaker) -> list[bool]:
    """Open the breaker until it is time for a probe. Fills with what another one may do in calls.

    It asks at each call to Rehook whether it may call too.
    """
    hear_late(probing, rehook.UNREACHABLE.reply)
    world.clock.advance(FIRST_PAUSE)
    other = breaker(world)
    allowed: list[bool] = []
    world.rehook.before = lambda *_: allowed.append(ask(other).allowed)
    return allowed


def test_ingest_keeps_the_permit_until_its_call_has_ended() -> None:
    """While one environment of ingest makes the probe's call, another one gets no permit."""
    world = World(threshold=1)
    environment = world.ingest()
    allowed = ready_to_probe(world, environment.breaker)

    assert outcomes(world.post(track(), on=environment)) == ["delivered"]
    assert allowed == [False]


def test_ingest_keeps_the_permit_of_a_probe_that_it_gets_after_the_claim() -> None:
    """A delivery is claimed while the breaker can't be read. Its call is the probe.

    Another environment gets no permit meanwhile, and the call closes the breaker.
    """
    world = World(threshold=1)
    environment = world.ingest()
    allowed = ready_to_probe(world, breaker(world))
    world.table.order(operation="breaker.read")
    world.post(track("m0"), on=environment)
    allowed.clear()
    world.clock.advance(LOOK_EVERY - 1.0)

    def slow_claim(_operation: str, subject: object) -> None:
        if isinstance(subject, Record) and subject.state is State.CLAIMED:
            world.clock.advance(1.0)

    world.table.after = slow_claim

    assert outcomes(world.post(track("m1"), on=environment)) == ["delivered"]
    assert allowed == [False]
    assert ask(breaker(world)).probe is None


def test_redrive_keeps_the_permit_until_its_call_has_ended() -> None:
    """While one environment of redrive makes the probe's call, ingest gets no permit."""
    world = waiting(threshold=1)
    environment = world.redrive()
    allowed = ready_to_probe(world, environment.breaker)

    assert [each.result.outcome for each in world.poll(environment)] == ["delivered"]
    assert allowed == [False]


def test_a_permit_without_a_probe_writes_nothing_when_it_ends() -> None:
    """A permit without a probe writes nothing when it ends unused."""
    world = World()
    one = tripped(world)
    record = world.breaker.record
    assert not ask(one).allowed

    assert world.breaker.record == record
