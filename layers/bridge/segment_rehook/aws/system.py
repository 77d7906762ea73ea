"""The process's own time and randomness, as ports."""

from __future__ import annotations

import os
import time

RANDOM_BYTES = 7  # 56 bits, of which a float holds 53


class SystemClock:
    """The port `Clock`."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


class SystemRandomness:
    """The port `Randomness`, from the system's source alone.

    It keeps no state, so copies of a process (a snapshot that Lambda starts several times) don't
    draw the same numbers.
    """

    @staticmethod
    def uniform(low: float, high: float) -> float:
        """Draw a number between the two, each as likely."""
        drawn = int.from_bytes(os.urandom(RANDOM_BYTES), "big")
        return low + (high - low) * drawn / (1 << 8 * RANDOM_BYTES)

    @staticmethod
    def nonce() -> str:
        """Draw 128 bits, as 32 hexadecimal digits."""
        return os.urandom(16).hex()
