"""Which core runs what: what is measured has one for itself, the servers that it calls another."""

from __future__ import annotations

import os
from typing import Final

ALL: Final = sorted(os.sched_getaffinity(0))
CLIENT: Final = ALL[0]
STUBS: Final = ALL[-1]
"""The same core where there is one only; the page says so then."""


def pin(pid: int, core: int) -> None:
    """Keep a process that has just been started (0: this one) on one core."""
    os.sched_setaffinity(pid, {core})
