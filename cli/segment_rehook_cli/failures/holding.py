"""For how long a reading hides messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["BESIDE_LAMBDA", "Holding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """For how long a reading hides messages, in seconds.

    A message is hidden for `hidden`, and `per_message` more for each message in the queue. After
    `reading` no further message is read; None: until the queue is empty.
    """

    hidden: int = 300
    per_message: float = 0.1
    reading: float | None = None


BESIDE_LAMBDA: Final = Holding(hidden=30, per_message=0.0, reading=15.0)
"""For the dead-letter queue: a delivery waits for some seconds, also if the reader is killed."""
