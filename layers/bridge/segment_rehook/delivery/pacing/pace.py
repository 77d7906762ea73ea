"""The rate of redrive's calls: as high as Rehook allows, found by measurement.

Rehook's rate limit is not documented. So each environment begins without a limit. A refusal (429)
shows that the present rate is too high: the rate is cut, and then grows again in small steps
(additive increase, multiplicative decrease, as in TCP). The first refusal comes after so few calls
that the rate measured then may be far too low, so up to the second refusal the rate doubles each
second. Waiting costs little here, since the queue keeps the messages.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

from segment_rehook.rehook.reply import ReplyClass

if TYPE_CHECKING:
    from segment_rehook.delivery.ports import Clock
    from segment_rehook.rehook.reply import Reply

# Calls a second.
MIN_RATE = 0.5
STEP = 0.5
CUT = 0.7
# Seconds. The refusals within this time count once: those calls were all sent at the same rate.
SETTLE = 1.0
# Seconds over which calls are counted. Idle time before them must not lower the measured rate.
WINDOW = 10.0


class Pace:
    """Limits the rate of one environment's calls. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rate: float | None = None
        self._doubling = True
        self._next = -math.inf
        self._cut_at = -math.inf
        self._counted_since = clock.monotonic()
        self._taken = 0
        self._measured = 0.0

    def wait(self, most: float) -> float:
        """Wait for a turn to call, if it comes within `most` seconds.

        Gives 0 after the wait. If the turn comes later, it is not taken, and the seconds until it
        are given at once.
        """
        with self._lock:
            if self._rate is None:
                return 0.0
            now = self._clock.monotonic()
            turn = max(self._next, now)
            if turn - now > most:
                return turn - now
            self._next = turn + 1.0 / self._rate
        self._clock.sleep(turn - now)
        return 0.0

    def heard(self, reply: Reply) -> None:
        """Adapt the rate to the reply to a call."""
        with self._lock:
            now = self._clock.monotonic()
            if reply.kind is ReplyClass.THROTTLED:
                self._slow_down(now)
            elif reply.kind is ReplyClass.DELIVERED:
                if now - self._counted_since > WINDOW:
                    self._count_anew(now)
                self._taken += 1
                if self._rate is not None:
                    # As many replies a second as the rate: it doubles, or grows by STEP, a second.
                    self._rate += 1.0 if self._doubling else STEP / self._rate

    def _slow_down(self, now: float) -> None:
        if now - self._cut_at < SETTLE:
            return
        if self._rate is None:
            before = self._measured
            self._count_anew(now)
            self._rate = max(before, self._measured)
        else:
            self._doubling = False
        self._rate = max(self._rate * CUT, MIN_RATE)
        self._cut_at = now

    def _count_anew(self, now: float) -> None:
        self._measured = self._taken / max(now - self._counted_since, SETTLE)
        self._counted_since, self._taken = now, 0
