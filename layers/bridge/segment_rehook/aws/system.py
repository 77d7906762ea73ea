"""The process's own time and randomness, as ports."""

from __future__ import annotations

import random
import time
import uuid


class SystemClock:
    """The port `Clock`."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


class SystemRandomness:
    """The port `Randomness`."""

    uniform = staticmethod(random.uniform)

    @staticmethod
    def nonce() -> str:
        """A random UUID."""
        return uuid.uuid4().hex
