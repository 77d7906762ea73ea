"""Fakes of the clock, randomness and telemetry, which a test controls."""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from msgspec.structs import asdict

from segment_rehook.delivery.outcome_line import OutcomeLine

LogValue = str | int | float | None


class FakeClock:
    """A clock that stands still until a test advances it. `sleep` advances it too."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._monotonic = 1_000.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        if seconds < 0:
            raise ValueError(f"time does not pass backwards: {seconds}; use jump()")
        with self._lock:
            self._now += seconds
            self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        """Correct the wall clock by `seconds`, which may be negative; the other clock stays."""
        with self._lock:
            self._now += seconds


class FakeRandomness:
    """Seeded randomness. Two of them need different seeds, else their nonces are equal."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._random = random.Random(seed)
        self._made = 0
        self._lock = threading.Lock()

    def nonce(self) -> str:
        """Return the next nonce."""
        with self._lock:
            self._made += 1
            return f"nonce-{self._seed}-{self._made}"

    def uniform(self, low: float, high: float) -> float:
        """Return a number between the two."""
        with self._lock:
            return self._random.uniform(low, high)


# Python's logging refuses extra fields of these names, so the real telemetry would fail.
_TAKEN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class FakeTelemetry:
    """Records what it is told.

    `lines`: outcomes, without the fields that are None. `warnings`: in order. `counts`: the sums of
    the metrics; one with a dimension has a name such as `DeliveriesStored reason=paused`.
    `at_once`: those that `count_now` wrote. `values`: those of each metric that is observed.
    """

    def __init__(self) -> None:
        self._outcomes: list[OutcomeLine] = []
        self.warnings: list[tuple[str, dict[str, LogValue]]] = []
        self.counts: Counter[str] = Counter()
        self.at_once: Counter[str] = Counter()
        self.values: defaultdict[str, list[float]] = defaultdict(list)
        self._lock = threading.Lock()

    def outcomes(self, lines: Sequence[OutcomeLine]) -> None:
        """Record outcomes."""
        with self._lock:
            self._outcomes += lines

    @property
    def lines(self) -> list[dict[str, LogValue]]:
        """What `outcomes` recorded."""
        return [
            {name: value for name, value in asdict(line).items() if value is not None}
            for line in self._outcomes
        ]

    def warn(self, message: str, **fields: LogValue) -> None:
        """Record a warning."""
        _check(fields)
        with self._lock:
            self.warnings.append((message, fields))

    def warn_once(self, message: str, **fields: LogValue) -> None:
        """Record a warning that is not recorded yet: it knows of no invocations."""
        if (message, fields) not in self.warnings:
            self.warn(message, **fields)

    def count(self, metric: str, value: int = 1, **dimension: str) -> None:
        """Add a value to a metric."""
        name = " ".join([metric, *(f"{each}={value_}" for each, value_ in dimension.items())])
        with self._lock:
            self.counts[name] += value

    def count_now(self, metric: str, value: int) -> None:
        """Add a value to a metric that is written at once."""
        with self._lock:
            self.at_once[metric] += value

    def observe(self, metric: str, value: float) -> None:
        """Record a value."""
        with self._lock:
            self.values[metric].append(value)


def _check(fields: Mapping[str, LogValue]) -> None:
    if taken := sorted(_TAKEN.intersection(fields)):
        raise KeyError(f"log records have {', '.join(taken)} already")
