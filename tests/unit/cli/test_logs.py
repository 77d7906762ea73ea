"""Tests of reading the log by queries: what is found, and that no query goes on running."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from segment_rehook_cli.log.stack_logs import StackLogs, cost
from segment_rehook_cli.log.time_window import TimeWindow
from segment_rehook_cli.stack.aws_errors import StackUnusable
from tests.unit.cli.log_lines import NOW, FakeLogs, completed, refused, row, text
from tools.fakes.surroundings import FakeClock

WINDOW = TimeWindow(NOW - 60, NOW)
RUNNING = {"status": "Running", "results": []}


def find(client: FakeLogs) -> Any:
    """Run one query on two groups."""
    return StackLogs(client, ["i", "r"], FakeClock(NOW)).find('message_id = "m1"', WINDOW)


def test_lines_of_both_groups_are_given_oldest_first() -> None:
    """The answer comes when the query is complete, and lines of another kind are left out."""
    rows = [row(text(message_id="b"), NOW), row("START", NOW), row(text(message_id="a"), NOW - 5)]
    client = FakeLogs(results=[{"status": "Scheduled"}, RUNNING, completed(rows, 2_000_000)])
    found = find(client)
    assert [(each.message_id, each.at) for each in found.lines] == [("a", NOW - 5), ("b", NOW)]
    assert not found.cut
    assert cost(found.read_bytes) == "the query read 2.0 MB of the log, for about $0.0000"
    asked = client.asked[0][1]
    assert asked["logGroupNames"] == ["i", "r"]
    assert (asked["startTime"], asked["endTime"]) == (int(NOW - 60), int(NOW) + 1)
    assert "StopQuery" not in client.operations()


def test_a_full_answer_is_said_to_be_cut() -> None:
    """An answer of 10,000 lines may lack the oldest."""
    assert find(FakeLogs(results=[completed([row(text())] * 10_000)])).cut
    assert not find(FakeLogs(results=[completed([row(text())] * 9_999)])).cut


@pytest.mark.parametrize("status", ["Failed", "Cancelled", "Timeout", "Unknown"])
def test_a_query_that_does_not_end_well_is_an_error(status: str) -> None:
    """A partial result is never taken for the whole."""
    client = FakeLogs(results=[{"status": status, "results": [row(text())]}])
    with pytest.raises(StackUnusable, match=f"ended as {status}: give a shorter time"):
        find(client)


@pytest.mark.parametrize(
    "ending", [KeyboardInterrupt(), refused("GetQueryResults", "AccessDeniedException")]
)
def test_a_query_is_stopped_however_it_is_left(ending: BaseException) -> None:
    """Ctrl-C and an error stop the query, and are raised on."""
    client = FakeLogs(results=[RUNNING, ending])
    with pytest.raises(type(ending)):
        find(client)
    assert client.asked[-1] == ("StopQuery", {"queryId": "q1"})


def test_a_query_that_never_ends_is_stopped() -> None:
    """After a quarter of an hour the query is stopped and the reason is said."""
    client = FakeLogs(results=[RUNNING] * 10_000)
    with pytest.raises(StackUnusable, match="was stopped after 15 minutes"):
        find(client)
    assert client.operations()[-1] == "StopQuery"


def test_too_many_queries_of_the_account_are_waited_for() -> None:
    """A start that is refused for the account's limit is tried again, a few times."""
    busy = refused("StartQuery", "LimitExceededException")
    assert (
        find(FakeLogs(starts=[busy, busy, {"queryId": "q1"}], results=[completed([])])).lines == []
    )
    with pytest.raises(ClientError):
        find(FakeLogs(starts=[busy] * 9))


def test_a_time_before_the_log_is_said() -> None:
    """AWS calls a query malformed if its time is before the log's first day."""
    client = FakeLogs(starts=[refused("StartQuery", "MalformedQueryException")])
    with pytest.raises(StackUnusable, match="the log has nothing of that time"):
        find(client)
