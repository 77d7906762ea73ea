"""Lines of the functions' log, as CloudWatch gives them, and a fake of boto3's client for them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from segment_rehook_cli.log.logged_outcome import LoggedOutcome

NOW = 1_800_000_000.0
DELIVERY = "m1:track-event"


def line(outcome: str, at: float = NOW - 3600, **fields: Any) -> LoggedOutcome:
    """Make a line about DELIVERY, unless `delivery` says otherwise."""
    given = {"service": "ingest", "message_id": "m1", "delivery": DELIVERY} | fields
    return LoggedOutcome(at=at, outcome=outcome, **given)


def text(outcome: str = "delivered", **fields: Any) -> str:
    """Make the text of a line, as the functions write it."""
    return json.dumps({"message": "outcome", "service": "ingest", "outcome": outcome, **fields})


def row(message: str, at: float = NOW) -> list[dict[str, str]]:
    """Make a row of GetQueryResults' answer."""
    moment = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return [
        {"field": "@timestamp", "value": moment},
        {"field": "@message", "value": message},
        {"field": "@ptr", "value": "p"},
    ]


def refused(operation: str, code: str, status: int = 400) -> ClientError:
    """Make the error with which AWS refuses a call."""
    answer: Any = {
        "Error": {"Code": code, "Message": "…"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, operation)


@dataclass
class FakeLogs:
    """A client of CloudWatch Logs: answers in turn, and notes what it is asked.

    An answer that is an exception is raised; a callable gives the answer. Filtered events are
    `(group, id, seconds, text)`; those that are not there yet can be added at any time.
    """

    starts: list[Any] = field(default_factory=lambda: [{"queryId": "q1"}])
    results: list[Any] = field(default_factory=list)
    events: list[tuple[str, str, float, str]] = field(default_factory=list)
    faults: list[Any] = field(default_factory=list)
    page_size: int = 2
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def start_query(self, **asked: Any) -> Mapping[str, Any]:
        """Give the next of `starts`."""
        return self._answer("StartQuery", asked, self.starts)

    def get_query_results(self, **asked: Any) -> Mapping[str, Any]:
        """Give the next of `results`."""
        return self._answer("GetQueryResults", asked, self.results)

    def stop_query(self, **asked: Any) -> Mapping[str, Any]:
        """Note that the query was stopped."""
        self.asked.append(("StopQuery", asked))
        return {"success": True}

    def filter_log_events(self, **asked: Any) -> Mapping[str, Any]:
        """Give a page of `events`; raise the next of `faults` first, where one is not None."""
        self.asked.append(("FilterLogEvents", asked))
        if self.faults and (fault := self.faults.pop(0)) is not None:
            raise fault
        found = [
            {"eventId": name, "timestamp": int(at * 1000), "message": message}
            for group, name, at, message in sorted(self.events, key=lambda each: each[2])
            if group == asked["logGroupName"] and int(at * 1000) >= asked["startTime"]
        ]
        start = int(asked.get("nextToken", "0"))
        end = start + self.page_size
        more = {"nextToken": str(end)} if end < len(found) else {}
        return {"events": found[start:end], **more}

    def operations(self) -> list[str]:
        """Give the operations that were asked for, in order."""
        return [name for name, _ in self.asked]

    def _answer(self, name: str, asked: Mapping[str, Any], answers: list[Any]) -> Mapping[str, Any]:
        self.asked.append((name, asked))
        answer = answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        made: Mapping[str, Any] = answer() if callable(answer) else answer
        return made


def completed(rows: Sequence[list[dict[str, str]]], read_bytes: float = 0.0) -> dict[str, Any]:
    """Make the answer of a query that has ended."""
    statistics = {"bytesScanned": read_bytes}
    return {"status": "Complete", "results": [*rows], "statistics": statistics}
