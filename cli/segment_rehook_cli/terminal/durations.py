"""Durations as a person writes them (90s, 30m, 12h, 3d) and as a person reads them."""

from __future__ import annotations

import re
from typing import Final

import typer

from segment_rehook_cli.terminal.counting import counted

__all__ = ["DAY", "HOUR", "MINUTE", "duration", "seconds_of"]

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400

_WRITTEN: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd])")
_SECONDS: Final = {"s": 1, "m": MINUTE, "h": HOUR, "d": DAY}
_UNITS: Final = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second"))


def duration(seconds: float) -> str:
    """Say a duration in its two greatest units, such as "3 hours 5 minutes"."""
    left = max(round(seconds), 0)
    parts: list[str] = []
    for size, name in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(counted(count, name))
        elif parts:
            break
    return " ".join(parts[:2]) or "0 seconds"


def seconds_of(text: str | None) -> float | None:
    """Return the seconds of a written duration; None for None. Raises typer.BadParameter."""
    if text is None:
        return None
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter("give a number and a unit: 90s, 30m, 12h or 3d")
    return float(found[1]) * _SECONDS[found[2]]
