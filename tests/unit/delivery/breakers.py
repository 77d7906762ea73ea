"""Breakers of several environments, and what they hear."""

from __future__ import annotations

from segment_rehook.delivery.breaker import Breaker
from segment_rehook.rehook.reply import Outcome, Reply
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
