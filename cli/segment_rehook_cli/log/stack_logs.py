"""Reads a stack's log: both functions' log groups, over days.

`StackLogs` uses CloudWatch Logs Insights. AWS charges for what a query reads, so a query that is no
longer needed is stopped. `log_events` uses FilterLogEvents, which costs nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from segment_rehook.delivery.ports import Clock
from segment_rehook_cli.log.insights_query import MAX_LINES, query
from segment_rehook_cli.log.logged_outcome import LoggedOutcome, read_line
from segment_rehook_cli.log.time_window import TimeWindow
from segment_rehook_cli.stack.aws_errors import StackUnusable
from segment_rehook_cli.stack.botocore_errors import aws_error_classes, error_code
from segment_rehook_cli.stack.stack import Stack

__all__ = [
    "OUTCOMES",
    "Found",
    "LogsClient",
    "OutcomeLines",
    "StackLogs",
    "cost",
    "log_events",
    "log_groups",
]

DOLLARS_PER_GB: Final = 0.005
"""What a query costs for what it reads, in most regions: aws.amazon.com/cloudwatch/pricing."""

POLL_SECONDS: Final = (0.5, 1.0, 2.0)
"""Between two looks for the result; the last one stays."""

MAX_STARTS: Final = 5
"""An account can run 100 queries at a time; one that is refused for this is started again."""

START_SECONDS: Final = 5.0
MAX_QUERY_SECONDS: Final = 900.0
OUTCOMES: Final = '{ $.message = "outcome" }'
"""The pattern of the outcomes' lines, for `log_events`."""

_RUNNING: Final = frozenset({"Scheduled", "Running"})


class LogsClient(Protocol):
    """What is used of boto3's client of CloudWatch Logs."""

    def start_query(self, **asked: Any) -> Mapping[str, Any]:
        """Start a query of Logs Insights."""

    def get_query_results(self, **asked: Any) -> Mapping[str, Any]:
        """Give what a query has found so far, and whether it has ended."""

    def stop_query(self, **asked: Any) -> Mapping[str, Any]:
        """Stop a query."""

    def filter_log_events(self, **asked: Any) -> Mapping[str, Any]:
        """Give a page of one log group's lines."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a query has found. `lines`: oldest first.

    `cut`: there were more lines than one answer holds, and the oldest are missing. `read_bytes`:
    what the query has read, and is charged for.
    """

    lines: Sequence[LoggedOutcome]
    cut: bool
    read_bytes: float


class OutcomeLines(Protocol):
    """Where the outcomes' lines of a stack are: CloudWatch, or the memory of a sandbox."""

    def find(self, condition: str, asked: TimeWindow) -> Found:
        """Give the outcomes' lines that fulfil the condition, and maybe others."""


def log_groups(stack: Stack) -> list[str]:
    """Give the names of the functions' log groups. Raises StackUnusable."""
    return [stack.output("IngestLogGroup"), stack.output("RedriveLogGroup")]


def log_events(
    client: LogsClient, group: str, pattern: str, since: float
) -> Iterator[Mapping[str, Any]]:
    """Give one log group's events that match, page by page. `since`: in seconds of Unix time.

    Raises what boto3 raises.
    """
    asked: dict[str, Any] = {
        "logGroupName": group,
        "startTime": int(since * 1000),
        "filterPattern": pattern,
    }
    while True:
        page = client.filter_log_events(**asked)
        yield from page.get("events", [])
        if not page.get("nextToken"):
            return
        asked["nextToken"] = page["nextToken"]


def cost(read_bytes: float) -> str:
    """Say what a query has read, and about what that costs."""
    dollars = read_bytes / 1e9 * DOLLARS_PER_GB
    return f"the query read {read_bytes / 1e6:,.1f} MB of the log, for about ${dollars:.4f}"


@dataclass(frozen=True, slots=True)
class StackLogs:
    """The log of one stack. `groups`: the names of its log groups."""

    client: LogsClient
    groups: Sequence[str]
    clock: Clock

    def find(self, condition: str, asked: TimeWindow) -> Found:
        """Give the outcomes' lines that fulfil the condition of `insights_query`, and maybe others.

        Raises what boto3 raises, and StackUnusable if the query does not end well. However it ends,
        also by KeyboardInterrupt, no query goes on running.
        """
        answer = self.run(query(condition), asked)
        results = answer.get("results", [])
        # The newest come first; of one moment, lines stay in the order in which they were logged.
        read = (each for each in map(_outcome, reversed(results)) if each is not None)
        return Found(
            sorted(read, key=lambda line: line.at),
            cut=len(results) >= MAX_LINES,
            read_bytes=float(answer.get("statistics", {}).get("bytesScanned", 0.0)),
        )

    def run(self, text: str, asked: TimeWindow) -> Mapping[str, Any]:
        """Give the answer to a query in the language of Logs Insights. Raises as `find` does."""
        started = self._start(text, asked)
        with self._stopped(started):
            return self._wait(started)

    def _start(self, text: str, asked: TimeWindow) -> str:
        for left in reversed(range(MAX_STARTS)):
            try:
                answer = self.client.start_query(
                    logGroupNames=[*self.groups],
                    startTime=int(asked.since),
                    endTime=int(asked.until) + 1,
                    queryString=text,
                    limit=MAX_LINES,
                )
            except aws_error_classes() as error:
                code = error_code(error)
                if code == "MalformedQueryException":
                    raise StackUnusable(
                        "StartQuery: MalformedQueryException: the log has nothing of that time: it "
                        "is older than the stack's log, or than the log is kept"
                    ) from None
                if code != "LimitExceededException" or not left:
                    raise
                self.clock.sleep(START_SECONDS)
            else:
                return str(answer["queryId"])
        raise StackUnusable("StartQuery: LimitExceededException")  # not reached: raised above

    def _wait(self, started: str) -> Mapping[str, Any]:
        until = self.clock.monotonic() + MAX_QUERY_SECONDS
        pauses = iter(POLL_SECONDS)
        while True:
            self.clock.sleep(next(pauses, POLL_SECONDS[-1]))
            answer = self.client.get_query_results(queryId=started)
            status = answer["status"]
            if status == "Complete":
                return answer
            if status not in _RUNNING:
                raise StackUnusable(
                    f"the query of the log ended as {status}: give a shorter time with --since"
                )
            if self.clock.monotonic() > until:
                raise StackUnusable(
                    f"the query of the log was stopped after {MAX_QUERY_SECONDS / 60:.0f} minutes: "
                    "give a shorter time with --since"
                )

    @contextlib.contextmanager
    def _stopped(self, started: str) -> Iterator[None]:
        """Stop the query unless its result is there."""
        try:
            yield
        except BaseException:
            # If it can't be stopped, it ends by itself; the first error is the one to be told.
            with contextlib.suppress(*aws_error_classes()):
                self.client.stop_query(queryId=started)
            raise


def _outcome(row: Sequence[Mapping[str, str]]) -> LoggedOutcome | None:
    fields = {each.get("field"): each.get("value", "") for each in row}
    try:
        at = datetime.fromisoformat(fields["@timestamp"]).replace(tzinfo=UTC).timestamp()
    except (KeyError, ValueError):
        return None
    return read_line(fields.get("@message", ""), at)
