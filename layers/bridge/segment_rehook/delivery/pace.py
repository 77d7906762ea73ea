"""How fast redrive calls: as fast as Rehook takes it, found by trying.

Rehook's rate limit is not documented. So each environment begins without one, takes a refusal
(429) as a measure of how fast is too fast, halves, and then climbs again in small steps:
additive increase, multiplicative decrease, as TCP does. Waiting costs little here, since the
queue keeps what waits.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from segment_rehook.rehook.reply import Outcome

if TYPE_CHECKING:
    from segment_rehook.delivery.ports import Clock
    from segment_rehook.rehook.reply import Reply

# Calls a second.
SLOWEST = 0.5
STEP = 0.5
CUT = 0.7
# A second's refusals count once: they were all sent at the same speed.
SETTLE = 1.0


class Pace:
    """A limit for one environment's calls. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rate: float | None = None
        self._next = 0.0
        self._cut_at = float("-inf")
        self._counted_since = clock.monotonic()
        self._taken = 0

    def wait(self, most: float) -> None:
        """Wait for this call's turn, `most` seconds at most."""
        with self._lock:
            now = self._clock.monotonic()
            if self._rate is None:
                return
            turn = max(self._next, now)
            self._next = turn + 1.0 / self._rate
        self._clock.sleep(min(max(turn - now, 0.0), max(most, 0.0)))

    def heard(self, reply: Reply) -> None:
        """Learn from what came of a call."""
        with self._lock:
            now = self._clock.monotonic()
            if reply.outcome is Outcome.THROTTLED:
                self._slow_down(now)
            elif reply.outcome is Outcome.DELIVERED:
                self._taken += 1
                if self._rate is not None:
                    # By STEP a second, whatever the rate.
                    self._rate += STEP / self._rate

    def _slow_down(self, now: float) -> None:
        if now - self._cut_at < SETTLE:
            return
        seconds = max(now - self._counted_since, SETTLE)
        measured = self._taken / seconds
        self._rate = max((self._rate if self._rate is not None else measured) * CUT, SLOWEST)
        self._cut_at, self._counted_since, self._taken = now, now, 0
