"""Fakes of the clock, randomness and telemetry, which a test controls."""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter
from collections.abc import Mapping, Sequence

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
    """Records `lines` (outcomes) and `warnings` in order, and the sums of metrics in `counts`."""

    def __init__(self) -> None:
        self.lines: list[dict[str, LogValue]] = []
        self.warnings: list[tuple[str, dict[str, LogValue]]] = []
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def outcomes(self, lines: Sequence[Mapping[str, LogValue]]) -> None:
        """Record outcomes."""
        for line in lines:
            _check(line)
        with self._lock:
            self.lines += [dict(line) for line in lines]

    def warn(self, message: str, **fields: LogValue) -> None:
        """Record a warning."""
        _check(fields)
        with self._lock:
            self.warnings.append((message, fields))

    def count(self, metric: str, value: int = 1) -> None:
        """Add a value to a metric."""
        with self._lock:
            self.counts[metric] += value


def _check(fields: Mapping[str, LogValue]) -> None:
    if taken := sorted(_TAKEN.intersection(fields)):
        raise KeyError(f"log records have {', '.join(taken)} already")
