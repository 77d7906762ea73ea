"""Formats of dates: the letters of Ruby's strftime as LiquidJS has them, in US English.

A format is compiled to the functions that write its parts.
"""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING, TypeAlias

from segment_rehook.mapping.liquid.moment import MONTHS, WEEKDAYS, Moment
from segment_rehook.mapping.liquid.values import check_size, checked_size
from segment_rehook.mapping.values import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Write: TypeAlias = "Callable[[Moment], str]"
"""Writes a part of a format."""

MAX_CACHED_CHARACTERS = 100
"""A longer format is compiled each time: an event may bring one."""
_DIRECTIVE = re.compile(r"%([-_0^#:]+)?([0-9]+)?[EO]?([^\n\r\u2028\u2029])")
_WIDTHS = {
    **dict.fromkeys("CdeHIklmMSUWy", 2),
    "j": 3,
    "L": 3,
    "Y": 4,
}
_PADDED_BY_SPACES = frozenset("aAbBceklpP")
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


def formatted(moment: Moment, layout: str) -> str:
    """Write a moment. Raises MappingError if the result, or a part of it, would be too long."""
    parts = _parts if len(layout) <= MAX_CACHED_CHARACTERS else _parts.__wrapped__
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
