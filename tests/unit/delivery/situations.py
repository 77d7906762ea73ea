"""Situations that several tests begin in."""

from __future__ import annotations

from segment_rehook.delivery.ledger.record import State
from tests.unit.delivery.samples import track
from tests.unit.delivery.world import World
from tools.fakes.faults import Crash


def crash(_operation: str, _subject: object) -> None:
    """The process dies here."""
    raise Crash


def waiting(*names: str, policy: str = "retry", threshold: int = 100) -> World:
    """A world in which these events of one user wait, unclaimed."""
    world = World(policy=policy, threshold=threshold)
    world.store_secrets(mode="pause")
    for name in names or ("m1",):
        assert world.post(track(name)).status == 200
    world.store_secrets(mode="deliver")
    return world


def state(world: World, name: str = "m1") -> State | None:
    """What the ledger says of a track event."""
    record = world.record(f"{name}:track")
    return record.state if record else None
