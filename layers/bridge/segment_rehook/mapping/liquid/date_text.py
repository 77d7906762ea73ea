"""Dates in texts, as V8's `new Date(text)` reads them: ISO dates, and many other forms."""

from __future__ import annotations

import re

from segment_rehook.mapping.liquid.date_fields import (
    InvalidDate,
    check_time,
    fraction,
    is_day,
    is_month,
    milliseconds_at,
)
from segment_rehook.mapping.liquid.loose_date import read_loose_date

MAX_MILLISECONDS = 8_640_000_000_000_000
"""JavaScript's dates end so far before and after 1970."""

_ISO = re.compile(
    r"(\d{4}|\+\d{6}|-(?!000000)\d{6})(?:-(\d\d)(?:-(\d\d))?)?"
    r"(?:[Tt](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?"
    r"([Zz]|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)


def milliseconds(text: str) -> int | None:
    """Return the milliseconds since 1970; None if JavaScript gives an invalid date."""
    text = text.partition("\0")[0]  # V8 stops reading there
    try:
        count = _iso(text)
        if count is None:
            count = read_loose_date(text)
    except InvalidDate:
        return None
    return count if abs(count) <= MAX_MILLISECONDS else None


def _iso(text: str) -> int | None:
    """Read an ISO date; None if the text has another form. Raises InvalidDate."""
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, decimals, zone = found.groups()
    date = int(year), int(month or 1), int(day or 1)
    if not is_month(date[1]) or not is_day(date[2]):
        return None
    time = int(hour or 0), int(minute or 0), int(second or 0), fraction(decimals) if decimals else 0
    check_time(*time)
    return milliseconds_at(date, time, _zone_minutes(zone) if zone else 0)


def _zone_minutes(zone: str) -> int:
    if zone in {"Z", "z"}:
        return 0
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if hours > 23 or minutes > 59:  # noqa: PLR2004 — maxima of a time of day
        raise InvalidDate
    return (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1)
