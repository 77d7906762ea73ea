"""Two ways to do something, timed in turns, so that a busy machine slows both."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Comparison:
    """`ours` and `theirs` in seconds, each the best of several rounds, for `count` times the work.

    `yardstick` says what `theirs` is.
    """

    name: str
    yardstick: str
    ours: float
    theirs: float
    count: int

    @property
    def ratio(self) -> float:
        """How many times as long ours takes."""
        return self.ours / self.theirs

    @property
    def line(self) -> str:
        """For a person to read."""
        return (
            f"{self.name:<34} {self.ratio:6.2f} × {self.yardstick:<36}"
            f" {self.count / self.ours:>10,.0f} /s"
        )


def compare(
    name: str,
    ours: Callable[[], object],
    yardstick: str,
    theirs: Callable[[], object],
    *,
    count: int,
) -> Comparison:
    """Time both. Each does its work `count` times in one call."""
    ours()
    theirs()
    times = [(_seconds(ours), _seconds(theirs)) for _ in range(ROUNDS)]
    return Comparison(
        name,
        yardstick,
        ours=min(our for our, _ in times),
        theirs=min(their for _, their in times),
        count=count,
    )


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
