"""The time that a command looks at: --since and --until, and times as they are printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

__all__ = ["DAY", "Since", "TimeWindow", "Until", "iso_time", "seconds_of", "utc_time", "window"]

DAY: Final = 86_400
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": DAY, "w": 7 * DAY}
_DURATION: Final = re.compile(r"([0-9]{1,9})([smhdw])")
_FORMS: Final = (
    "give a duration such as 90s, 30m, 6h, 2d or 1w, or a time such as 2026-11-27T14:00Z"
)

Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Look from then on: 30m, 6h, 2d ago, or 2026-11-27T14:00Z."),
]
Until = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Look up to then: as --since. By default up to now."),
]


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """From `since` to `until`, both in seconds of Unix time, both included."""

    since: float
    until: float


def window(since: str | None, until: str | None, *, now: float, default: float) -> TimeWindow:
    """Read both options. `default`: how many seconds before `now` it begins without --since.

    Raises typer.BadParameter, which names the option.
    """
    begins = now - default if since is None else _moment(since, now, "--since")
    ends = now if until is None else _moment(until, now, "--until")
    if begins >= ends:
        raise typer.BadParameter(
            "it must be before the time of --until, or before now", param_hint="--since"
        )
    return TimeWindow(begins, ends)


def seconds_of(text: str, option: str) -> float:
    """Read a duration, such as 30s or 5m, in seconds. Raises typer.BadParameter."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise typer.BadParameter("give a duration such as 30s, 5m or 2h", param_hint=option)
    return float(int(found[1]) * _UNITS[found[2]])


def utc_time(at: float) -> str:
    """Give a time for a person: 2026-11-27 14:03:22 UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def iso_time(at: float) -> str:
    """Give a time for a program: ISO 8601 in UTC, with milliseconds."""
    return f"{datetime.fromtimestamp(at, UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def _moment(text: str, now: float, option: str) -> float:
    if _DURATION.fullmatch(text):
        return max(now - seconds_of(text, option), 0.0)
    try:
        found = datetime.fromisoformat(text)
        return max((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp(), 0.0)
    except (ValueError, OverflowError):
        raise typer.BadParameter(_FORMS, param_hint=option) from None
