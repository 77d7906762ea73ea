"""Which process the crash test interrupts, and where."""

from __future__ import annotations

import random
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from tools.faults.interruptions import (
    INGEST,
    PASSES,
    REDRIVE,
    Interruption,
    Interruptions,
    Side,
    schedule,
)


class FakeProcess:
    """A process that notes whether it was killed."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.killed = False

    def kill(self) -> None:
        """Note the kill."""
        self.killed = True


class Bench:
    """Interruptions over a sandbox with these busy processes."""

    def __init__(self, *busy: FakeProcess) -> None:
        self.busy = list(busy)
        sandbox: Any = SimpleNamespace(processes=lambda _function, **_: self.busy)
        self.interruptions = Interruptions(lambda: sandbox, seed=1)

    def reach(self, side: Side, step: str, function: str = INGEST) -> bool:
        """Let a new process come to a step; whether it was killed there."""
        process: Any = FakeProcess(9)
        killed = self.interruptions.reached(function, side, step, process)
        assert process.killed == killed
        return killed

    def aim(self, function: str = INGEST) -> None:
        """Arm an aimed kill, and leave it armed."""
        self.interruptions.arm(Interruption(function, aimed=True))


def test_an_aimed_kill_hits_the_next_process_at_a_step() -> None:
    """A process that comes to a step after a kill was armed is killed there, and no other."""
    bench = Bench()
    assert not bench.reach(Side.BEFORE, "claim")
    bench.aim()

    assert bench.reach(Side.BEFORE, "claim")
    assert not bench.reach(Side.BEFORE, "claim")
    assert bench.interruptions.kills == Counter({"ingest before claim": 1})


def test_points_that_were_hit_wait_for_those_that_were_not() -> None:
    """A second kill passes over the point of the first one, until every point was hit once."""
    bench = Bench()
    bench.reach(Side.AFTER, "shared claim")
    bench.aim()
    assert bench.reach(Side.BEFORE, "call")
    bench.aim()
    assert not bench.reach(Side.BEFORE, "call")
    assert bench.reach(Side.AFTER, "shared claim")
    bench.aim()
    assert bench.reach(Side.BEFORE, "call")


def test_a_rare_point_does_not_hold_up_a_kill_for_ever() -> None:
    """A kill that has passed over a point several times hits it, although another was not hit."""
    bench = Bench()
    bench.reach(Side.AFTER, "shared settle")
    bench.aim()
    assert bench.reach(Side.BEFORE, "call")
    bench.aim()
    passed = 0
    while not bench.reach(Side.BEFORE, "call"):
        passed += 1
    assert passed == PASSES
    bench.aim()
    assert bench.reach(Side.AFTER, "shared settle")


@pytest.mark.parametrize("step", ["shared claim", "shared settle"])
@pytest.mark.parametrize("side", Side)
def test_claims_and_settlements_that_share_a_request_are_points(side: Side, step: str) -> None:
    """Kills are aimed at both sides of a request that several deliveries share."""
    bench = Bench()
    bench.aim()

    assert bench.reach(side, step)


def test_a_point_that_no_process_comes_to_holds_up_no_other() -> None:
    """The product may never make some requests: kills go on at the points that it does reach."""
    bench = Bench()
    for _ in range(3):
        bench.aim()
        assert bench.reach(Side.AFTER, "call")


def test_what_is_no_step_of_a_delivery_is_no_point() -> None:
    """No kill is aimed at the reading of secrets."""
    bench = Bench()
    bench.aim()

    assert not bench.reach(Side.BEFORE, "read secrets")


def test_a_kill_for_one_function_does_not_hit_the_other() -> None:
    """Each function has its own kills and its own points."""
    bench = Bench()
    bench.aim(REDRIVE)

    assert not bench.reach(Side.BEFORE, "claim", INGEST)
    assert bench.reach(Side.BEFORE, "claim", REDRIVE)


@pytest.mark.parametrize("aimed", [True, False])
def test_any_busy_process_is_hit_where_no_point_is_reached(aimed: bool) -> None:
    """When the wait for a point is over, or for a kill at random, a busy process is killed."""
    process = FakeProcess(3)
    bench = Bench(process)
    bench.interruptions.carry_out(Interruption(INGEST, aimed=aimed), patience=0.01)

    assert process.killed
    assert bench.interruptions.killed.keys() == {3}
    assert bench.interruptions.kills == Counter({"ingest at random": 1})
    assert not bench.reach(Side.BEFORE, "claim")


def test_half_of_the_interruptions_are_aimed() -> None:
    """A schedule has as many kills and freezes as were asked for, half of each aimed."""
    drawn = schedule(INGEST, kills=10, freezes=4, chance=random.Random(1))

    assert Counter((each.aimed, each.seconds > 0) for each in drawn) == {
        (True, False): 5,
        (False, False): 5,
        (True, True): 2,
        (False, True): 2,
    }
