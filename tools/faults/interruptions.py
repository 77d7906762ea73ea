"""Killing and freezing function processes: at random, and at exact steps of the protocol.

An interruption at a step meets the next process that comes to a step which had none yet, so that
the rare steps have their turn as well. The relay tells of every request before it is passed on and
after it was carried out, and no answer reaches a process that was killed in between. So "after the
call" means: Rehook has acted and the function never knew.
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

    from tools.faults.journal import Step
    from tools.sandbox.environment import Environment
    from tools.sandbox.sandbox import Sandbox

INGEST, REDRIVE = "IngestFunction", "RedriveFunction"
FUNCTIONS = (INGEST, REDRIVE)


class When(StrEnum):
    """On which side of a call."""

    BEFORE = "before"
    AFTER = "after"


class Moment(NamedTuple):
    """An exact place in a function's work."""

    function: str
    when: When
    step: str

    def __str__(self) -> str:
        return f"{_short(self.function)} {self.when} {self.step}"


_STEPS = {
    INGEST: ("claim", "call", "settle delivered", "mark", "send", "settle queued", "park"),
    REDRIVE: ("claim", "call", "settle delivered", "unmark", "hide", "settle queued", "park"),
}
MOMENTS = [
    *(Moment(name, when, step) for name, steps in _STEPS.items() for step in steps for when in When)
]
"""What kills are aimed at. "After settle delivered" of redrive is "before the delete": the event
source deletes once the function has answered."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """``aimed``: at an exact moment, else at random. ``seconds``: of its freeze; 0 to kill it."""

    function: str
    aimed: bool
    seconds: float = 0.0


class Interruptions:
    """Kills and freezes processes, and counts it."""

    def __init__(self, box: Callable[[], Sandbox], seed: int) -> None:
        self._box = box
        self._random = random.Random(seed)
        self._lock = threading.Condition()
        self._armed: dict[str, Interruption] = {}
        self._unhit: set[Moment] = set(MOMENTS)
        self.kills: Counter[str] = Counter()
        self.freezes: Counter[str] = Counter()
        self.killed: dict[int, float] = {}
        """When each killed process was killed (monotonic)."""
        self.frozen: list[tuple[int, float, float]] = []
        """Each freeze: process, from, to."""

    def meet(self, step: Step, when: When, environment: Environment) -> bool:
        """A process has come to a step; True if it was killed there."""
        moment = Moment(step.function, when, step.name)
        with self._lock:
            armed = self._armed.get(step.function)
            if armed is None or moment not in self._unhit:
                return False
            del self._armed[step.function]
            self._unhit.discard(moment)
            if not any(left.function == step.function for left in self._unhit):
                self._unhit.update(each for each in MOMENTS if each.function == step.function)
            self._lock.notify_all()
        if armed.seconds:
            self._freeze(environment, armed.seconds, str(moment))
            return False
        self._kill(environment, str(moment))
        return True

    def carry_out(self, interruption: Interruption, patience: float) -> None:
        """If it is aimed, wait until a process comes by; after that any busy one will do."""
        if interruption.aimed:
            function = interruption.function
            with self._lock:
                self._armed[function] = interruption
                if self._lock.wait_for(lambda: function not in self._armed, patience):
                    return
                del self._armed[function]
        end = time.monotonic() + patience
        while not self._strike(interruption) and time.monotonic() < end:
            time.sleep(0.02)

    def _strike(self, interruption: Interruption) -> bool:
        """Hit a busy process of the function wherever it is; False if none is busy."""
        busy = self._box().processes(interruption.function, busy_only=True)
        if not busy:
            return False
        environment = self._random.choice(busy)
        if interruption.seconds:
            self._freeze(
                environment, interruption.seconds, f"{_short(interruption.function)} at random"
            )
        else:
            self._kill(environment, f"{_short(interruption.function)} at random")
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
    """A function's interruptions in order, half of them aimed."""
    interruptions = [Interruption(function, number % 2 == 0) for number in range(kills)]
    interruptions += [
        Interruption(function, number % 2 == 0, chance.uniform(0.3, 4.0))
        for number in range(freezes)
    ]
    chance.shuffle(interruptions)
    return interruptions


def _short(function: str) -> str:
    return function.removesuffix("Function").lower()
