"""What `make verify-aws` makes of AWS's answers that only AWS gives."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from tests.template.deployed import REGION
from tools.cloudwatch.watched import widgets
from tools.verify_aws.accepted import accepted
from tools.verify_aws.alarms import alarms
from tools.verify_aws.check import Check
from tools.verify_aws.dashboard import queries_of, without_fault
from tools.verify_aws.metric_data import computes
from tools.verify_aws.metrics import dimensions
from tools.verify_aws.version_reports import report

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SESSION = boto3.Session("made-up", "made-up", region_name=REGION)
SOUND = {
    "mapping": "0123456789ab",
    "secrets": None,
    "credentials": True,
    "samples": [{"t": "call"}],
}


def cloudwatch(endpoint: str | None = None) -> tuple[Any, Stubber]:
    """Give a client of CloudWatch that answers what is added to the stub."""
    client = SESSION.client("cloudwatch", endpoint_url=endpoint)
    stub = Stubber(client)
    stub.activate()
    return client, stub


@pytest.mark.parametrize(
    ("endpoint", "skipped"),
    [(None, False), ("http://127.0.0.1:1", True), ("http://localhost", True)],
)
def test_only_a_stand_in_may_refuse(endpoint: str | None, skipped: bool) -> None:
    """What AWS refuses does not hold. What a server on this machine refuses is skipped."""
    client, stub = cloudwatch(endpoint)
    stub.add_client_error("get_dashboard", "UnknownOperationException", "no such operation")
    answer, check = accepted(client, "it is there", lambda: client.get_dashboard(DashboardName="d"))
    assert answer is None
    assert (check.holds, check.skipped) == (False, skipped)
    assert "no such operation" in check.seen


@pytest.mark.parametrize("faults", [[], [{"DataPath": "/widgets/0", "Message": "a bad metric"}]])
def test_a_fault_in_the_dashboard_is_told_and_the_copy_is_deleted(faults: list[Any]) -> None:
    """A copy is put and deleted; the check holds if CloudWatch told no fault."""
    client, stub = cloudwatch()
    stub.add_response("put_dashboard", {"DashboardValidationMessages": faults})
    stub.add_response("delete_dashboards", {}, {"DashboardNames": ANY})
    check = without_fault(client, "{}")
    assert check.holds == (not faults)
    assert ("a bad metric" in check.seen) == bool(faults)
    stub.assert_no_pending_responses()


def test_a_copy_that_cannot_be_deleted_is_named() -> None:
    """If CloudWatch refuses to delete the copy, the check fails with the copy's name."""
    client, stub = cloudwatch()
    stub.add_response("put_dashboard", {})
    stub.add_client_error("delete_dashboards", "AccessDenied", "not you")
    check = without_fault(client, "{}")
    assert not check.holds
    assert "segment-rehook-verify-" in check.text
    assert "DeleteDashboards: AccessDenied: not you" in check.seen


@pytest.mark.parametrize("widget", [each for each in widgets() if each["type"] == "metric"])
def test_a_widget_is_asked_for_whole(widget: dict[str, Any]) -> None:
    """Each entry of a widget is a query with an id of its own, and one at least is shown."""
    queries = queries_of(widget)
    assert len(queries) == len(widget["properties"].get("metrics", []))
    assert len({each["Id"] for each in queries}) == len(queries)
    assert not queries or any(each["ReturnData"] for each in queries)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"StatusCode": "InternalError"},
        {"StatusCode": "Complete", "Messages": [{"Code": "Max", "Value": "too many metrics"}]},
    ],
)
def test_a_fault_in_computed_metrics_is_told(change: dict[str, Any]) -> None:
    """A result with another status, or with a message of CloudWatch's, does not hold."""
    client, stub = cloudwatch()
    result = {"Id": "all", "StatusCode": "Complete", "Values": [], "Timestamps": []} | change
    stub.add_response("get_metric_data", {"MetricDataResults": [result]})
    query = {"Id": "all", "Expression": "1 + 1"}
    assert computes(client, "it is computed", [query], NOW).holds == (not change)


@pytest.mark.parametrize(
    ("listed", "holds", "skipped"),
    [
        (
            [("EventsReceived", ["service"]), ("AccessMatched", ["service", "credential"])],
            True,
            False,
        ),
        ([("EventsReceived", ["service", "user"])], False, False),
        ([], False, True),
    ],
)
def test_other_dimensions_than_the_codes_are_found(
    listed: list[tuple[str, list[str]]], holds: bool, skipped: bool
) -> None:
    """A metric with another set of dimensions is a finding; where none is listed, nobody knows."""
    client, stub = cloudwatch()
    metrics = [
        {"MetricName": name, "Dimensions": [{"Name": each, "Value": "x"} for each in names]}
        for name, names in listed
    ]
    stub.add_response("list_metrics", {"Metrics": metrics})
    check = dimensions(client, "bridge")
    assert (check.holds, check.skipped) == (holds, skipped)


def looked_at(**change: Any) -> list[Check]:
    """Give the checks of one alarm, without metric math, that do not hold."""
    client, stub = cloudwatch()
    alarm = {
        "AlarmName": "a",
        "StateValue": "OK",
        "TreatMissingData": "notBreaching",
        "AlarmConfigurationUpdatedTimestamp": NOW - timedelta(days=1),
    } | change
    stub.add_response("describe_alarms", {"MetricAlarms": [alarm]})
    return [check for check in alarms(client, ["a"], NOW) if not check.holds]


def test_an_alarm_that_cloudwatch_cannot_evaluate_is_found() -> None:
    """An error of evaluation, and INSUFFICIENT_DATA for long, are findings; when new, a skip."""
    assert looked_at() == []
    [wrong] = looked_at(EvaluationState="EVALUATION_ERROR")
    assert wrong.seen == "a"
    [wrong] = looked_at(StateValue="INSUFFICIENT_DATA")
    assert (wrong.seen, wrong.skipped) == ("a", False)
    [wrong] = looked_at(StateValue="INSUFFICIENT_DATA", AlarmConfigurationUpdatedTimestamp=NOW)
    assert wrong.skipped
    assert looked_at(StateValue="INSUFFICIENT_DATA", TreatMissingData="missing") == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mapping": None}, "reports on itself"),
        ({"secrets": "there is no rehook/api-key"}, "reads the secrets"),
        ({"credentials": None}, "takes the key pair"),
        ({"samples": [{"t": "missing_user_id"}]}, "makes a call"),
    ],
)
def test_a_live_version_that_is_not_sound_is_found(change: dict[str, Any], said: str) -> None:
    """Each fault in a version's report makes one check fail."""
    assert all(check.holds for check in report("F", json.dumps(SOUND).encode(), failed=False))
    answer = json.dumps(SOUND | change).encode()
    [wrong] = [check for check in report("F", answer, failed=False) if not check.holds]
    assert said in wrong.text


def test_a_live_version_that_crashes_is_one_finding() -> None:
    """A version that gives an error in place of a report is named with the error's type."""
    answer = json.dumps({"errorType": "DestinationInvalid", "errorMessage": "x"}).encode()
    [wrong] = report("F", answer, failed=True)
    assert not wrong.holds
    assert "DestinationInvalid" in wrong.seen
