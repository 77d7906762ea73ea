"""The time that a command looks at: --since and --until, and times as they are printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from segment_rehook_cli.terminal.durations import DAY, seconds_of

__all__ = ["DAY", "Since", "TimeWindow", "Until", "iso_time", "utc_time", "window"]

_FORMS: Final = "give a duration such as 90s, 30m, 6h or 2d, or a time such as 2026-11-27T14:00Z"

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


def utc_time(at: float) -> str:
    """Give a time for a person: 2026-11-27 14:03:22 UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def iso_time(at: float) -> str:
    """Give a time for a program: ISO 8601 in UTC, with milliseconds."""
    return f"{datetime.fromtimestamp(at, UTC).isoformat(timespec='milliseconds')[:-6]}Z"


def _moment(text: str, now: float, option: str) -> float:
    try:
        found = datetime.fromisoformat(text)
        return max((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp(), 0.0)
    except (ValueError, OverflowError):
        pass  # then it is a duration
    try:
        return max(now - (seconds_of(text) or 0.0), 0.0)
    except typer.BadParameter:
        raise typer.BadParameter(_FORMS, param_hint=option) from None
