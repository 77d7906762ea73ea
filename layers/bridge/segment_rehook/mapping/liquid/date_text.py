"""What V8's `new Date(text)` makes of a text: ISO dates, and nearly anything else.

A text that is no ISO date is read loosely: the first numbers are day, month and year in an order
that their sizes tell, words that are no months, zones or `am`/`pm` may stand before the first
number only, what is in brackets is skipped. Local time is UTC here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from segment_rehook.mapping.liquid.moment import days
from segment_rehook.mapping.text import WHITESPACE

MAX_MILLISECONDS = 8_640_000_000_000_000
"""How far from 1970 JavaScript's dates go."""

_ISO = re.compile(
    r"(?P<year>\d{4}|\+\d{6}|-(?!000000)\d{6})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d))?)?"
    r"(?:[Tt](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?"
    r"(?P<zone>[Zz]|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
# Words are anything from `A` up in Unicode, brackets and underscores included.
_TOKEN = re.compile(
    f"(?P<number>[0-9]+)|(?P<symbol>[-:+.)])|(?P<blank>[{WHITESPACE}]+)"
    f"|(?P<word>(?:(?![{WHITESPACE}])[A-\U0010ffff])+)|(?P<bracket>\\()|(?P<other>.)",
    re.DOTALL,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ZONES = {
    **dict.fromkeys(("ut", "utc", "z", "gmt"), 0),
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
}
_HALVES = {"am": 0, "pm": 12}
_MAX_DIGITS = 9
_MAX_OFFSET_SECONDS = 2**31 - 1
_DAY_PARTS, _TIME_PARTS = 3, 4


class _NoDate(Exception):
    """The text is no date to V8 either."""


def milliseconds(text: str) -> int | None:
    """Give the milliseconds since 1970, or None where JavaScript has an invalid date."""
    text = text.partition("\0")[0]  # where V8's reader stops
    try:
        count = _iso(text)
        if count is None:
            count = _Loose().read(text)
    except _NoDate:
        return None
    return count if abs(count) <= MAX_MILLISECONDS else None


def _iso(text: str) -> int | None:
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    if not _is_month(int(found["month"] or 1)) or not _is_day(int(found["day"] or 1)):
        return None
    year, month, day = int(found["year"]), int(found["month"] or 1), int(found["day"] or 1)
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    milli = _fraction(found["fraction"] or "0")
    _check_time(hour, minute, second, milli)
    offset = 0
    if (zone := (found["zone"] or "Z")) not in {"Z", "z"}:
        hours, minutes = int(zone[1:3]), int(zone[-2:])
        if hours > 23 or minutes > 59:  # noqa: PLR2004 — a clock's
            raise _NoDate
        offset = (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1)
    return _count(days(year, month, day), hour, minute - offset, second, milli)


def _is_month(number: int) -> bool:
    return 1 <= number <= 12  # noqa: PLR2004 — a year's


def _is_day(number: int) -> bool:
    return 1 <= number <= 31  # noqa: PLR2004 — a month's


def _fraction(digits: str) -> int:
    return int(digits[:_MAX_DIGITS].ljust(3, "0")[:3])


def _check_time(hour: int, minute: int, second: int, milli: int) -> None:
    midnight = hour == 24 and not (minute or second or milli)  # noqa: PLR2004 — the day's end
    if not midnight and (hour > 23 or minute > 59 or second > 59 or milli > 999):  # noqa: PLR2004 — a clock's
        raise _NoDate


def _count(day: int, hour: int, minute: int, second: int, milli: int) -> int:
    return (((day * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + milli


@dataclass(slots=True)
class _Loose:
    """What was read so far."""

    tokens: list[re.Match[str]] = field(default_factory=list)
    day: list[int] = field(default_factory=list)
    month: int = 0
    time: list[int] = field(default_factory=list)
    half: int | None = None
    sign: int = 0
    zone_hour: int | None = None
    zone_minute: int | None = None
    number_read: bool = False

    def read(self, text: str) -> int:
        """Read a text from its start. Raises _NoDate."""
        self.tokens = _tokens(text)[::-1]
        self._iso_start()
        while self.tokens:
            token = self.tokens.pop()
            if token["number"]:
                self.number_read = True
                self._number(token["number"])
            elif token["word"]:
                self._word(token["word"])
            elif token["symbol"] in {"+", "-"} and (self._is_utc() or self.time):
                self._zone(1 if token["symbol"] == "+" else -1)
            elif token["symbol"] in {"+", "-", ")"} and self.number_read:
                raise _NoDate
        return self._result()

    def _iso_start(self) -> None:
        # A date's ISO part counts as far as it goes, whatever follows but a time.
        sign = self.tokens.pop() if self._peek("symbol") in {"+", "-"} else None
        digits = self._peek("number")
        if len(digits) != (4 if sign is None else 6):
            self.tokens += [] if sign is None else [sign]
            return
        self.tokens.pop()
        if sign is not None and sign["symbol"] == "-":
            if not int(digits):
                self.tokens.append(sign)
                return
            digits = f"-{digits}"
        self.day.append(int(digits))
        self.number_read = True
        for fits in (_is_month, _is_day):
            if not self._skip("-"):
                break
            digits = self._peek("number")
            if len(digits) != 2 or not fits(int(digits)):  # noqa: PLR2004 — as ISO has them
                return
            self.day.append(int(self.tokens.pop()["number"]))
        if self._peek("word").lower() == "t":
            raise _NoDate  # a whole ISO time has been read before

    def _is_utc(self) -> bool:
        return self.zone_hour == self.zone_minute == 0

    def _peek(self, group: str) -> str:
        return (self.tokens[-1][group] or "") if self.tokens else ""

    def _skip(self, symbol: str) -> bool:
        if self._peek("symbol") != symbol:
            return False
        self.tokens.pop()
        return True

    def _expects_time(self, number: int) -> bool:
        most = {1: 59, 2: 59, 3: 999}.get(len(self.time), -1)
        return number <= most

    def _number(self, digits: str) -> None:
        number = _value(digits)
        if self._skip(":"):
            self._clock(number)
        elif self._skip(".") and self._expects_time(number):
            fraction = self._peek("number")
            if not fraction:
                raise _NoDate
            self.tokens.pop()
            self._finish_time(number, _fraction(fraction))
        elif self.zone_hour is not None and self.zone_minute is None and number < 60:  # noqa: PLR2004 — minutes
            self.zone_minute = number
        elif self._expects_time(number):
            self._finish_time(number)
            following = self._peek("symbol") or self._peek("word").lower()
            if self.tokens and not self._peek("blank") and following not in {"z", "+", "-"}:
                raise _NoDate
        else:
            if len(self.day) == _DAY_PARTS:
                raise _NoDate
            self.day.append(number)
            self._skip("-")

    def _clock(self, number: int) -> None:
        if len(self.time) == _TIME_PARTS:
            raise _NoDate
        if self._skip(":"):
            if self.time:
                raise _NoDate
            self.time = [number, 0]
        else:
            self.time.append(number)
            self._skip(".")

    def _finish_time(self, *parts: int) -> None:
        self.time += parts
        self.time += [0] * (_TIME_PARTS - len(self.time))

    def _word(self, word: str) -> None:
        known = "".join(letter.lower() if letter.isascii() else letter for letter in word)
        if known in _HALVES and self.time:
            self.half = _HALVES[known]
        elif known[:3] in _MONTHS:
            self.month = _MONTHS.index(known[:3]) + 1
            self._skip("-")
        elif known in _ZONES and self.number_read:
            self.sign = -1 if _ZONES[known] < 0 else 1
            self.zone_hour, self.zone_minute = abs(_ZONES[known]), 0
        elif self.number_read or self._peek("number"):
            raise _NoDate

    def _zone(self, sign: int) -> None:
        self.sign = sign
        digits = self._peek("number")
        if digits:
            self.tokens.pop()
        number = _value(digits or "0")
        self.number_read = True
        if self._peek("symbol") == ":":
            self.zone_hour, self.zone_minute = number, None
        elif len(digits) in {1, 2}:
            self.zone_hour, self.zone_minute = number, 0
        elif len(digits) in {3, 4}:
            self.zone_hour, self.zone_minute = divmod(number, 100)
        else:
            raise _NoDate

    def _date(self) -> tuple[int, int, int]:
        if not self.day:
            raise _NoDate
        first, second, third = [*self.day, 1, 1][:3]
        # A first number that can't be a day is a year.
        is_day = _is_day(first)
        if self.month:
            return (second, self.month, first) if is_day else (first, self.month, second)
        return (third, first, second) if is_day else (first, second, third)

    def _result(self) -> int:
        year, month, day = self._date()
        if 0 <= year < 100:  # noqa: PLR2004 — two digits
            year += 2000 if year < 50 else 1900  # noqa: PLR2004 — as V8 splits the century
        if not _is_month(month) or not _is_day(day):
            raise _NoDate
        hour, minute, second, milli = [*self.time, 0, 0, 0, 0][:4]
        if self.half is not None:
            if hour > 12:  # noqa: PLR2004 — a half day's
                raise _NoDate
            hour = hour % 12 + self.half
        _check_time(hour, minute, second, milli)
        offset = self.sign * ((self.zone_hour or 0) * 60 + (self.zone_minute or 0))
        if abs(offset) * 60 > _MAX_OFFSET_SECONDS:
            raise _NoDate
        return _count(days(year, month, day), hour, minute - offset, second, milli)


def _value(digits: str) -> int:
    significant = digits.lstrip("0")
    return int(significant[:_MAX_DIGITS] or "0")


def _tokens(text: str) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    at = 0
    while (token := _TOKEN.match(text, at)) is not None:
        found.append(token)
        at = token.end() if token["bracket"] is None else _past_bracket(text, token.end())
    return found


def _past_bracket(text: str, at: int) -> int:
    # Brackets nest; an unclosed one swallows the rest.
    depth = 1
    while depth and at < len(text):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at
