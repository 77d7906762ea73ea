"""Alarms ring before it is too late, on metrics that exist."""

from __future__ import annotations

import ast

import pytest

import segment_rehook
from tests.template.stack import DAY, ROOT, Tree, environment, resources

FUNCTIONS = {"ingest": "IngestFunction", "redrive": "RedriveFunction"}
ALARMS = resources("AWS::CloudWatch::Alarm")
OURS = "SegmentRehook"


def metrics(alarm: Tree) -> list[Tree]:
    """What the alarm looks at: one metric, or those of its expression."""
    said = alarm["Properties"]
    if "Metrics" in said:
        return [part["MetricStat"]["Metric"] for part in said["Metrics"] if "MetricStat" in part]
    return [said]


def counted() -> set[str]:
    """Names that the package counts: constants given to a method `count`."""
    (package,) = segment_rehook.__path__
    return {
        str(node.args[0].value)
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "count"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


@pytest.mark.parametrize(
    ("alarm", "threshold"),
    [("ParkedEventsExpireSoon", 10 * DAY), ("EventsParked", 1), ("DeadLettersPileUp", 80_000)],
)
def test_queues_are_watched(alarm: str, threshold: int) -> None:
    """Four days before a parked event is gone; at two thirds of what FIFO looks at."""
    assert ALARMS[alarm]["Properties"]["Threshold"] == threshold
    assert ALARMS[alarm]["Properties"]["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


@pytest.mark.parametrize("function", FUNCTIONS.values())
def test_each_functions_errors_and_throttles_are_watched(function: str) -> None:
    """A crash loses nothing and must not go unnoticed for all that."""
    watched = {
        metric["MetricName"]
        for alarm in ALARMS.values()
        for metric in metrics(alarm)
        if {"Name": "FunctionName", "Value": {"Ref": function}} in metric["Dimensions"]
    }
    assert watched == {"Errors", "Throttles"}


@pytest.mark.parametrize("service", FUNCTIONS)
def test_metrics_of_our_own_are_counted_under_the_names_that_alarms_look_for(service: str) -> None:
    """An alarm on a name that nobody counts is silent for ever."""
    names = {
        metric["MetricName"]
        for alarm in ALARMS.values()
        for metric in metrics(alarm)
        if metric["Namespace"] == OURS
        and metric["Dimensions"] == [{"Name": "service", "Value": service}]
    }
    assert names
    assert names <= counted()
    variables = environment(FUNCTIONS[service])
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == OURS
    assert variables["POWERTOOLS_SERVICE_NAME"] == service


@pytest.mark.parametrize("alarm", ALARMS)
def test_every_alarm_tells_somebody_and_says_when_it_is_over(alarm: str) -> None:
    """And says in words what it means."""
    said = ALARMS[alarm]["Properties"]
    assert said["AlarmActions"]
    assert said["AlarmActions"] == said["OKActions"]
    assert said["TreatMissingData"] == "notBreaching"
    assert said["AlarmDescription"].endswith((".", "?"))
