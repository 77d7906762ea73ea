"""Message ids and counts from the functions' log, by CloudWatch Logs Insights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from segment_rehook_cli.log.stack_logs import StackLogs
    from segment_rehook_cli.log.time_window import TimeWindow

__all__ = ["message_ids", "refused_requests"]

MAX_ROWS: Final = 200
"""An event has a line for each delivery and each try, so some ids come several times."""


def message_ids(
    log: StackLogs, asked: TimeWindow, condition: str, *, most: int, oldest: bool
) -> list[str]:
    """Give the message ids of outcomes, each once; the oldest first, or the latest."""
    order = "asc" if oldest else "desc"
    rows = _rows(
        log,
        asked,
        f'fields message_id | filter message = "outcome" and ({condition}) '
        f"| sort @timestamp {order} | limit {MAX_ROWS}",
    )
    return list(dict.fromkeys(row["message_id"] for row in rows if row.get("message_id")))[:most]


def refused_requests(log: StackLogs, asked: TimeWindow, condition: str) -> dict[str, int]:
    """Count refused requests by code."""
    rows = _rows(
        log,
        asked,
        f'filter message = "request refused" and ({condition}) '
        "| stats count(*) as requests by code",
    )
    return {row.get("code", "?"): int(float(row["requests"])) for row in rows}


def _rows(log: StackLogs, asked: TimeWindow, query: str) -> Iterator[Mapping[str, str]]:
    for row in log.run(query, asked).get("results", []):
        yield {each.get("field", ""): each.get("value", "") for each in row}
