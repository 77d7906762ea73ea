"""Tests of the part of Logs Insights' language that the sandbox has."""

from __future__ import annotations

import json

import pytest

from tools.sandbox.aws_answers import Refused
from tools.sandbox.aws_insights import Query
from tools.sandbox.aws_insights_fields import Row, moment
from tools.sandbox.aws_log_events import LogEvent

LINES = [
    {"outcome": "delivered", "ms": 5, "ok": True, "who": {"id": "u1"}},
    {"outcome": "stored", "ms": 30, "reason": "timeout"},
    {"outcome": "stored", "ms": 9, "reason": "rate limit"},
    "START RequestId: 1",
]
EVENTS = [
    LogEvent(n, 1_000 * n, "/group", "stream", line if isinstance(line, str) else json.dumps(line))
    for n, line in enumerate(LINES)
]


def rows(text: str) -> list[Row]:
    """Run a query; leave out the pointers."""
    found, _ = Query(text).run("123456789012", EVENTS)
    return [{name: value for name, value in row.items() if name != "@ptr"} for row in found]


def milliseconds(condition: str) -> list[str]:
    """Return the field `ms` of the events that the condition holds for, the earliest first."""
    found = rows(f"fields ms | filter {condition} | sort @timestamp asc")
    return [row.get("ms", "-") for row in found]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('outcome = "stored"', ["30", "9"]),
        ("outcome = 'stored' and ms > 9", ["30"]),
        ('outcome != "stored"', ["5", "-"]),
        ("ms >= 9", ["30", "9"]),
        ("ms < 9 or reason like /rate/", ["5", "9"]),
        ('reason like "time"', ["30"]),
        ("reason =~ /^rate.limit$/", ["9"]),
        ('reason not like "time"', ["5", "9", "-"]),
        ('outcome in ["delivered", "parked"]', ["5"]),
        ("ms in [5, 9]", ["5", "9"]),
        ("ms not in [5, 9]", ["30", "-"]),
        ("ispresent(reason)", ["30", "9"]),
        ("not ispresent(ms)", ["-"]),
        ('who.id = "u1"', ["5"]),
        ("`who.id` = 'u1'", ["5"]),
        ("ok = 1", ["5"]),
        ('(ms = 5 or ms = 9) and outcome = "stored"', ["9"]),
        ('ms = 5 or ms = 9 and outcome = "stored"', ["5", "9"]),
        ("@message like /START/ # the rest is a comment", ["-"]),
        ('@log = "123456789012:/group" AND @logStream = "stream"', ["5", "30", "9", "-"]),
    ],
)
def test_a_filter_keeps_what_it_says(condition: str, expected: list[str]) -> None:
    """Conditions compare the fields that were discovered, as numbers where both are."""
    assert milliseconds(condition) == expected


def test_without_fields_the_time_and_the_text_are_shown() -> None:
    """The latest event comes first."""
    shown = rows("limit 2")
    assert [row["@message"] for row in shown] == [LINES[3], json.dumps(LINES[2])]
    assert shown[0]["@timestamp"] == moment(3000) == "1970-01-01 00:00:03.000"


def test_a_field_that_an_event_lacks_is_not_shown() -> None:
    """The other fields of the event are."""
    assert rows("fields outcome, reason | filter ms = 5") == [{"outcome": "delivered"}]


@pytest.mark.parametrize(
    ("order", "expected"), [("ms asc", ["-", "5", "9", "30"]), ("ms desc", ["30", "9", "5", "-"])]
)
def test_numbers_are_sorted_as_numbers(order: str, expected: list[str]) -> None:
    """An event without the field has the lowest place."""
    assert [row.get("ms", "-") for row in rows(f"fields ms | sort {order}")] == expected


def test_events_are_counted_by_their_fields() -> None:
    """Each group has its fields and the figures, under their names."""
    counted = rows(
        'filter outcome = "stored" | stats count(*) as n, sum(ms), max(ms) as most by outcome'
    )
    assert counted == [{"outcome": "stored", "n": "2", "sum(ms)": "39", "most": "30"}]
    assert rows("stats count(*)") == [{"count(*)": "4"}]
    assert rows("filter ms > 99 | stats count(*), avg(ms)") == [{"count(*)": "0"}]
    assert [row["n"] for row in rows("stats count(*) as n by outcome | sort n desc")] == [
        "2",
        "1",
        "1",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "parse @message '*' as a",
        "fields",
        "fields a, | limit 1",
        "filter",
        "filter a",
        "filter a = ",
        "filter a = b",
        "filter a like b",
        "filter a in []",
        "filter (a = 1",
        "filter a not = 1",
        "filter a like /(/",
        "sort a",
        "limit 0",
        "limit 10001",
        "limit x",
        "stats count()",
        "stats pct(ms, 95)",
        "stats count(*) by bin(5m)",
        "stats count(*) | stats count(*)",
        "stats count(*) | filter a = 1",
        "fields @requestId",
        "fields a | ",
        "fields a limit 1",
        "fields strlen(a)",
        "filter a = 'x",
    ],
)
def test_what_is_not_known_is_malformed(text: str) -> None:
    """The error has AWS's code, and the place in the query."""
    with pytest.raises(Refused) as caught:
        Query(text)
    assert caught.value.code == "MalformedQueryException"
    location = caught.value.members["queryCompileError"]["location"]
    assert 0 <= location["startCharOffset"] <= len(text)
