"""What redrive does in each mode: it reads the operator's parameters itself."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.pacing.pace import MIN_RATE
from tests.unit.delivery.samples import track
from tests.unit.delivery.situations import state, waiting
from tools.fakes import rehook


@pytest.mark.parametrize("mode", ["pause", "dry-run"])
def test_a_dead_letter_waits_unless_the_mode_is_deliver(mode: str) -> None:
    """A dead letter is delivered in mode `deliver` only; in a dry run it waits."""
    world = waiting()
    world.store_secrets(mode=mode)
    (worked,) = world.poll()

    assert (worked.kept, worked.result.reason) == (True, "paused")
    assert not world.rehook.calls
    assert state(world) is None
    world.store_secrets(mode="deliver")
    world.drain()
    assert len(world.rehook.books) == 1


def test_without_secrets_no_dead_letter_is_delivered() -> None:
    """Without secrets a dead letter waits, and a metric and the log tell of it."""
    world = waiting("m1", "m2")
    world.ssm.down = True
    worked = world.poll()

    assert [(each.kept, each.result.reason) for each in worked] == [(True, "paused")] * 2
    assert not world.rehook.calls
    assert world.telemetry.counts["SecretsUnavailable"] == 1
    assert world.telemetry.warnings == [("secrets.read: ordered to fail", {})]


def test_a_changed_mode_is_seen_by_an_environment_that_runs() -> None:
    """A running environment sees another mode when the parameters that it has read are old."""
    world = waiting("m1", "m2")
    environment = world.redrive()
    world.store_secrets(mode="pause")
    assert {each.result.reason for each in world.poll(environment)} == {"paused"}
    world.store_secrets(mode="deliver")
    world.drain(environment)

    assert len(world.rehook.books) == 2


def test_a_rate_limit_slows_redrive_down() -> None:
    """After the first refusal each call waits for its turn, at the pace that redrive starts at."""
    world = waiting()
    world.store_secrets(mode="pause")
    for user in ("u2", "u3"):
        world.post(track(f"of {user}", user))
    world.store_secrets(mode="deliver")
    world.rehook.script.append(rehook.THROTTLED)
    begun = world.clock.monotonic()
    worked = world.poll()

    assert [each.result.outcome for each in worked] == ["stored", "delivered", "delivered"]
    assert world.clock.monotonic() - begun == 1.0 / MIN_RATE
