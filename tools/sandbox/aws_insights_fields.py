"""The fields of a log event, as CloudWatch Logs Insights discovers and compares them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tools.sandbox.aws_log_events import LogEvent

Row = dict[str, str]
"""The fields of one event, or of one group of events, with their values as text."""

POINTER: Final = "@ptr"
GENERATED: Final = ("@timestamp", "@message", "@log", "@logStream", "@ingestionTime")


def moment(milliseconds: int) -> str:
    """A time as Insights shows it, in UTC."""
    when = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return when.strftime("%Y-%m-%d %H:%M:%S.") + f"{milliseconds % 1000:03}"


def row_of(account: str, event: LogEvent) -> Row:
    """The fields of an event."""
    row: Row = {}
    _discover(event.decoded() or {}, "", row)
    row |= {
        "@timestamp": moment(event.at),
        "@ingestionTime": moment(event.at),
        "@message": event.message,
        "@log": f"{account}:{event.group}",
        "@logStream": event.stream,
        POINTER: str(event.number),
    }
    return row


def _discover(value: Any, name: str, row: Row) -> None:
    """Find the fields of a JSON value; those within others have names with dots."""
    match value:
        case dict():
            for key, member in value.items():
                _discover(member, f"{name}.{key}" if name else key, row)
        case list():
            for number, member in enumerate(value):
                _discover(member, f"{name}.{number}", row)
        case bool():
            row[name] = str(int(value))
        case None:
            pass
        case _:
            row[name] = str(value)


def number_of(text: str | None) -> float | None:
    """A value as a number, None if it is not one."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def rank(value: str | None) -> tuple[int, float, str]:
    """The place of a value in an ascending order: none, then numbers, then texts."""
    number = number_of(value)
    if value is None:
        return 0, 0.0, ""
    return (1, number, "") if number is not None else (2, 0.0, value)


def compared(found: str | None, sign: str, value: str) -> bool:
    """Compare as numbers where both are. A field that is absent is unequal to everything."""
    if found is None:
        return sign == "!="
    numbers = number_of(found), number_of(value)
    left, right = (found, value) if None in numbers else numbers
    match sign:
        case "=":
            return left == right
        case "!=":
            return left != right
        case "<":
            return left < right  # type: ignore[operator]  # both are numbers, or both are texts
        case "<=":
            return left <= right  # type: ignore[operator]  # as above
        case ">":
            return left > right  # type: ignore[operator]  # as above
    return left >= right  # type: ignore[operator]  # as above
