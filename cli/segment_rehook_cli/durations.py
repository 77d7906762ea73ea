"""Spans of time as text for people."""

from __future__ import annotations

from typing import Final

__all__ = ["duration"]

_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def duration(seconds: float) -> str:
    """Give a span as its two greatest units, such as "3 hours 5 minutes"."""
    left = max(round(seconds), 0)
    parts = []
    for size, name in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}{'s' if count > 1 else ''}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 seconds"
