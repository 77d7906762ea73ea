"""Message ids and codes from the functions' log, by CloudWatch Logs Insights.

Permissions: logs:StartQuery, logs:GetQueryResults, logs:StopQuery.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from segment_rehook_cli.aws_errors import StackUnusable
from segment_rehook_cli.botocore_errors import AWS_ERRORS

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.aws_clients import InsightsClient

__all__ = ["LogQuery"]

MAX_ROWS: Final = 200
POLL_SECONDS: Final = 0.5
MAX_POLLS: Final = 120
_RUNNING: Final = {"Scheduled", "Running", "Unknown"}

LogRow = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Queries of the log groups over a time, in seconds since the epoch."""

    client: InsightsClient
    groups: Sequence[str]
    since: float
    until: float
    sleep: Callable[[float], None]

    def message_ids(self, condition: str, *, most: int, oldest: bool) -> list[str]:
        """Give the message ids of outcomes, each once; the latest first, or the oldest."""
        order = "asc" if oldest else "desc"
        rows = self._rows(
            f'fields message_id | filter message = "outcome" and ({condition}) '
            f"| sort @timestamp {order} | limit {MAX_ROWS}"
        )
        found = dict.fromkeys(row["message_id"] for row in rows if row.get("message_id"))
        return list(found)[:most]

    def refusals(self, condition: str) -> dict[str, float]:
        """Count refused requests by code."""
        rows = self._rows(
            f'filter message = "request refused" and ({condition}) '
            "| stats count(*) as requests by code"
        )
        return {row.get("code", "?"): float(row["requests"]) for row in rows}

    def _rows(self, query: str) -> list[LogRow]:
        """Run a query. Raises what boto3 raises, and StackUnusable where it does not end well.

        However it ends, also by KeyboardInterrupt, no query goes on running.
        """
        started = self.client.start_query(
            logGroupNames=[*self.groups],
            startTime=int(self.since),
            endTime=int(self.until) + 1,
            queryString=query,
        )["queryId"]
        with self._stopped(started):
            for _ in range(MAX_POLLS):
                answer = self.client.get_query_results(queryId=started)
                if answer["status"] == "Complete":
                    return [
                        {each.get("field", ""): each.get("value", "") for each in row}
                        for row in answer["results"]
                    ]
                if answer["status"] not in _RUNNING:
                    raise StackUnusable(f"the query of the log ended as {answer['status']}")
                self.sleep(POLL_SECONDS)
            raise StackUnusable("the query of the log took too long")

    @contextlib.contextmanager
    def _stopped(self, started: str) -> Iterator[None]:
        try:
            yield
        except BaseException:
            # If it can't be stopped, it ends by itself; the first error is the one to be told.
            with contextlib.suppress(*AWS_ERRORS):
                self.client.stop_query(queryId=started)
            raise
