"""Tests of the sandbox's CloudWatch Logs, by what AWS documents, with AWS's own client."""

from __future__ import annotations

import itertools
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.sandbox.aws import client, refusal
from tools.sandbox import Fault, Kind, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GROUP = "/aws/lambda/segment-rehook-sandbox-Echo"
NUMBERS = itertools.count(1)


@pytest.fixture
def logs(box: Sandbox) -> Iterator[Any]:
    """Give a client of the operator."""
    made = client(box, "logs")
    yield made
    made.close()


@pytest.fixture
def say(box: Sandbox) -> Callable[[], str]:
    """Give a function that has Echo log a line of JSON with a word of its own; return the word."""

    def log() -> str:
        word = f"word-{next(NUMBERS)}"
        since = len(box.log)
        box.segment.send_raw(word.encode(), {"content-type": "text/plain"})
        box.log.wait_for(lambda line: word in line.text, since=since)
        return word

    return log


def orders(events: list[dict[str, Any]]) -> list[str]:
    """Return the words of the lines that are JSON."""
    return [json.loads(e["message"])["order"] for e in events if e["message"].startswith("{")]


def test_each_function_has_its_log_group(logs: Any) -> None:
    """The groups come in pages, and by the beginning of their names."""
    pages = list(
        logs.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 1})
    )
    groups = [group for page in pages for group in page["logGroups"]]
    names = [group["logGroupName"] for group in groups]
    assert names == ["/aws/lambda/segment-rehook-sandbox-Consume", GROUP]
    assert groups[1]["arn"] == f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*"
    found = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert found == [groups[1]]
    assert logs.describe_log_groups(logGroupNamePrefix="/other")["logGroups"] == []
    assert logs.describe_log_groups(logGroupNamePattern="echo")["logGroups"] == found


def test_a_line_is_found_by_its_field(logs: Any, say: Callable[[], str]) -> None:
    """An event has its time, its stream and the line with its end."""
    say()
    word = say()
    before = int(time.time() * 1000) - 60_000
    pattern = f'{{ $.order = "{word}" || $.order = "none" }}'
    found = logs.filter_log_events(logGroupName=GROUP, filterPattern=pattern, startTime=before)
    [event] = found["events"]
    assert "nextToken" not in found
    assert json.loads(event["message"])["order"] == word
    assert event["message"].endswith("}\n")
    assert before < event["timestamp"] <= event["ingestionTime"]
    assert event["logStreamName"][10:].startswith("/[$LATEST]")
    same = logs.filter_log_events(
        logGroupIdentifier=f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}",
        filterPattern=pattern,
        logStreamNames=[event["logStreamName"]],
    )
    assert same["events"] == [event]
    other = logs.filter_log_events(
        logGroupName=GROUP, filterPattern=pattern, logStreamNamePrefix="2001/"
    )
    assert other["events"] == []


def test_a_time_range_includes_both_ends(logs: Any, say: Callable[[], str]) -> None:
    """Events at startTime and at endTime are returned; those outside are not."""
    word = say()
    pattern = f'{{ $.order = "{word}" }}'
    [event] = logs.filter_log_events(logGroupName=GROUP, filterPattern=pattern)["events"]
    at = event["timestamp"]
    for start, end, expected in ((at, at, 1), (at + 1, at + 9, 0), (at - 9, at - 1, 0)):
        found = logs.filter_log_events(
            logGroupName=GROUP, filterPattern=pattern, startTime=start, endTime=end
        )
        assert len(found["events"]) == expected


def test_pages_give_every_event_once(logs: Any, say: Callable[[], str]) -> None:
    """Lines that are written meanwhile come on a later page, and none comes twice."""
    words = [say() for _ in range(3)]
    pattern = '{ $.order = "word-*" }'
    first = logs.filter_log_events(logGroupName=GROUP, filterPattern=pattern, limit=2)
    words.append(say())
    rest = logs.get_paginator("filter_log_events").paginate(
        logGroupName=GROUP,
        filterPattern=pattern,
        limit=2,
        PaginationConfig={"StartingToken": first["nextToken"]},
    )
    seen = orders(first["events"]) + [word for page in rest for word in orders(page["events"])]
    assert len(seen) == len(set(seen))
    assert seen[-4:] == words


def test_what_is_wrong_has_the_codes_of_aws(logs: Any, say: Callable[[], str]) -> None:
    """A group that there is not, a token of another question, and impossible members."""
    say()
    say()
    code = refusal(logs.filter_log_events, logGroupName="/other")
    assert code == "ResourceNotFoundException"
    token = logs.filter_log_events(logGroupName=GROUP, limit=1)["nextToken"]
    for members in (
        {"logGroupName": GROUP, "limit": 2, "nextToken": token},
        {"logGroupName": GROUP, "nextToken": "none"},
        {"logGroupName": GROUP, "filterPattern": "{ $.a = }"},
        {"logGroupName": GROUP, "logGroupIdentifier": GROUP},
        {"logGroupName": GROUP, "logStreamNames": ["a"], "logStreamNamePrefix": "a"},
    ):
        assert refusal(logs.filter_log_events, **members) == "InvalidParameterException"
    assert refusal(logs.delete_log_group, logGroupName=GROUP) == "UnknownOperationException"


def run(logs: Any, text: str, **members: Any) -> list[dict[str, str]]:
    """Run a query to its end; return each row as a dictionary."""
    number = logs.start_query(
        **{"logGroupName": GROUP, "startTime": 0, "endTime": int(time.time()) + 1, **members},
        queryString=text,
    )["queryId"]
    answer = logs.get_query_results(queryId=number)
    assert (answer["status"], answer["results"]) == ("Running", [])
    answer = logs.get_query_results(queryId=number)
    assert answer["status"] == "Complete"
    return [{each["field"]: each["value"] for each in row} for row in answer["results"]]


def test_a_query_finds_lines(logs: Any, say: Callable[[], str]) -> None:
    """Its rows have the fields that were asked for, and a pointer."""
    word = say()
    [row] = run(logs, f'fields @timestamp, @log, order | filter order = "{word}" | limit 5')
    assert row.keys() == {"@timestamp", "@log", "order", "@ptr"}
    assert row["order"] == word
    assert row["@log"] == f"123456789012:{GROUP}"
    assert run(logs, f'filter order = "{word}"', startTime=0, endTime=1) == []
    every = run(logs, "filter ispresent(order) | stats count(*) as n")
    assert int(every[0]["n"]) >= 1
    assert len(run(logs, "fields order", limit=1)) == 1


def test_a_query_that_ended_cannot_be_stopped(logs: Any) -> None:
    """One that runs can be, and then has no rows."""
    asked = {"logGroupNames": [GROUP], "startTime": 0, "endTime": 1, "queryString": "limit 1"}
    number = logs.start_query(**asked)["queryId"]
    assert logs.stop_query(queryId=number)["success"]
    assert logs.get_query_results(queryId=number)["status"] == "Cancelled"
    assert refusal(logs.stop_query, queryId=number) == "InvalidParameterException"
    assert refusal(logs.get_query_results, queryId="none") == "ResourceNotFoundException"


def test_a_query_with_a_mistake_is_refused(logs: Any) -> None:
    """The code says which member is wrong."""
    asked = {"logGroupName": GROUP, "startTime": 0, "endTime": 1, "queryString": "limit 1"}
    code = refusal(logs.start_query, **{**asked, "queryString": "parse @message '*' as a"})
    assert code == "MalformedQueryException"
    assert refusal(logs.start_query, **{**asked, "startTime": 2}) == "InvalidParameterException"
    assert refusal(logs.start_query, **{**asked, "logGroupName": "/other"}) == (
        "ResourceNotFoundException"
    )


def test_faults_hit_it_and_calls_are_counted(box: Sandbox, logs: Any) -> None:
    """A call that was ordered to fail fails; each counts for its caller."""
    before = box.aws.operations("operator").get("logs:FilterLogEvents", 0)
    match = {"service": "logs", "operation": "FilterLogEvents", "caller": "operator"}
    body = '{"__type": "ThrottlingException", "message": "slow down"}'
    box.aws.fault(Fault(kind=Kind.ANSWER, status=400, body=body, match=match))
    assert refusal(logs.filter_log_events, logGroupName=GROUP) == "ThrottlingException"
    assert "events" in logs.filter_log_events(logGroupName=GROUP)
    assert box.aws.operations("operator")["logs:FilterLogEvents"] == before + 2
