"""Durations as a person writes them: 90s, 30m, 12h, 3d."""

from __future__ import annotations

import re
from typing import Final

import typer

__all__ = ["seconds_of"]

_DURATION: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds_of(text: str | None) -> float | None:
    """Return the seconds of a duration; None for None. Raises typer.BadParameter."""
    if text is None:
        return None
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter("give a number and a unit: 90s, 30m, 12h or 3d")
    return float(found[1]) * _SECONDS[found[2]]
