"""Tests of the sandbox's CloudWatch and SNS, by what AWS documents, with AWS's own clients."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.sandbox.aws import client, refusal
from tests.integration.sandbox.conftest import STACK
from tools.sandbox import Fault, Kind, Sandbox
from tools.sandbox.control import ControlRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NUMBERS = itertools.count(1)
START = datetime(2026, 1, 15, 10, tzinfo=UTC)
"""A time that no function's own metrics have."""


@pytest.fixture
def cloudwatch(box: Sandbox) -> Iterator[Any]:
    """Give a client of the operator."""
    made = client(box, "cloudwatch")
    yield made
    made.close()


@pytest.fixture
def metric(box: Sandbox) -> Callable[..., dict[str, Any]]:
    """Give a function that has Echo write the values of a new metric.

    It takes pairs of seconds after START and values, and returns what names the metric.
    """

    def write(*values: tuple[float, Any], unit: str = "Count") -> dict[str, Any]:
        name = f"Letters{next(NUMBERS)}"
        for after, value in values:
            since = len(box.log)
            line = {
                "_aws": {
                    "Timestamp": int((START.timestamp() + after) * 1000),
                    "CloudWatchMetrics": [
                        {
                            "Namespace": "Stack",
                            "Dimensions": [["service"]],
                            "Metrics": [{"Name": name, "Unit": unit}],
                        }
                    ],
                },
                "service": "echo",
                name: value,
            }
            text = f"print {json.dumps(line)}"
            box.segment.send_raw(text.encode(), {"content-type": "text/plain"})
            box.log.wait_for(lambda seen: seen.text.startswith('{"_aws"'), since=since)
        return {
            "Namespace": "Stack",
            "MetricName": name,
            "Dimensions": [{"Name": "service", "Value": "echo"}],
        }

    return write


def query(metric: dict[str, Any], stat: str = "Sum", period: int = 60) -> dict[str, Any]:
    """Make a query of one metric and one statistic."""
    id_ = f"m{next(NUMBERS)}"
    return {"Id": id_, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}}


def data(cloudwatch: Any, *queries: dict[str, Any], **members: Any) -> Any:
    """Ask for the ten minutes after START."""
    end = START + timedelta(minutes=10)
    return cloudwatch.get_metric_data(
        MetricDataQueries=list(queries), **{"StartTime": START, "EndTime": end, **members}
    )


@pytest.mark.parametrize(
    ("stat", "expected"),
    [
        ("Sum", 10.0),
        ("Average", 2.5),
        ("Minimum", 1.0),
        ("Maximum", 4.0),
        ("SampleCount", 4.0),
        ("p50", 2.0),
        ("p100", 4.0),
    ],
)
def test_values_become_statistics(
    cloudwatch: Any, metric: Callable[..., dict[str, Any]], stat: str, expected: float
) -> None:
    """A line has one value or several; those of one period are one point."""
    written = metric((0, [1, 2]), (59, 3), (59.999, 4))
    [found] = data(cloudwatch, query(written, stat))["MetricDataResults"]
    assert (found["Timestamps"], found["Values"]) == ([START], [expected])
    assert (found["Label"], found["StatusCode"]) == (written["MetricName"], "Complete")


def test_periods_and_ends(cloudwatch: Any, metric: Callable[..., dict[str, Any]]) -> None:
    """The start is included, the end is not; a period without values has no point."""
    written = metric((-1, 1), (0, 2), (60, 3), (599, 4), (600, 5))
    [found] = data(cloudwatch, query(written))["MetricDataResults"]
    assert found["Values"] == [4, 3, 2]
    minutes = [(at - START) / timedelta(minutes=1) for at in found["Timestamps"]]
    assert minutes == [9, 1, 0]
    ascending = data(cloudwatch, query(written, period=300), ScanBy="TimestampAscending")
    assert ascending["MetricDataResults"][0]["Values"] == [5, 4]


def test_two_metrics_of_other_dimensions_are_two(
    cloudwatch: Any, metric: Callable[..., dict[str, Any]]
) -> None:
    """A metric that nobody wrote has no points, and no error."""
    written = metric((0, 1))
    other = written | {"Dimensions": [{"Name": "service", "Value": "other"}]}
    none = written | {"Dimensions": []}
    hidden = query(written) | {"ReturnData": False}
    found = data(cloudwatch, query(written), query(other), query(none), hidden)
    assert [each["Values"] for each in found["MetricDataResults"]] == [[1], [], []]


def test_pages_have_every_point_once(
    cloudwatch: Any, metric: Callable[..., dict[str, Any]]
) -> None:
    """Points that are too many for one answer come in the next."""
    written = metric((0, 1), (60, 2), (120, 3))
    asked = query(written)
    first = data(cloudwatch, asked, MaxDatapoints=2)
    assert first["MetricDataResults"][0]["StatusCode"] == "PartialData"
    second = data(cloudwatch, asked, MaxDatapoints=2, NextToken=first["NextToken"])
    assert second["MetricDataResults"][0]["StatusCode"] == "Complete"
    pages = (first, second)
    values = [value for page in pages for value in page["MetricDataResults"][0]["Values"]]
    assert values == [3, 2, 1]


def test_what_is_wrong_has_the_codes_of_aws(cloudwatch: Any) -> None:
    """Expressions are refused, and so are periods and times that AWS refuses."""
    named = {"Namespace": "Stack", "MetricName": "Letters"}
    end = START + timedelta(minutes=1)
    for queries, ends, code in (
        ([{"Id": "e", "Expression": "m * 2"}], end, "ValidationError"),
        ([query(named) | {"Id": "Upper"}], end, "ValidationError"),
        ([query(named) | {"Id": "same"}, query(named) | {"Id": "same"}], end, "ValidationError"),
        ([query(named, period=61)], end, "InvalidParameterValue"),
        ([query(named)], START, "InvalidParameterValue"),
    ):
        asked = {"MetricDataQueries": queries, "StartTime": START, "EndTime": ends}
        assert refusal(cloudwatch.get_metric_data, **asked) == code
    assert refusal(cloudwatch.list_dashboards) == "UnknownOperationException"


@pytest.fixture
def alarms(box: Sandbox) -> Iterator[dict[str, str]]:
    """Give the names of the alarms by logical id; set them to OK afterwards."""
    names = {each: box.stack.resources.name(each) for each in ("Busy", "Failing")}
    yield names
    for name in names.values():
        box.aws.alarm(name, "OK")


def test_alarms_are_the_templates(cloudwatch: Any, alarms: dict[str, str]) -> None:
    """They are OK; what they look at and what they do is as the template says."""
    pages = cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 1})
    found = {each["AlarmName"]: each for page in pages for each in page["MetricAlarms"]}
    assert set(found) == set(alarms.values())
    busy, failing = found[alarms["Busy"]], found[alarms["Failing"]]
    assert (busy["StateValue"], busy["Period"], busy["Threshold"]) == ("OK", 300, 1.0)
    assert busy["Dimensions"] == [{"Name": "service", "Value": "echo"}]
    assert busy["AlarmActions"] == [
        "arn:aws:sns:us-east-1:123456789012:segment-rehook-sandbox-Watchers"
    ]
    assert (busy["ActionsEnabled"], failing["AlarmActions"]) == (True, [])
    assert [each["Id"] for each in failing["Metrics"]] == ["both", "m"]


def test_an_alarm_rings_when_it_is_ordered_to(
    box: Sandbox, cloudwatch: Any, alarms: dict[str, str]
) -> None:
    """By the control API or by SetAlarmState; alarms are found by state and by name."""
    box.aws.alarm(alarms["Busy"], "ALARM", "too many")
    [ringing] = cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]
    assert (ringing["AlarmName"], ringing["StateReason"]) == (alarms["Busy"], "too many")
    assert ringing["StateUpdatedTimestamp"] > datetime.now(UTC) - timedelta(minutes=1)
    cloudwatch.set_alarm_state(AlarmName=alarms["Busy"], StateValue="OK", StateReason="over")
    assert cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"] == []
    [one] = cloudwatch.describe_alarms(AlarmNames=[alarms["Busy"]])["MetricAlarms"]
    assert one["StateReason"] == "over"
    prefix = alarms["Failing"][:-1]
    [other] = cloudwatch.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
    assert other["AlarmName"] == alarms["Failing"]
    with pytest.raises(ControlRefused, match="no such alarm"):
        box.aws.alarm("other", "OK")
    code = refusal(
        cloudwatch.set_alarm_state, AlarmName="other", StateValue="OK", StateReason="over"
    )
    assert code == "ResourceNotFound"
    assert refusal(cloudwatch.describe_alarms, NextToken="other") == "InvalidNextToken"


def test_an_address_is_pending_until_it_is_confirmed() -> None:
    """The topic counts its subscriptions, and lists them; another topic is not found."""
    with Sandbox(built=STACK) as box:
        sns = client(box, "sns")
        topic = "arn:aws:sns:us-east-1:123456789012:segment-rehook-sandbox-Watchers"
        [found] = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        assert (found["Protocol"], found["Endpoint"]) == ("email", "watch@example.com")
        assert found["SubscriptionArn"] == "PendingConfirmation"
        attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
        assert attributes["SubscriptionsPending"] == "1"
        box.aws.confirm("watch@example.com")
        [found] = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        assert found["SubscriptionArn"].startswith(f"{topic}:")
        attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
        assert (attributes["SubscriptionsConfirmed"], attributes["TopicArn"]) == ("1", topic)
        for call in (sns.get_topic_attributes, sns.list_subscriptions_by_topic):
            assert refusal(call, TopicArn=f"{topic}2") == "NotFound"
            assert refusal(call, TopicArn="other") == "InvalidParameter"
        assert refusal(sns.list_topics) == "InvalidAction"
        with pytest.raises(ControlRefused, match="no such endpoint"):
            box.aws.confirm("other@example.com")
        sns.close()


def test_faults_hit_it_and_calls_are_counted(box: Sandbox, cloudwatch: Any) -> None:
    """A call that was ordered to fail fails; each counts for its caller."""
    before = box.aws.operations("operator").get("cloudwatch:DescribeAlarms", 0)
    match = {"service": "cloudwatch", "operation": "DescribeAlarms", "caller": "operator"}
    box.aws.fault(Fault(kind=Kind.ANSWER, match=match))
    assert refusal(cloudwatch.describe_alarms) == "InternalServerError"
    assert cloudwatch.describe_alarms()["MetricAlarms"]
    assert box.aws.operations("operator")["cloudwatch:DescribeAlarms"] == before + 2
