"""Filters on dates.

Segment's engine uses its machine's time zone and language; here they are UTC and US English.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.liquid.date_format import formatted
from segment_rehook.mapping.liquid.date_text import MAX_MILLISECONDS, milliseconds
from segment_rehook.mapping.liquid.moment import Moment
from segment_rehook.mapping.liquid.values import (
    as_number,
    check_size,
    own,
    plain,
    primitive,
    printed,
)
from segment_rehook.mapping.text import length
from segment_rehook.mapping.values import UNDEFINED, Value, to_double

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segment_rehook.mapping.liquid.filtered import Filter

DEFAULT_FORMAT = "%A, %B %-e, %Y at %-l:%M %P %z"
XML_SCHEMA = "%Y-%m-%dT%H:%M:%S%:z"
RFC_822 = "%a, %d %b %Y %H:%M:%S %z"

_CYCLE = 146_097 * 86_400
_FIRST_SECOND, _LAST_SECOND = -62_000_000_000, 253_000_000_000


def _moment(value: Value, clock: Callable[[], float], zone: Value = UNDEFINED) -> Moment | None:
    value = plain(value)
    if value is None or value is UNDEFINED:
        return None
    count = _milliseconds_of(value, clock)
    if count is None:
        return None
    if zone is None or zone is UNDEFINED:
        return Moment(count, 0, "UTC")
    if isinstance(zone, str):
        return Moment(count, _zone_offset(zone, count), zone)
    offset = as_number(zone)
    shown = abs(count - offset * 60_000)
    return Moment(count, offset) if shown <= MAX_MILLISECONDS else None


def _milliseconds_of(value: Value, clock: Callable[[], float]) -> int | None:
    if isinstance(value, str):
        if value in {"now", "today"}:
            return int(clock() * 1_000)
        if not (value.isascii() and value.isdigit()):
            return milliseconds(value)
        value = float(value)
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, (int, float)):
        return milliseconds(str(primitive(value)))
    exact = to_double(value) * 1_000
    return int(exact) if abs(exact) <= MAX_MILLISECONDS else None


def _zone_offset(name: str, count: int) -> float:
    # datetime holds only some years. Others are moved by multiples of 400 years, after which the
    # calendar repeats.
    seconds = count // 1_000
    cycles = max(0, (seconds - _LAST_SECOND + _CYCLE - 1) // _CYCLE)
    cycles = cycles or min(0, (seconds - _FIRST_SECOND) // _CYCLE)
    moment = datetime.fromtimestamp(0, tz=UTC) + timedelta(seconds=seconds - cycles * _CYCLE)
    try:
        offset = moment.astimezone(ZoneInfo(name)).utcoffset()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # Node writes each byte of the name's UTF-8 as one character.
        shown = name.encode("utf-8", "surrogatepass").decode("latin-1")
        raise MappingError(f"Invalid time zone specified: {shown}") from None
    return 0 if offset is None else -offset.total_seconds() / 60


def date_filters(clock: Callable[[], float]) -> Mapping[str, Filter]:
    """Return the filters on dates. `clock` gives the seconds since 1970, for `now`."""

    def date(value: Value, layout: Value = UNDEFINED, zone: Value = UNDEFINED, *_: Value) -> Value:
        check_size(length(value) if isinstance(value, str) else as_number(own(value, "length")))
        moment = _moment(value, clock, zone)
        if moment is None:
            return value
        layout = plain(layout)
        wanted = DEFAULT_FORMAT if layout is None or layout is UNDEFINED else printed(layout)
        return formatted(moment, wanted)

    def fixed(layout: str) -> Filter:
        return lambda value, *_: date(value, layout)

    def with_month(month: str) -> Filter:
        def apply(value: Value, kind: Value = "", style: Value = "", *_: Value) -> Value:
            if kind != "ordinal":
                return date(value, f"%d {month} %Y")
            return date(value, f"{month} %-d%q, %Y" if style == "US" else f"%-d%q {month} %Y")

        return apply

    return {
        "date": date,
        "date_to_long_string": with_month("%B"),
        "date_to_rfc822": fixed(RFC_822),
        "date_to_string": with_month("%b"),
        "date_to_xmlschema": fixed(XML_SCHEMA),
    }
