"""A moment at an offset from UTC, in JavaScript's calendar (proleptic Gregorian)."""

from __future__ import annotations

from typing import Final

_DAY = 86_400_000
_MINUTE = 60_000
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


class Moment:
    """A moment: `milliseconds` since 1970 in UTC, and `offset` in minutes, west positive.

    Years range from -271821 to 275760, more than `datetime` holds. `zone` is the time zone's name;
    empty if the offset was given as a number. `date` is year, month and day, each from 1; `time` is
    hour, minute, second and millisecond.
    """

    __slots__ = ("_day", "date", "milliseconds", "offset", "time", "zone")

    def __init__(self, milliseconds: int, offset: float = 0, zone: str = "") -> None:
        self.milliseconds: Final = milliseconds
        self.offset: Final = offset
        self.zone: Final = zone
        self._day, of_day = divmod(milliseconds - int(offset * _MINUTE), _DAY)
        self.date: Final = civil(self._day)
        seconds, milli = divmod(of_day, 1_000)
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        self.time: Final = (hour, minute, second, milli)

    @property
    def weekday(self) -> int:
        """Day of the week; Sunday is 0."""
        return (self._day + 4) % 7

    @property
    def day_of_year(self) -> int:
        """Day of the year, from 1."""
        year, _, _ = self.date
        return self._day - days(year, 1, 1) + 1

    def week(self, first_day: int) -> int:
        """Week of the year; weeks begin on the weekday `first_day`.

        Days before the first such day are in week 0.
        """
        since = (self.weekday - first_day) % 7
        return (self.day_of_year - 1 - since + 7) // 7


def days(year: int, month: int, day: int) -> int:
    """Count days since 1970-01-01. Month and day may be out of range."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    # Years are counted from March, so that the leap day is the last day of a year.
    year -= month <= 2  # noqa: PLR2004 — January and February
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def civil(count: int) -> tuple[int, int, int]:
    """Return the date so many days after 1970-01-01: the inverse of `days`."""
    era, of_era = divmod(count + 719_468, 146_097)
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9  # noqa: PLR2004 — years from March
    return year + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1  # noqa: PLR2004 — as above
