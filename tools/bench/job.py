"""What jobs share: their input, and how what they do is timed."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Job = Callable[[], dict[str, object]]
    """What was prepared: each call runs it once, and gives what it took."""


def timed(count: int, work: Callable[[], int]) -> dict[str, object]:
    """Time `work`, which says how many events it delivered. Seconds."""
    gc.collect()
    cpu, start = time.process_time(), time.perf_counter()
    delivered = work()
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {"count": count, "wall": wall, "cpu": cpu, "delivered": delivered}


def lines_of(events: str) -> list[bytes]:
    """The events of a file, one a line."""
    return Path(events).read_bytes().splitlines()


def requests_of(lines: list[bytes], size: int) -> list[bytes]:
    """The bodies of requests of so many events."""
    if size == 1:
        return lines
    return [batch_of(lines[start : start + size]) for start in range(0, len(lines), size)]


def batch_of(lines: list[bytes]) -> bytes:
    """The body of one request."""
    return b"[" + b",".join(lines) + b"]"
