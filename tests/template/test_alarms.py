"""Alarms ring before it is too late, on metrics that exist."""

from __future__ import annotations

import ast
import re

import pytest

import segment_rehook
from segment_rehook.aws.telemetry import UNITS
from segment_rehook.delivery.outcome_metrics import BY_REASON
from segment_rehook.delivery.outcomes import Outcome
from tests.template.stack import DAY, ROOT, Tree, environment, resources, template

FUNCTIONS = {"ingest": "IngestFunction", "redrive": "RedriveFunction"}
ALARMS = resources("AWS::CloudWatch::Alarm")
OURS = {"Fn::Sub": "SegmentRehook/${AWS::StackName}"}


def metrics(alarm: Tree) -> list[Tree]:
    """What the alarm looks at: one metric, or those of its expression."""
    said = alarm["Properties"]
    if "Metrics" in said:
        return [part["MetricStat"]["Metric"] for part in said["Metrics"] if "MetricStat" in part]
    return [said]


def counted() -> set[str]:
    """Names of metrics that the package counts: constants given to a method of the telemetry.

    Those that are counted by reason have their names in a table.
    """
    (package,) = segment_rehook.__path__
    return {*BY_REASON.values()} | {
        node.args[0].value
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"count", "count_now", "observe"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
        and re.fullmatch(r"[A-Z]\w+", node.args[0].value)
    }


@pytest.mark.parametrize(
    ("alarm", "threshold"),
    [("ParkedEventsExpireSoon", 10 * DAY), ("EventsParked", 1), ("DeadLettersPileUp", 80_000)],
)
def test_queues_are_watched(alarm: str, threshold: int) -> None:
    """Alarms ring four days before a parked event is deleted, and at two thirds of FIFO's reach."""
    assert ALARMS[alarm]["Properties"]["Threshold"] == threshold
    assert ALARMS[alarm]["Properties"]["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


@pytest.mark.parametrize("function", FUNCTIONS.values())
def test_each_functions_errors_and_throttles_are_watched(function: str) -> None:
    """An alarm watches the errors and the throttles of each function."""
    watched = {
        metric["MetricName"]
        for alarm in ALARMS.values()
        for metric in metrics(alarm)
        if {"Name": "FunctionName", "Value": {"Ref": function}} in metric["Dimensions"]
    }
    assert watched == {"Errors", "Throttles"}


@pytest.mark.parametrize("service", FUNCTIONS)
def test_metrics_of_our_own_are_counted_under_the_names_that_alarms_look_for(service: str) -> None:
    """Each metric of ours that an alarm watches is counted by the code under that name."""
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
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "SegmentRehook/bridge"
    assert variables["POWERTOOLS_SERVICE_NAME"] == service


def test_an_outage_of_rehook_is_told() -> None:
    """An alarm goes off when either function opens the breaker, since Segment is answered 200."""
    alarm = ALARMS["RehookFails"]
    services = [metric["Dimensions"][0]["Value"] for metric in metrics(alarm)]
    assert {metric["MetricName"] for metric in metrics(alarm)} == {"BreakerOpened"}
    assert services == list(FUNCTIONS)
    assert alarm["Properties"]["Threshold"] == 1


def test_the_operations_page_names_every_metric_and_no_other() -> None:
    """The operations page explains each metric that is counted, and no other."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    counts = page.partition("| metric | counts |")[2].partition("\n\n")[0]
    values = page.partition("| metric | values |")[2].partition("\n\n")[0]
    rows = counts.splitlines()[2:] + values.splitlines()[2:]
    named: set[str] = set()
    for cell in [line.split("|")[1] for line in rows]:
        names = re.findall(r"`(…?\w+)`", cell)
        stem = re.sub(r"(?<=s)[A-Z]\w+$", "", names[0])
        named |= {name.replace("…", stem) for name in names}
    said = {outcome.capitalize() for outcome in Outcome}
    of_events = {f"Events{outcome}" for outcome in said}
    of_dead_letters = {f"DeadLetters{name}" for name in said - {"Dropped", "Failed", "Ignored"}}
    assert named == counted() | of_events | of_dead_letters


def test_values_are_observed_and_counts_are_counted() -> None:
    """A metric of values has a unit of its own, and the page has it in the table of values."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    values = page.partition("| metric | values |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)`", values, re.MULTILINE)) == UNITS.keys()


def test_the_operations_page_names_every_alarm_and_no_other() -> None:
    """The operations page explains each alarm of the template, and no other."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.partition("| alarm | goes off when |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == set(ALARMS)


@pytest.mark.parametrize("alarm", ALARMS)
def test_every_metric_of_an_alarm_is_the_stacks_own(alarm: str) -> None:
    """Each alarm's metric belongs to its stack, by namespace or by dimension.

    Two stacks of one account and region would else ring each other's alarms.
    """
    own = set(template()["Resources"])
    for metric in metrics(ALARMS[alarm]):
        values = [dimension["Value"] for dimension in metric["Dimensions"]]
        named = {value["Ref"] for value in values if "Ref" in value}
        named |= {value["Fn::GetAtt"][0] for value in values if "Fn::GetAtt" in value}
        assert metric["Namespace"] == OURS or named & own


def test_what_was_parked_lately_is_told_whatever_lies_there_already() -> None:
    """An alarm tells of what was parked lately, whatever was parked before.

    An alarm on the depth would ring once, and stay so for one forgotten message. What the functions
    park is counted as sent; what SQS moves by itself shows as growth only.
    """
    said = ALARMS["EventsParkedLately"]["Properties"]
    (expression,) = [part for part in said["Metrics"] if part["ReturnData"]]
    assert expression["Expression"] == "MAX([FILL(sent, 0), FILL(DIFF(visible + inflight), 0)])"
    looked_at = {
        part["Id"]: (part["MetricStat"]["Metric"]["MetricName"], part["MetricStat"]["Stat"])
        for part in said["Metrics"]
        if "MetricStat" in part
    }
    assert looked_at == {
        "sent": ("NumberOfMessagesSent", "Sum"),
        "visible": ("ApproximateNumberOfMessagesVisible", "Average"),
        "inflight": ("ApproximateNumberOfMessagesNotVisible", "Average"),
    }
    for metric in metrics(ALARMS["EventsParkedLately"]):
        queue = {"Fn::GetAtt": ["ParkingLot", "QueueName"]}
        assert metric["Dimensions"] == [{"Name": "QueueName", "Value": queue}]
    assert (said["Threshold"], said["ComparisonOperator"]) == (0, "GreaterThanThreshold")


@pytest.mark.parametrize("alarm", ALARMS)
def test_every_alarm_tells_somebody_and_says_when_it_is_over(alarm: str) -> None:
    """Each alarm notifies when it goes off and when it ends, and has a description."""
    said = ALARMS[alarm]["Properties"]
    assert said["AlarmActions"]
    assert said["AlarmActions"] == said["OKActions"]
    assert said["TreatMissingData"] == "notBreaching"
    assert said["AlarmDescription"].endswith((".", "?"))
