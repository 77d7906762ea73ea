"""CloudWatch Logs over what the functions logged: log groups, events and queries of Insights."""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tools.sandbox.aws_answers import Refused, page
from tools.sandbox.aws_filter_patterns import compile_pattern
from tools.sandbox.aws_insights import MAX_ROWS, Query
from tools.sandbox.aws_log_events import LogEvent, LogEvents
from tools.sandbox.intrinsics import ACCOUNT, REGION

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox.aws_insights_fields import Row
    from tools.sandbox.aws_stacks import StackRecord

MAX_EVENTS: Final = 10_000
MAX_BYTES: Final = 1_048_576
"""FilterLogEvents' limits on one page. 26 bytes are counted for each event besides its text."""

MAX_GROUPS, MAX_QUERIES = 50, 100
_ABSENT: Final = "The specified log group does not exist."
_BAD_TOKEN: Final = "The specified nextToken is invalid."  # noqa: S105 — an error message


class _Running:
    """A query. Like AWS, it says once that it is running before it is complete."""

    def __init__(self, rows: list[Row], statistics: dict[str, float]) -> None:
        self.rows = rows
        self.statistics = statistics
        self.status = "Running"


class AwsLogs:
    """The operations by their names."""

    def __init__(self) -> None:
        self.events = LogEvents()
        self._groups: dict[str, int | None] = {}
        self._created = 0
        self._queries: dict[str, _Running] = {}
        self._lock = threading.Lock()
        self.operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "DescribeLogGroups": self._describe,
            "FilterLogEvents": self._filter,
            "StartQuery": self._start,
            "GetQueryResults": self._results,
            "StopQuery": self._stop,
        }

    def record(self, stack: StackRecord) -> None:
        """Have the log groups of this stack."""
        self._groups = stack.log_groups
        self._created = int(time.time() * 1000)
        self.events.record(stack)

    def _describe(self, asked: dict[str, Any]) -> dict[str, Any]:
        prefix = asked.get("logGroupNamePrefix", "")
        part = asked.get("logGroupNamePattern", "")
        if prefix and part:
            raise _wrong("logGroupNamePrefix and logGroupNamePattern exclude each other")
        names = sorted(
            name
            for name in self._groups
            if name.startswith(prefix) and part.lower() in name.lower()
        )
        size = _within(asked, "limit", MAX_GROUPS, MAX_GROUPS)
        shown, token = page(names, size, asked.get("nextToken"), _wrong(_BAD_TOKEN))
        groups = [self._group(name) for name in shown]
        return {"logGroups": groups, **({"nextToken": token} if token else {})}

    def _group(self, name: str) -> dict[str, Any]:
        days = self._groups[name]
        arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"
        return {
            "logGroupName": name,
            "creationTime": self._created,
            **({"retentionInDays": days} if days else {}),
            "metricFilterCount": 0,
            "arn": f"{arn}:*",
            "logGroupArn": arn,
            "storedBytes": 0,
            "logGroupClass": "STANDARD",
        }

    def _named(self, name: str) -> str:
        """Return the log group with this name or ARN. Raises Refused."""
        if name.startswith("arn:"):
            name = name.split(":", 6)[-1].removesuffix(":*")
        if name not in self._groups:
            raise Refused("ResourceNotFoundException", _ABSENT)
        return name

    def _filter(self, asked: dict[str, Any]) -> dict[str, Any]:
        names = [asked[key] for key in ("logGroupName", "logGroupIdentifier") if key in asked]
        if len(names) != 1:
            raise _wrong("give either logGroupName or logGroupIdentifier")
        group = self._named(names[0])
        pattern = compile_pattern(asked.get("filterPattern", ""))
        streams, prefix = asked.get("logStreamNames"), asked.get("logStreamNamePrefix", "")
        if streams is not None and prefix:
            raise _wrong("logStreamNames and logStreamNamePrefix exclude each other")
        most = _within(asked, "limit", MAX_EVENTS, MAX_EVENTS)
        asks = hashlib.sha256(
            msgspec.json.encode(
                {k: v for k, v in asked.items() if k != "nextToken"}, order="sorted"
            )
        ).hexdigest()
        found: list[LogEvent] = []
        size = 0
        for event in self.events.read(
            {group}, asked.get("startTime"), asked.get("endTime"), _resumed(asked, asks)
        ):
            if streams is not None and event.stream not in streams:
                continue
            if not event.stream.startswith(prefix) or not pattern(event):
                continue
            size += len(event.message.encode()) + 26
            if len(found) == most or (found and size > MAX_BYTES):
                return {"events": _shown(found), "nextToken": f"{asks}/{event.number}"}
            found.append(event)
        return {"events": _shown(found), "searchedLogStreams": []}

    def _start(self, asked: dict[str, Any]) -> dict[str, Any]:
        kinds = ("logGroupName", "logGroupNames", "logGroupIdentifiers")
        given = [asked[kind] for kind in kinds if kind in asked]
        if len(given) != 1:
            raise _wrong(f"give one of {', '.join(kinds)}")
        names = given if isinstance(given[0], str) else given[0]
        groups = {self._named(name) for name in names}
        if not 1 <= len(groups) <= MAX_GROUPS:
            raise _wrong(f"a query reads from 1 to {MAX_GROUPS} log groups")
        start, end = asked["startTime"] * 1000, asked["endTime"] * 1000 + 999
        if start > end:
            raise _wrong("startTime is later than endTime")
        query = Query(asked["queryString"])
        if query.limit is None:
            query.limit = _within(asked, "limit", MAX_ROWS, MAX_ROWS)
        events = list(self.events.read(groups, start, end))
        rows, matched = query.run(ACCOUNT, events)
        scanned = sum(len(event.message.encode()) for event in events)
        statistics = {
            "recordsMatched": float(matched),
            "recordsScanned": float(len(events)),
            "bytesScanned": float(scanned),
        }
        number = str(uuid.uuid4())
        with self._lock:
            self._queries[number] = _Running(rows, statistics)
            while len(self._queries) > MAX_QUERIES:
                del self._queries[next(iter(self._queries))]
        return {"queryId": number}

    def _query(self, asked: dict[str, Any]) -> _Running:
        with self._lock:
            if asked["queryId"] not in self._queries:
                raise Refused("ResourceNotFoundException", "The specified query does not exist.")
            return self._queries[asked["queryId"]]

    def _results(self, asked: dict[str, Any]) -> dict[str, Any]:
        query = self._query(asked)
        status = query.status
        if status == "Running":
            query.status = "Complete"
        rows = query.rows if status == "Complete" else []
        return {
            "queryLanguage": "CWLI",
            "results": [
                [{"field": name, "value": value} for name, value in row.items()] for row in rows
            ],
            "statistics": query.statistics,
            "status": status,
        }

    def _stop(self, asked: dict[str, Any]) -> dict[str, Any]:
        query = self._query(asked)
        if query.status != "Running":
            raise _wrong(f"Query has already ended with status: {query.status}")
        query.status = "Cancelled"
        return {"success": True}


def _wrong(message: str) -> Refused:
    return Refused("InvalidParameterException", message)


def _within(asked: dict[str, Any], name: str, most: int, default: int) -> int:
    number = asked.get(name, default)
    if not isinstance(number, int) or not 1 <= number <= most:
        raise _wrong(f"{name} is a number from 1 to {most}")
    return number


def _resumed(asked: dict[str, Any], asks: str) -> int:
    """Return the number of the event at which the page begins."""
    token = asked.get("nextToken")
    if token is None:
        return 0
    owner, _, number = str(token).partition("/")
    if owner != asks or not (number.isascii() and number.isdecimal()):
        raise _wrong(_BAD_TOKEN)
    return int(number)


def _shown(events: list[LogEvent]) -> list[dict[str, Any]]:
    return [
        {
            "logStreamName": event.stream,
            "timestamp": event.at,
            "message": event.message,
            "ingestionTime": event.at,
            "eventId": f"{event.number:056}",
        }
        for event in events
    ]
