"""Kills and freezes function processes: at random, and at exact steps of the protocol.

The relay reports each request twice: before it is passed on, and after it was carried out. A
process that is killed in between never sees the answer. So "after call" means that Rehook has acted
and the function does not know it.

An interruption that is aimed hits the next process that comes to the point that was hit least often
so far, of all points that any process has come to. So rare points are hit as well. If such a point
is so rare that processes come to others meanwhile, these are hit in the end.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox.environment import Environment
    from tools.sandbox.sandbox import Sandbox

PASSES = 15
"""An aimed interruption passes over this number of points that were hit more often than the least.
Then it takes those that were hit once more than that, and so on."""

INGEST, REDRIVE = "IngestFunction", "RedriveFunction"
FUNCTIONS = (INGEST, REDRIVE)


class Side(StrEnum):
    """On which side of a step."""

    BEFORE = "before"
    AFTER = "after"


class InterruptionPoint(NamedTuple):
    """An exact place in a function's work."""

    function: str
    side: Side
    step: str

    def __str__(self) -> str:
        return f"{_short(self.function)} {self.side} {self.step}"


_BOTH = {
    *("claim", "shared claim", "call", "settle delivered", "settle queued", "shared settle"),
    "park",
}
AIMED_STEPS = {INGEST: _BOTH | {"mark", "send"}, REDRIVE: _BOTH | {"unmark", "hide"}}
"""The steps that interruptions are aimed at, on both sides. Redrive's "after settle delivered" is
just before the delete: the event source deletes when the function has answered. What happens
between claims that share a request and their settlements is aimed at by "after shared claim", by
both sides of "call", and by "before shared settle"."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """`aimed`: at an exact point, else at random. `seconds`: of its freeze; 0 to kill it."""

    function: str
    aimed: bool
    seconds: float = 0.0


class Interruptions:
    """Kills and freezes processes, and counts it."""

    def __init__(self, sandbox: Callable[[], Sandbox], seed: int) -> None:
        self._sandbox = sandbox
        self._random = random.Random(seed)
        self._lock = threading.Condition()
        self._armed: dict[str, Interruption] = {}
        self._passed: Counter[str] = Counter()  # points passed over since arm, by function
        self._hits: Counter[InterruptionPoint] = Counter()
        self.kills: Counter[str] = Counter()
        self.freezes: Counter[str] = Counter()
        self.killed: dict[int, float] = {}
        """When each killed process was killed (monotonic)."""
        self.frozen: list[tuple[int, float, float]] = []
        """Each freeze: process, from, to (monotonic)."""

    def reached(self, function: str, side: Side, step: str, environment: Environment) -> bool:
        """Interrupt a process that has come to a step, if it is due. True if it was killed."""
        point = InterruptionPoint(function, side, step)
        if step not in AIMED_STEPS[function]:
            return False
        with self._lock:
            self._hits[point] += 0  # from now on it is one of the points that wait for a hit
            least = min(hits for each, hits in self._hits.items() if each.function == function)
            if function not in self._armed:
                return False
            if self._hits[point] > least + self._passed[function] // PASSES:
                self._passed[function] += 1
                return False
            armed = self._armed.pop(function)
            self._hits[point] += 1
            self._lock.notify_all()
        if armed.seconds:
            self._freeze(environment, armed.seconds, str(point))
            return False
        self._kill(environment, str(point))
        return True

    def arm(self, interruption: Interruption) -> None:
        """Let an interruption hit the next process at the right point, in place of one before."""
        with self._lock:
            self._armed[interruption.function] = interruption
            self._passed[interruption.function] = 0

    def carry_out(self, interruption: Interruption, patience: float) -> None:
        """Interrupt one process.

        If the interruption is aimed, wait up to `patience` seconds for a process at the right
        point. After that, or if it is not aimed, wait as long for any busy process.
        """
        if interruption.aimed:
            function = interruption.function
            self.arm(interruption)
            with self._lock:
                if self._lock.wait_for(lambda: function not in self._armed, patience):
                    return
                del self._armed[function]
        end = time.monotonic() + patience
        while not self._hit_any(interruption) and time.monotonic() < end:
            time.sleep(0.02)

    def _hit_any(self, interruption: Interruption) -> bool:
        """Interrupt a busy process of the function wherever it is; False if none is busy."""
        busy = self._sandbox().processes(interruption.function, busy_only=True)
        if not busy:
            return False
        environment = self._random.choice(busy)
        name = f"{_short(interruption.function)} at random"
        if interruption.seconds:
            self._freeze(environment, interruption.seconds, name)
        else:
            self._kill(environment, name)
        return True

    def _kill(self, environment: Environment, name: str) -> None:
        environment.kill()
        with self._lock:
            self.kills[name] += 1
            self.killed[environment.pid] = time.monotonic()

    def _freeze(self, environment: Environment, seconds: float, name: str) -> None:
        environment.hold()
        now = time.monotonic()
        with self._lock:
            self.freezes[name] += 1
            self.frozen.append((environment.pid, now, now + seconds))
        threading.Timer(seconds, environment.let_go).start()


def schedule(function: str, kills: int, freezes: int, chance: random.Random) -> list[Interruption]:
    """Draw a function's interruptions in their order; half of them are aimed."""
    interruptions = [Interruption(function, number % 2 == 0) for number in range(kills)]
    interruptions += [
        Interruption(function, number % 2 == 0, chance.uniform(0.3, 4.0))
        for number in range(freezes)
    ]
    chance.shuffle(interruptions)
    return interruptions


def _short(function: str) -> str:
    return function.removesuffix("Function").lower()
