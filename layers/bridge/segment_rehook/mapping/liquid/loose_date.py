"""Dates that are not ISO dates, as V8's legacy parser reads them.

The first numbers are day, month and year, in an order that depends on their sizes. Words other than
months, zones and `am`/`pm` may only stand before the first number. Text in brackets is skipped. A
date without a zone is in UTC: V8 takes its machine's time zone, which is UTC here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from segment_rehook.mapping.liquid.date_fields import (
    MAX_DIGITS,
    InvalidDate,
    check_time,
    fraction,
    is_day,
    is_month,
    milliseconds_at,
)
from segment_rehook.mapping.text import WHITESPACE

# A word has any characters from `A` up in Unicode, brackets and underscores included.
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
_MAX_OFFSET_SECONDS = 2**31 - 1
_DAY_PARTS, _TIME_PARTS = 3, 4


def read_loose_date(text: str) -> int:
    """Return the milliseconds since 1970. Raises InvalidDate."""
    return _Reader(_tokens(text)[::-1]).read()


@dataclass(slots=True)
class _Reader:
    """Reads a text's tokens, of which the next one is the last. `day` has up to three numbers."""

    tokens: list[re.Match[str]]
    day: list[int] = field(default_factory=list)
    month: int = 0
    time: list[int] = field(default_factory=list)
    half: int | None = None
    sign: int = 0
    zone_hour: int | None = None
    zone_minute: int | None = None
    number_read: bool = False

    def read(self) -> int:
        """Read all tokens and return the milliseconds since 1970. Raises InvalidDate."""
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
                raise InvalidDate
        return self._result()

    def _iso_start(self) -> None:
        # An ISO date at the start is read as far as it goes. No ISO time may follow.
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
        for fits in (is_month, is_day):
            if not self._skip("-"):
                break
            digits = self._peek("number")
            if len(digits) != 2 or not fits(int(digits)):  # noqa: PLR2004 — two digits, as in ISO dates
                return
            self.day.append(int(self.tokens.pop()["number"]))
        if self._peek("word").lower() == "t":
            raise InvalidDate  # a valid ISO date and time is read before

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
        maximum = {1: 59, 2: 59, 3: 999}.get(len(self.time), -1)
        return number <= maximum

    def _number(self, digits: str) -> None:
        number = _value(digits)
        if self._skip(":"):
            self._clock(number)
        elif self._skip(".") and self._expects_time(number):
            after_point = self._peek("number")
            if not after_point:
                raise InvalidDate
            self.tokens.pop()
            self._finish_time(number, fraction(after_point))
        elif self.zone_hour is not None and self.zone_minute is None and number < 60:  # noqa: PLR2004 — minutes of an hour
            self.zone_minute = number
        elif self._expects_time(number):
            self._finish_time(number)
            following = self._peek("symbol") or self._peek("word").lower()
            if self.tokens and not self._peek("blank") and following not in {"z", "+", "-"}:
                raise InvalidDate
        else:
            if len(self.day) == _DAY_PARTS:
                raise InvalidDate
            self.day.append(number)
            self._skip("-")

    def _clock(self, number: int) -> None:
        if len(self.time) == _TIME_PARTS:
            raise InvalidDate
        if self._skip(":"):
            if self.time:
                raise InvalidDate
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
            raise InvalidDate

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
            raise InvalidDate

    def _date(self) -> tuple[int, int, int]:
        if not self.day:
            raise InvalidDate
        first, second, third = [*self.day, 1, 1][:3]
        # If the first number can't be a day, it is the year.
        day_first = is_day(first)
        if self.month:
            return (second, self.month, first) if day_first else (first, self.month, second)
        return (third, first, second) if day_first else (first, second, third)

    def _result(self) -> int:
        year, month, day = self._date()
        if 0 <= year < 100:  # noqa: PLR2004 — two digits
            year += 2000 if year < 50 else 1900  # noqa: PLR2004 — as V8 splits the century
        if not is_month(month) or not is_day(day):
            raise InvalidDate
        hour, minute, second, milli = [*self.time, 0, 0, 0, 0][:4]
        if self.half is not None:
            if hour > 12:  # noqa: PLR2004 — hours of half a day
                raise InvalidDate
            hour = hour % 12 + self.half
        check_time(hour, minute, second, milli)
        offset = self.sign * ((self.zone_hour or 0) * 60 + (self.zone_minute or 0))
        if abs(offset) * 60 > _MAX_OFFSET_SECONDS:
            raise InvalidDate
        return milliseconds_at((year, month, day), (hour, minute, second, milli), offset)


def _value(digits: str) -> int:
    significant = digits.lstrip("0")
    return int(significant[:MAX_DIGITS] or "0")


def _tokens(text: str) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    at = 0
    while (token := _TOKEN.match(text, at)) is not None:
        found.append(token)
        at = token.end() if token["bracket"] is None else _past_bracket(text, token.end())
    return found


def _past_bracket(text: str, at: int) -> int:
    # Brackets nest. A bracket that is not closed goes to the end of the text.
    depth = 1
    while depth and at < len(text):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at
