"""Filters on dates, with the format letters of Ruby's strftime as LiquidJS has them.

Segment's engine uses its machine's time zone and language; here they are UTC and US English.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.liquid.date_text import MAX_MILLISECONDS, milliseconds
from segment_rehook.mapping.liquid.moment import MONTHS, WEEKDAYS, Moment
from segment_rehook.mapping.liquid.values import (
    as_number,
    check_size,
    checked_size,
    own,
    plain,
    primitive,
    printed,
)
from segment_rehook.mapping.text import length
from segment_rehook.mapping.values import UNDEFINED, Value, to_double, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segment_rehook.mapping.liquid.filtered import Filter

Write: TypeAlias = "Callable[[Moment], str]"
"""Writes a part of a format."""

MAX_CACHED = 100
"""The most characters of a format that is kept compiled; events may bring others."""
DEFAULT_FORMAT = "%A, %B %-e, %Y at %-l:%M %P %z"
XML_SCHEMA = "%Y-%m-%dT%H:%M:%S%:z"
RFC_822 = "%a, %d %b %Y %H:%M:%S %z"

_DIRECTIVE = re.compile(r"%([-_0^#:]+)?([0-9]+)?[EO]?([^\n\r\u2028\u2029])")
_WIDTHS = {
    **dict.fromkeys("CdeHIklmMSUWy", 2),
    "j": 3,
    "L": 3,
    "Y": 4,
}
_PADDED_BY_SPACES = frozenset("aAbBceklpP")
_CYCLE = 146_097 * 86_400
_FIRST_SECOND, _LAST_SECOND = -62_000_000_000, 253_000_000_000
_TEENS = frozenset({11, 12, 13})
_ORDINALS = {1: "st", 2: "nd", 3: "rd"}


def _ordinal(moment: Moment) -> str:
    day = moment.date[2]
    return "th" if day in _TEENS else _ORDINALS.get(day % 10, "th")


def _offset(moment: Moment, *, colon: bool) -> str:
    hours, minutes = divmod(abs(moment.offset), 60)
    sign = "-" if moment.offset > 0 else "+"
    return f"{sign}{to_text(hours):0>2}{':' if colon else ''}{to_text(minutes):0>2}"


def _zone(moment: Moment, *, colon: bool) -> str:
    return moment.zone or _offset(moment, colon=colon)


def _fraction(moment: Moment, *, digits: int) -> str:
    return f"{moment.time[3]:03}"[:digits].ljust(digits, "0")


def _clock(moment: Moment) -> str:
    hour, minute, second, _ = moment.time
    return f"{hour % 12 or 12}:{minute:02}:{second:02} {'AM' if hour < 12 else 'PM'}"  # noqa: PLR2004 — noon


def _calendar(moment: Moment) -> str:
    year, month, day = moment.date
    # Years before the year 1 are written as years BC, without the era.
    return f"{month}/{day}/{year if year > 0 else 1 - year}"


_LETTERS: Mapping[str, Callable[[Moment], object]] = {
    "a": lambda moment: WEEKDAYS[moment.weekday][:3],
    "A": lambda moment: WEEKDAYS[moment.weekday],
    "b": lambda moment: MONTHS[moment.date[1] - 1][:3],
    "B": lambda moment: MONTHS[moment.date[1] - 1],
    "c": lambda moment: f"{_calendar(moment)}, {_clock(moment)}",
    "C": lambda moment: moment.date[0] // 100,
    "d": lambda moment: moment.date[2],
    "e": lambda moment: moment.date[2],
    "h": lambda moment: MONTHS[moment.date[1] - 1][:3],
    "H": lambda moment: moment.time[0],
    "I": lambda moment: moment.time[0] % 12 or 12,
    "j": lambda moment: moment.day_of_year,
    "k": lambda moment: moment.time[0],
    "l": lambda moment: moment.time[0] % 12 or 12,
    "L": lambda moment: moment.time[3],
    "m": lambda moment: moment.date[1],
    "M": lambda moment: moment.time[1],
    "n": lambda _: "\n",
    "p": lambda moment: "AM" if moment.time[0] < 12 else "PM",  # noqa: PLR2004 — noon
    "P": lambda moment: "am" if moment.time[0] < 12 else "pm",  # noqa: PLR2004 — noon
    "q": _ordinal,
    "s": lambda moment: moment.milliseconds // 1_000,
    "S": lambda moment: moment.time[2],
    "t": lambda _: "\t",
    "u": lambda moment: moment.weekday or 7,
    "U": lambda moment: moment.week(0),
    "w": lambda moment: moment.weekday,
    "W": lambda moment: moment.week(1),
    "x": _calendar,
    "X": _clock,
    "y": lambda moment: moment.date[0] % 100,
    "Y": lambda moment: moment.date[0],
    "%": lambda _: "%",
}


def _formatted(moment: Moment, layout: str) -> str:
    parts = _parts if len(layout) <= MAX_CACHED else _parts.__wrapped__
    return checked_size("".join([write(moment) for write in parts(layout)]))


@lru_cache(maxsize=256)
def _parts(layout: str) -> tuple[Write, ...]:
    """Compile a format. Raises MappingError if a part of the result would be too long."""
    parts: list[Write] = []
    at = 0
    for found in _DIRECTIVE.finditer(layout):
        parts += _text(layout[at : found.start()]), _directive(found)
        at = found.end()
    return (*parts, _text(layout[at:]))


def _text(text: str) -> Write:
    return lambda _: text


def _directive(found: re.Match[str]) -> Write:
    flags, letter = found[1] or "", found[3]
    wanted = int((found[2] or "0")[:10])
    value = _LETTERS.get(letter)
    if letter == "N":
        check_size(wanted)
        value = partial(_fraction, digits=wanted or 9)
    elif letter == "z":
        value = partial(_offset, colon=":" in flags)
    elif letter == "Z":
        value = partial(_zone, colon=":" in flags)
    return _text(found[0]) if value is None else _padded(value, flags, letter, wanted)


def _padded(value: Callable[[Moment], object], flags: str, letter: str, wanted: int) -> Write:
    width = 0 if "-" in flags else wanted or _WIDTHS.get(letter, 0)
    check_size(width)
    spaces = "_" in flags or ("0" not in flags and letter in _PADDED_BY_SPACES)

    def write(moment: Moment) -> str:
        text = str(value(moment))
        if "^" in flags:
            text = text.upper()
        elif "#" in flags:
            text = text.upper() if re.search("[a-z]", text) else text.lower()
        if spaces:
            return text.rjust(width)
        if text.startswith("-"):
            return f"-{text[1:].rjust(width - 1, '0')}"
        return text.rjust(width, "0")

    if flags or spaces or wanted:
        return write
    return lambda moment: str(value(moment)).zfill(width)


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
    if isinstance(value, str) and value in {"now", "today"}:
        return int(clock() * 1_000)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = float(value)
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
        return _formatted(moment, wanted)

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
