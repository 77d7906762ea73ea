"""Counted things as a person reads them: "1 event", "2,000 events"."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: float, one: str, many: str | None = None) -> str:
    """Say how many there are. `many`: what to say but of one; by default `one` and an s."""
    return f"{number:,.0f} {one if number == 1 else many or f'{one}s'}"
