"""Ways to do something, timed in turns, so that a busy machine slows all of them."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from statistics import quantiles
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Probe = Callable[[], float]

ROUNDS = 7
WARM_UP = 3
"""Rounds before those that count: V8 compiles what it sees often."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several rounds, and the quartiles around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of at least one value."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, middle, high = quantiles(values, n=4, method="inclusive")
        return cls(middle, low, high)


@dataclass(frozen=True, slots=True)
class Target:
    """What a row must reach. `of`: the ratio to Segment's engine, or our own figure."""

    of: Literal["ratio", "ours"]
    sense: Literal["≥", "≤"]
    figure: float


@dataclass(frozen=True, slots=True)
class Row:
    """One measure. `theirs`: Segment's engine in the same run, None where it has no such thing.

    `ratio` is ours to theirs, of each round. `x`: the place of a point on the plot `series`.
    """

    name: str
    unit: str
    ours: Spread
    theirs: Spread | None = None
    ratio: Spread | None = None
    target: Target | None = None
    series: str | None = None
    x: float | None = None

    @classmethod
    def of(
        cls,
        name: str,
        unit: str,
        ours: Sequence[float],
        theirs: Sequence[float] | None = None,
        **more: Any,
    ) -> Row:
        """From both sides' rounds, in the same order."""
        if theirs is None:
            return cls(name, unit, Spread.of(ours), **more)
        ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
        return cls(name, unit, Spread.of(ours), Spread.of(theirs), Spread.of(ratios), **more)

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Row:
        """Undo `json`."""
        spreads = {
            name: Spread(**raw[name]) if raw.get(name) else None for name in ("theirs", "ratio")
        }
        target = Target(**raw["target"]) if raw.get("target") else None
        return cls(**{**raw, **spreads, "ours": Spread(**raw["ours"]), "target": target})

    @property
    def json(self) -> dict[str, Any]:
        """As it lies in `docs/performance.json`: four digits, no members that are None."""
        return {name: _rounded(value) for name, value in asdict(self).items() if value is not None}

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None where there is none, or nothing to compare with."""
        if self.target is None:
            return None
        found = self.ratio if self.target.of == "ratio" else self.ours
        if found is None:
            return None
        least = self.target.sense == "≥"
        return found.median >= self.target.figure if least else found.median <= self.target.figure


def in_turns(
    probes: Mapping[str, Probe], *, rounds: int, warm_up: int = WARM_UP
) -> dict[str, list[float]]:
    """Run all probes one after the other, so many times; each one's figures, round by round."""
    found: dict[str, list[float]] = {name: [] for name in probes}
    for number in range(-warm_up, rounds):
        for name, probe in probes.items():
            figure = probe()
            if number >= 0:
                found[name].append(figure)
    return found


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


def compare(
    name: str,
    ours: Callable[[], object],
    yardstick: str,
    theirs: Callable[[], object],
    *,
    count: int,
) -> Comparison:
    """Time both in this process. Each does its work `count` times in one call."""
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


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return value
