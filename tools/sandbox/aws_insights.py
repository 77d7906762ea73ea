"""A part of the query language of CloudWatch Logs Insights; what is not in it is refused.

The commands are ``fields``, ``filter``, ``sort``, ``limit`` and ``stats``, with fields by their
names. ``filter`` takes comparisons, ``like``, ``in``, ``ispresent``, ``and``, ``or`` and ``not``;
``stats`` takes count(*), sum, avg, min and max, and ``by`` with fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.sandbox.aws_insights_fields import POINTER, Row, number_of, rank, row_of
from tools.sandbox.aws_insights_syntax import Condition, Filter, QueryText

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.sandbox.aws_log_events import LogEvent

MAX_ROWS: Final = 10_000


class Query:
    """A query that can be run. Raises Refused if it is not one of these."""

    def __init__(self, text: str) -> None:
        self.fields: list[str] = []
        self.conditions: list[Condition] = []
        self.order: tuple[str, bool] | None = None
        self.limit: int | None = None
        self.groups: list[str] | None = None
        self.figures: list[tuple[str, str, str]] = []
        _Commands(QueryText(text), self).read()

    def run(self, account: str, events: Iterable[LogEvent]) -> tuple[list[Row], int]:
        """Return the rows, and how many events matched. Without ``sort`` the latest come first."""
        found = [
            row
            for row in (row_of(account, event) for event in events)
            if all(condition(row) for condition in self.conditions)
        ]
        matched = len(found)
        if self.groups is None:
            found.reverse()
            rows = found
        else:
            rows = self._counted(found, self.groups)
        if self.order is not None:
            name, descending = self.order
            rows.sort(key=lambda row: rank(row.get(name)), reverse=descending)
        return [self._shown(row) for row in rows[: self.limit or MAX_ROWS]], matched

    def _shown(self, row: Row) -> Row:
        if self.groups is not None:
            return row
        names = [*(self.fields or ["@timestamp", "@message"]), POINTER]
        return {name: row[name] for name in names if name in row}

    def _counted(self, found: list[Row], groups: list[str]) -> list[Row]:
        grouped: dict[tuple[str | None, ...], list[Row]] = {} if groups else {(): []}
        for row in found:
            grouped.setdefault(tuple(row.get(name) for name in groups), []).append(row)
        return [
            {name: value for name, value in zip(groups, key, strict=True) if value is not None}
            | {
                name: figure
                for name, function, field in self.figures
                if (figure := _figure(function, field, rows)) is not None
            }
            for key, rows in grouped.items()
        ]


def _figure(function: str, field: str, rows: list[Row]) -> str | None:
    if function == "count":
        return str(sum(field == "*" or field in row for row in rows))
    numbers = [n for row in rows if (n := number_of(row.get(field))) is not None]
    if not numbers:
        return None
    match function:
        case "sum":
            figure = sum(numbers)
        case "avg":
            figure = sum(numbers) / len(numbers)
        case "min":
            figure = min(numbers)
        case _:
            figure = max(numbers)
    return f"{figure:.4f}".rstrip("0").rstrip(".")


class _Commands:
    """The commands of a query being read."""

    def __init__(self, text: QueryText, query: Query) -> None:
        self._text = text
        self._query = query

    def read(self) -> None:
        while True:
            command = self._text.take("word", "fields", "filter", "sort", "limit", "stats")
            if command is None:
                raise self._text.unexpected("fields, filter, sort, limit or stats")
            self._command(command.lower())
            if self._text.ended:
                return
            if not self._text.take("sign", "|"):
                raise self._text.unexpected("| or the end of the query")

    def _command(self, command: str) -> None:
        query = self._query
        if command == "filter":
            if query.groups is not None or query.limit is not None:
                raise self._text.unexpected("no filter after stats or limit")
            query.conditions.append(Filter(self._text).any())
        elif command == "fields":
            query.fields += self._text.names()
        elif command == "sort":
            name = self._text.name()
            direction = self._text.take("word", "asc", "desc")
            if direction is None:
                raise self._text.unexpected("asc or desc")
            query.order = name, direction.lower() == "desc"
        elif command == "limit":
            number = int(self._text.take("number") or 0)
            if not 1 <= number <= MAX_ROWS:
                raise self._text.unexpected(f"a number from 1 to {MAX_ROWS}")
            query.limit = number
        else:
            self._stats()

    def _stats(self) -> None:
        if self._query.groups is not None:
            raise self._text.unexpected("one stats only")
        while True:
            function = self._text.take("word", "count", "sum", "avg", "min", "max")
            if function is None or not self._text.take("sign", "("):
                raise self._text.unexpected("count(*), sum, avg, min or max of a field")
            every = function.lower() == "count" and self._text.take("sign", "*")
            field = "*" if every else self._text.name()
            if not self._text.take("sign", ")"):
                raise self._text.unexpected(")")
            name = self._text.name() if self._text.take("word", "as") else f"{function}({field})"
            self._query.figures.append((name, function.lower(), field))
            if not self._text.take("sign", ","):
                break
        self._query.groups = self._text.names() if self._text.take("word", "by") else []
