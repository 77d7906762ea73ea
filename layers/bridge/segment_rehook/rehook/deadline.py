"""How much of a call's time has passed, and how far the call has come.

Two clocks are read. Lambda freezes a function between invocations, which may stop the monotonic
clock; the wall clock may be set back. The clock that says that more time has passed is believed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Clocks:
    """Both clocks, in seconds. `wall` counts from the epoch."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time


class Stopwatch:
    """Measures the time since it was made."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self._monotonic, self._wall = clocks.monotonic(), clocks.wall()

    def elapsed(self) -> float:
        """Give the seconds that have passed, by the clock that says more."""
        clocks = self._clocks
        return max(clocks.monotonic() - self._monotonic, clocks.wall() - self._wall)


class Stage(StrEnum):
    """The steps of a call, in their order."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    SEND = "send"
    ANSWER = "answer"


class CallTimer:
    """One call's time-out, in seconds, for everything that the call does.

    `stage`: the step that the call has reached. `sent`: whether any of the request may have become
    readable to the server.
    """

    def __init__(self, timeout: float, clocks: Clocks) -> None:
        self._timeout = timeout
        self._watch = Stopwatch(clocks)
        self.stage = Stage.SEND
        self.sent = False

    @property
    def over(self) -> bool:
        """Whether no time is left."""
        return self._watch.elapsed() >= self._timeout

    def left(self) -> float:
        """Give the seconds that are left, more than 0. Raises TimeoutError if none are."""
        left = self._timeout - self._watch.elapsed()
        if left <= 0:
            raise TimeoutError("the call's time is over")
        return left
