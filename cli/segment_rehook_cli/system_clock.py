"""The port `Clock` of this machine."""

from __future__ import annotations

import time

__all__ = ["SystemClock"]


class SystemClock:
    """The time of this machine."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)
