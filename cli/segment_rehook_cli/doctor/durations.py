"""Spans of time as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

__all__ = ["MINUTE", "day", "moment", "span"]

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400


def span(seconds: float) -> str:
    """Say a span in its largest unit of which there are at least two: 90 s, 5 min, 30 h, 3 days."""
    seconds = max(0.0, seconds)
    for unit, name in ((DAY, "days"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


def moment(at: float) -> str:
    """Say a moment, in seconds since the epoch, to the minute in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def day(at: float) -> str:
    """Say the day of a moment, in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
