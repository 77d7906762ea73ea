"""Breakers of several environments, for tests."""

from __future__ import annotations

from segment_rehook.delivery.pacing.breaker import Breaker, Permit
from segment_rehook.rehook.reply import Reply, ReplyClass
from tests.unit.delivery.world import World

DOWN = Reply(kind=ReplyClass.UNAVAILABLE, code="503")
FINE = Reply(kind=ReplyClass.DELIVERED, code="200")
LIMITED = Reply(kind=ReplyClass.THROTTLED, code="429")
REFUSED = Reply(kind=ReplyClass.CREDENTIALS, code="401")


def breaker(world: World, *, heeds_throttling: bool = True) -> Breaker:
    """Make the breaker of another environment."""
    return (world.ingest() if heeds_throttling else world.redrive()).breaker


def ask(one: Breaker) -> Permit:
    """Ask whether a call may be made, and make none."""
    with one.permit() as permit:
        return permit


def call(one: Breaker, reply: Reply) -> None:
    """Ask for a permit, which must be given, and tell the reply."""
    with one.permit() as permit:
        assert permit.allowed
        one.heard(permit, reply)


def hear_late(one: Breaker, reply: Reply) -> None:
    """Tell the reply to a call that was allowed while the breaker was closed."""
    one.heard(Permit(allowed=True), reply)


def tripped(world: World) -> Breaker:
    """Make a breaker that has just opened."""
    one = breaker(world)
    for _ in range(5):
        call(one, DOWN)
    return one
