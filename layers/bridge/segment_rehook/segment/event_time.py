"""When Segment received an event; for one that does not say, when it happened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from segment_rehook.segment.event import Event

__all__ = ["is_usual", "received_time", "time_text", "unix_time"]

_YEAR_9999: Final = 253_370_764_800


def received_time(event: Event) -> float | None:
    """Give the time of `receivedAt`, else of `timestamp`, in seconds of Unix time; None if neither.

    A time before 1970 or after the year 9998 is nobody's clock, and counts as none.
    Segment's own clock gives `receivedAt`; `timestamp` is the sender's (segment-docs, "Common
    fields").
    """
    for name in ("receivedAt", "timestamp"):
        moment = unix_time(event.member(name))
        if moment is not None and is_usual(moment):
            return moment
    return None


def is_usual(moment: float) -> bool:
    """Whether a time is between 1970 and the year 9998: others are nobody's clock."""
    return 0 <= moment < _YEAR_9999


def unix_time(text: object) -> float | None:
    """Give the seconds of an ISO 8601 text; None if it is none. Without a zone it is UTC."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def time_text(moment: float) -> str:
    """Give a time as ISO 8601 in UTC, to the microsecond. `moment`: in seconds of Unix time."""
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
