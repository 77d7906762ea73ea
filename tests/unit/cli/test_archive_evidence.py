"""What the log knows of events that the ledger does not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from segment_rehook_cli.archive.evidence import look_in_log
from segment_rehook_cli.archive.spool import Spool, SpooledEvent
from segment_rehook_cli.archive.standing import EventStanding


class Log:
    """CloudWatch Logs with some lines of one group, a page for each."""

    def __init__(self, *lines: Mapping[str, Any]) -> None:
        self._lines = lines
        self.asked: list[Mapping[str, Any]] = []

    def start_query(self, **asked: Any) -> Mapping[str, Any]:
        """Not asked here."""
        raise NotImplementedError(asked)

    get_query_results = stop_query = start_query

    def filter_log_events(self, **asked: Any) -> Mapping[str, Any]:
        """Give the next page."""
        self.asked.append(asked)
        if asked["logGroupName"] != "ingest":
            return {"events": []}
        number = int(asked.get("nextToken", 0))
        page: dict[str, Any] = {}
        if number < len(self._lines):
            line = {"message": "outcome", **self._lines[number]}
            page["events"] = [{"message": json.dumps(line), "timestamp": line.pop("at", number)}]
            page["nextToken"] = str(number + 1)
        return page


def said(outcome: str, message_id: str = "m1", **members: Any) -> dict[str, Any]:
    """Give a line of a delivery."""
    return {"message_id": message_id, "outcome": outcome, "delivery": "m1:a", **members}


@pytest.fixture
def spool() -> Iterator[Spool]:
    """Give a spool with one event that the ledger does not know, and one that it does."""
    made = Spool()
    made.add(
        [
            SpooledEvent(1, "m1", 0.0, None, EventStanding.NEW),
            SpooledEvent(2, "m2", 0.0, None, EventStanding.PARKED),
            SpooledEvent(3, None, 0.0, None, EventStanding.NEW),
        ]
    )
    yield made
    made.close()


@pytest.mark.parametrize(
    ("lines", "standing"),
    [
        ([], EventStanding.NEW),
        ([said("delivered")], EventStanding.DELIVERED),
        ([said("delivered", "another")], EventStanding.NEW),
        ([said("failed")], EventStanding.NEW),
        ([said("duplicate", reason="delivered")], EventStanding.DELIVERED),
        ([said("duplicate", reason="same_request")], EventStanding.NEW),
        ([said("stored"), said("delivered")], EventStanding.DELIVERED),
        ([said("parked"), said("duplicate", reason="parked")], EventStanding.PARKED),
        ([said("parked"), said("delivered", delivery="m1:b")], EventStanding.PARKED),
        ([said("delivered", delivery="m1:b"), said("parked")], EventStanding.PARKED),
        ([said("delivered", at=9), said("stored", at=3)], EventStanding.DELIVERED),
        ([said("dropped", delivery=None)], EventStanding.DROPPED),
        ([said("ignored", delivery=None)], EventStanding.IGNORED),
    ],
)
def test_the_last_outcome_counts_and_of_several_deliveries_the_worst(
    spool: Spool, lines: list[dict[str, Any]], standing: EventStanding
) -> None:
    """The log corrects what nobody else knows, and nothing that the ledger knows."""
    log = Log(*lines, said("delivered", "m2"))
    evidence = look_in_log(log, ["ingest", "redrive"], spool, 5.0, lambda _number: None)
    assert spool.standing(1) is standing
    assert spool.standing(2) is EventStanding.PARKED
    assert spool.standing(3) is EventStanding.NEW
    assert evidence.lines == len(lines) + 1
    assert evidence.found == (standing is not EventStanding.NEW)
    assert {each["logGroupName"] for each in log.asked} == {"ingest", "redrive"}
    assert {each["startTime"] for each in log.asked} == {5_000}
