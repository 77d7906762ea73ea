"""Alarms ring before it is too late, on metrics that exist."""

from __future__ import annotations

import re

import pytest

from segment_rehook.aws.metric_lines import UNITS
from tests.template.stack import DAY, ROOT, environment, parameters, resources, template
from tools.cloudwatch import pages
from tools.cloudwatch.metric_math import names
from tools.cloudwatch.watched import (
    ALARM,
    OURS,
    Metric,
    metrics_of_alarm,
    number,
    permanent_alarms,
    text,
)
from tools.cloudwatch.watched import resources as described
from tools.cloudwatch.written import metrics

FUNCTIONS = {"ingest": "IngestFunction", "redrive": "RedriveFunction"}
ALARMS = described(ALARM)
PERMANENT = permanent_alarms()
# What AWS's services write by themselves, with the dimensions that the template names: the lists of
# metrics in their user guides.
OF_AWS = {
    ("AWS/SQS", ("QueueName",)): {
        "ApproximateAgeOfOldestMessage",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesVisible",
        "NumberOfEmptyReceives",
        "NumberOfMessagesDeleted",
        "NumberOfMessagesReceived",
        "NumberOfMessagesSent",
    },
    ("AWS/Lambda", ("FunctionName",)): {"Duration", "Errors", "Invocations", "Throttles"},
    ("AWS/Lambda", ("FunctionName", "Resource", "ExecutedVersion")): {"Errors"},
    ("AWS/ApiGateway", ("ApiId",)): {"4xx", "5xx", "Count", "Latency"},
    ("AWS/DynamoDB", ("TableName",)): {"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"},
    ("AWS/Logs", ("LogGroupName",)): {"IncomingBytes"},
}
MAX_DESCRIPTION = 1_024
LONGEST_STACK, LONGEST_URL = 49, 300
# CloudWatch user guide: of an alarm's expression.
MAX_METRICS = 10


def assert_written(metric: Metric) -> None:
    """The metric is one of AWS's, or the code writes it with these dimensions in this function."""
    if metric.namespace != OURS:
        assert metric.name in OF_AWS[metric.namespace, metric.dimension_names], metric
        return
    written = metrics()[metric.name]
    assert set(metric.dimension_names) == written.dimensions, metric
    service = dict(metric.dimensions)["service"]
    assert service is None or service in written.services, metric


@pytest.mark.parametrize("alarm", ALARMS)
def test_every_metric_of_an_alarm_is_written(alarm: str) -> None:
    """Each metric of an alarm is AWS's, or the code writes it under that name and dimensions."""
    for metric in metrics_of_alarm(ALARMS[alarm]):
        assert_written(metric)


@pytest.mark.parametrize("service", FUNCTIONS)
def test_the_functions_write_into_the_namespace_that_alarms_look_at(service: str) -> None:
    """Each function's namespace and service are those of the alarms' metrics."""
    variables = environment(FUNCTIONS[service])
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "SegmentRehook/bridge"
    assert variables["POWERTOOLS_SERVICE_NAME"] == service
    assert OURS.startswith("SegmentRehook/")


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_expression_names_the_metrics_that_are_given(alarm: str) -> None:
    """Each metric of an expression is named in it, and the other way round; at most ten."""
    said = ALARMS[alarm]
    if "Metrics" not in said:
        return
    ids = {part["Id"] for part in said["Metrics"] if "MetricStat" in part}
    (expression,) = [part for part in said["Metrics"] if "Expression" in part]
    assert expression["ReturnData"]
    assert names(expression["Expression"]) == ids
    assert len(ids) <= MAX_METRICS
    periods = {part["MetricStat"]["Period"] for part in said["Metrics"] if "MetricStat" in part}
    assert len(periods) == 1


@pytest.mark.parametrize("alarm", PERMANENT)
def test_a_threshold_is_a_parameter(alarm: str) -> None:
    """What decides when an alarm goes off is a parameter of the group Alarms; a gauge's 1 is not.

    Its range and its description are given, and the description names the alarm.
    """
    tuned = pages.parameters_of(ALARMS[alarm])
    assert tuned
    groups = template_groups()
    for name in tuned:
        said = parameters()[name]
        assert name in groups["Alarms"]
        assert said["MinValue"] <= said["Default"] <= said["MaxValue"]
        assert alarm in said["Description"]
    if not isinstance(ALARMS[alarm]["Threshold"], dict):
        assert ALARMS[alarm]["Threshold"] == 1
        assert "EvaluationPeriods" in ALARMS[alarm]


def template_groups() -> dict[str, list[str]]:
    """The parameters of each group of the template's interface."""
    interface = template()["Metadata"]["AWS::CloudFormation::Interface"]
    return {each["Label"]["default"]: each["Parameters"] for each in interface["ParameterGroups"]}


def test_every_parameter_is_in_one_group() -> None:
    """Each parameter is in one group of the interface, so that a console shows it there."""
    grouped = [name for group in template_groups().values() for name in group]
    assert sorted(grouped) == sorted(parameters())


@pytest.mark.parametrize("alarm", ALARMS)
def test_no_range_exceeds_what_cloudwatch_evaluates(alarm: str) -> None:
    """An alarm looks back for a day at most, at the greatest value of its parameter."""
    said = ALARMS[alarm]
    period = said.get("Period") or next(
        part["MetricStat"]["Period"] for part in said["Metrics"] if "MetricStat" in part
    )
    given = said["EvaluationPeriods"]
    periods = parameters()[given["Ref"]]["MaxValue"] if isinstance(given, dict) else given
    assert periods * period <= DAY


def test_parked_events_and_waiting_ones_are_told_in_time() -> None:
    """Alarms ring days before a parked event is deleted, and at two thirds of FIFO's reach."""
    assert number(ALARMS["ParkedEventsExpireSoon"]["Threshold"]) == 10
    assert parameters()["ParkedAgeDays"]["MaxValue"] < 14
    assert number(ALARMS["DeadLettersPileUp"]["Threshold"]) == 80_000
    assert parameters()["DeadLettersThreshold"]["MaxValue"] < 120_000
    assert number(ALARMS["EventsParked"]["Threshold"]) == 1
    reach = parameters()["GiveUpAfterHours"]
    assert number(ALARMS["DeadLettersWaitLong"]["Threshold"]) < reach["Default"]


@pytest.mark.parametrize("function", FUNCTIONS.values())
def test_each_functions_errors_and_throttles_are_watched(function: str) -> None:
    """An alarm watches the errors and the throttles of each function."""
    watched = {
        metric.name
        for alarm in ALARMS.values()
        for metric in metrics_of_alarm(alarm)
        if metric.dimensions == (("FunctionName", function),)
    }
    assert watched == {"Errors", "Throttles"}


@pytest.mark.parametrize(
    "alarm",
    [
        "RehookFails",
        "BreakerStaysOpen",
        "NotDelivering",
        "CredentialsRefused",
        "SecretsUnavailable",
    ],
)
def test_what_either_function_finds_is_told(alarm: str) -> None:
    """An alarm looks at both functions where either can find out."""
    services = [dict(metric.dimensions)["service"] for metric in metrics_of_alarm(ALARMS[alarm])]
    assert services == list(FUNCTIONS)


@pytest.mark.parametrize("alarm", ALARMS)
def test_every_metric_of_an_alarm_is_the_stacks_own(alarm: str) -> None:
    """Each alarm's metric belongs to its stack, by namespace or by dimension.

    Two stacks of one account and region would else ring each other's alarms.
    """
    own = {name for kind in OWNED for name in resources(kind)}
    for metric in metrics_of_alarm(ALARMS[alarm]):
        value = str(metric.dimensions[0][1])
        assert metric.namespace == OURS or value.partition(".")[0] in own


OWNED = ("AWS::SQS::Queue", "AWS::Serverless::Function", "AWS::Serverless::HttpApi")


@pytest.mark.parametrize("alarm", ALARMS)
def test_every_alarm_tells_somebody_and_says_when_it_is_over(alarm: str) -> None:
    """Each alarm notifies when it goes off and when it ends.

    A gauge keeps its state without data.
    """
    said = ALARMS[alarm]
    assert said["AlarmActions"]
    assert said["AlarmActions"] == said["OKActions"]
    gauge = alarm in {"BreakerStaysOpen", "NotDelivering"}
    assert said["TreatMissingData"] == ("ignore" if gauge else "notBreaching")


@pytest.mark.parametrize("alarm", ALARMS)
def test_a_description_says_what_it_means_what_to_run_and_where_to_read(alarm: str) -> None:
    """A sentence, the command with the stack's name and the alarm's, the runbook's section."""
    said = text(ALARMS[alarm]["AlarmDescription"])
    means, _, rest = said.partition(" Run: ")
    assert re.search(r"[a-z][.?]$|\d\.$", means), means
    command, _, link = rest.partition(". Runbook: ")
    assert command == f"segment-rehook doctor --stack segment-rehook --alarm {alarm}"
    assert link == f"docs/runbook.md#{pages.anchor(alarm)}"
    longest = len(said) + LONGEST_STACK + LONGEST_URL
    assert longest <= MAX_DESCRIPTION
    assert parameters()["RunbookUrl"]["MaxLength"] == LONGEST_URL


def test_the_operations_page_has_the_alarms_and_their_defaults() -> None:
    """The table of alarms, and the list of queries, are what `make dashboard` writes."""
    page = pages.PAGE.read_text(encoding="utf-8")
    assert pages.filled(page) == page
    for alarm in PERMANENT:
        assert f"[`{alarm}`](runbook.md#" in page


def test_the_operations_page_names_every_metric_and_no_other() -> None:
    """The operations page explains each metric that is counted, and no other."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    tables = [
        page.partition(f"| metric | {head} |")[2].partition("\n\n")[0].splitlines()[2:]
        for head in ("counts", "values")
    ]
    named: set[str] = set()
    for cell in [line.split("|")[1] for table in tables for line in table]:
        given = re.findall(r"`(…?\w+)`", cell)
        stem = re.sub(r"(?<=s)[A-Z]\w+$", "", given[0])
        named |= {name.replace("…", stem) for name in given}
    assert named == set(metrics())


def test_values_are_observed_and_counts_are_counted() -> None:
    """A metric of values has a unit of its own, and the page has it in the table of values."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    values = page.partition("| metric | values |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)`", values, re.MULTILINE)) == UNITS.keys()
