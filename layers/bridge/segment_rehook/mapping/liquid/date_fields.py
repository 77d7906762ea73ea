"""The fields of a date and time, checked as V8 checks them and counted in milliseconds."""

from __future__ import annotations

from segment_rehook.mapping.liquid.moment import days

MAX_DIGITS = 9
"""V8 reads so many digits of a number."""


class InvalidDate(Exception):
    """The text is not a date in V8 either."""


def is_month(number: int) -> bool:
    """Whether a number is a month, 1 to 12."""
    return 1 <= number <= 12  # noqa: PLR2004 — months of a year


def is_day(number: int) -> bool:
    """Whether a number is a day of a month, 1 to 31."""
    return 1 <= number <= 31  # noqa: PLR2004 — days of a month


def fraction(digits: str) -> int:
    """Read the digits after a second's decimal point, as milliseconds."""
    return int(digits[:MAX_DIGITS].ljust(3, "0")[:3])


def check_time(hour: int, minute: int, second: int, milli: int) -> None:
    """Raise InvalidDate unless it is a time of day, 24:00:00.000 included."""
    midnight = hour == 24 and not (minute or second or milli)  # noqa: PLR2004 — the day's end
    if not midnight and (hour > 23 or minute > 59 or second > 59 or milli > 999):  # noqa: PLR2004 — maxima of a time of day
        raise InvalidDate


def milliseconds_at(date: tuple[int, int, int], time: tuple[int, int, int, int], zone: int) -> int:
    """Count milliseconds since 1970. `zone` is in minutes, east of Greenwich positive."""
    hour, minute, second, milli = time
    return ((days(*date) * 24 + hour) * 60 + minute - zone) * 60_000 + second * 1_000 + milli
