"""Spans of time, as a person writes them and as a person reads them."""

from __future__ import annotations

import re
from typing import Final

import typer

__all__ = ["DAY", "HOUR", "MINUTE", "duration", "seconds_of", "span"]

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400

_UNITS: Final = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second"))
_WRITTEN: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd])")
_SECONDS: Final = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY}


def seconds_of(text: str | None) -> float | None:
    """Return the seconds of 90s, 30m, 12h or 3d; None for None. Raises typer.BadParameter."""
    if text is None:
        return None
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter("give a number and a unit: 90s, 30m, 12h or 3d")
    return float(found[1]) * _SECONDS[found[2]]


def span(seconds: float) -> str:
    """Say a span in its largest unit of which there are at least two: 90 s, 5 min, 30 h, 3 days."""
    seconds = max(0.0, seconds)
    for unit, name in ((DAY, "days"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


def duration(seconds: float) -> str:
    """Give a span as its two greatest units, such as "3 hours 5 minutes", for a sentence."""
    left = max(round(seconds), 0)
    parts = []
    for size, name in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}{'s' if count > 1 else ''}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 seconds"
