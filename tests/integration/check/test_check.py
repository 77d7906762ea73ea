"""The check before traffic: what it refuses, what it lets through, and that it always reports."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
import pytest

from functions.check import app
from tests.integration.check.aws_side import ARNS, AwsSide, Version
from tests.template.stack import template
from tests.template.test_deployments_in_steps import actions

HOOK = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "hook-1"}
SAMPLES = len(app.SAMPLES.read_text("utf-8").splitlines())
NEW = ("INGEST_VERSION", "REDRIVE_VERSION")
LIVE = ("INGEST_LIVE", "REDRIVE_LIVE")


def reporting(**changes: Any) -> Version:
    """A version that reports to be sound, but for the changes."""
    said = {"secrets": None, "credentials": True, "samples": [{"track": "call"}] * SAMPLES}
    return lambda _: (json.dumps(said | changes).encode(), False)


def crashing(_: bytes) -> tuple[bytes, bool]:
    """A version that does not start."""
    said = {"errorType": "DestinationInvalid", "errorMessage": "/opt/dev.json can't be read"}
    return json.dumps(said).encode(), True


def run(aws: AwsSide, new: Version, live: Version) -> str:
    """Run the hook over these versions of both functions; return what CodeDeploy was told."""
    aws.versions = {ARNS[name]: new for name in NEW} | {ARNS[name]: live for name in LIVE}
    aws.reported.clear()
    assert app.handler(HOOK, None) == {"status": aws.reported[0]["status"]}
    assert aws.reported == [
        {
            "deploymentId": "d-1",
            "lifecycleEventHookExecutionId": "hook-1",
            "status": aws.reported[0]["status"],
        }
    ]
    return str(aws.reported[0]["status"])


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines that were logged."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


def test_a_sound_version_gets_traffic(aws: AwsSide, capsys: pytest.CaptureFixture[str]) -> None:
    """If both new versions report to be sound, CodeDeploy is told so, and one line says it."""
    assert run(aws, reporting(), reporting()) == "Succeeded"
    [line] = logged(capsys)
    assert (line["level"], line["status"], line["failures"]) == ("INFO", "Succeeded", [])


def test_the_line_names_both_versions_of_the_mapping(
    aws: AwsSide, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line has the new and the live destination file's version; null where none is told."""
    run(aws, reporting(mapping="aaaaaaaaaaaa"), reporting(mapping="bbbbbbbbbbbb"))
    run(aws, reporting(mapping="aaaaaaaaaaaa"), crashing)
    assert [(line["mapping"], line["live_mapping"]) for line in logged(capsys)] == [
        ("aaaaaaaaaaaa", "bbbbbbbbbbbb"),
        ("aaaaaaaaaaaa", None),
    ]


VERSIONS: dict[str, Version] = {
    "crashing": crashing,
    "sound": reporting(),
    "refused": reporting(credentials=False),
    "unclear": reporting(credentials=None),
    "no secrets": reporting(secrets="there is no rehook/api-key", credentials=None),
    "throws": reporting(samples=[{"track": "mapping_error"}] * SAMPLES),
    "loses": reporting(samples=[{"track": "invalid_fields"}] * SAMPLES),
    "drops": reporting(samples=[{"track": "denied_event"}] * SAMPLES),
    "ignores": reporting(samples=[{}] * SAMPLES),
}


@pytest.mark.parametrize(
    ("new", "live", "status"),
    [
        ("crashing", "sound", "Failed"),
        ("crashing", "crashing", "Failed"),
        ("sound", "crashing", "Succeeded"),
        ("refused", "sound", "Failed"),
        ("refused", "crashing", "Failed"),
        ("refused", "refused", "Succeeded"),
        ("unclear", "sound", "Failed"),
        ("unclear", "unclear", "Succeeded"),
        ("no secrets", "sound", "Failed"),
        ("no secrets", "no secrets", "Succeeded"),
        ("throws", "sound", "Failed"),
        ("throws", "crashing", "Failed"),
        ("throws", "throws", "Succeeded"),
        ("throws", "ignores", "Failed"),
        ("loses", "sound", "Failed"),
        ("loses", "loses", "Succeeded"),
        ("drops", "sound", "Succeeded"),
        ("ignores", "sound", "Succeeded"),
    ],
)
def test_a_new_version_is_refused_for_what_is_worse_than_in_the_live_one(
    aws: AwsSide, new: str, live: str, status: str
) -> None:
    """A fault of the new version alone refuses it; one that the live version has too does not.

    A deployment that mends a refused key's cause, or a mapping, would else be stopped by what it
    mends. A rule of the mapping that drops or ignores an event is no fault.
    """
    assert run(aws, VERSIONS[new], VERSIONS[live]) == status


@pytest.mark.parametrize("broken", NEW)
def test_one_function_that_fails_is_enough(aws: AwsSide, broken: str) -> None:
    """If the new version of one function fails, no traffic moves."""
    good = reporting()
    aws.versions = dict.fromkeys(ARNS.values(), good) | {ARNS[broken]: crashing}
    assert app.handler(HOOK, None) == {"status": "Failed"}


def test_the_log_says_what_is_wrong_and_where(
    aws: AwsSide, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last line of a failed check names each function, its fault and the error's own text."""
    run(aws, crashing, reporting())
    line = logged(capsys)[-1]
    assert line["level"] == "ERROR"
    assert line["failures"] == [
        f"{function}: the new version gives no report"
        " (DestinationInvalid: /opt/dev.json can't be read)"
        for function in ("ingest", "redrive")
    ]


def test_what_the_live_version_has_too_is_a_warning(
    aws: AwsSide, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault of both versions is logged as a warning."""
    run(aws, VERSIONS["refused"], VERSIONS["refused"])
    warnings = [line["message"] for line in logged(capsys) if line["level"] == "WARNING"]
    assert warnings == [
        f"{function}: check-auth at Rehook refuses the key pair; so it is with the live version"
        for function in ("ingest", "redrive")
    ]


def test_samples_that_test_nothing_are_pointed_out(
    aws: AwsSide, capsys: pytest.CaptureFixture[str]
) -> None:
    """If no sample event makes a call, a warning says so."""
    run(aws, VERSIONS["ignores"], VERSIONS["ignores"])
    assert "ingest: no event of samples.ndjson makes a call" in [
        line["message"] for line in logged(capsys)
    ]


def test_no_clear_answer_is_asked_for_again(aws: AwsSide) -> None:
    """A check-auth without a clear answer is asked for again, up to three times in all."""
    asked: list[bytes] = []

    def at_last(payload: bytes) -> tuple[bytes, bool]:
        asked.append(payload)
        return (reporting() if len(asked) > 4 else VERSIONS["unclear"])(payload)

    assert run(aws, at_last, reporting()) == "Succeeded"
    assert len(asked) == 2 * app.ROUNDS


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b"null", b'{"secrets": null}'])
def test_an_answer_that_is_no_report_counts_as_a_failure(aws: AwsSide, answer: bytes) -> None:
    """What answers without a report is refused."""
    assert run(aws, lambda _: (answer, False), reporting()) == "Failed"


def test_reports_of_another_shape_are_a_failure_of_the_check(
    aws: AwsSide, capsys: pytest.CaptureFixture[str]
) -> None:
    """If the check itself breaks, it reports Failed and names the error."""
    assert run(aws, reporting(samples=[{"track": "mapping_error"}]), reporting(samples=[])) == (
        "Failed"
    )
    assert "the check itself failed: IndexError" in logged(capsys)[-1]["failures"]


def test_a_version_that_is_not_there_is_a_failure(aws: AwsSide) -> None:
    """If Lambda refuses the call of a new version, no traffic moves."""
    aws.versions = {ARNS[name]: reporting() for name in LIVE}
    assert app.handler(HOOK, None) == {"status": "Failed"}


def test_a_report_that_codedeploy_refuses_fails_the_function(aws: AwsSide) -> None:
    """If CodeDeploy does not take the report, the function fails: no traffic moves without it."""
    aws.versions = dict.fromkeys(ARNS.values(), reporting())
    aws.refuses_reports = True
    with pytest.raises(boto3.client("codedeploy").exceptions.DeploymentDoesNotExistException):
        app.handler(HOOK, None)


def test_its_role_allows_the_calls_that_it_makes_and_no_other(aws: AwsSide) -> None:
    """The calls that the check makes are those that its role allows, besides its log."""
    run(aws, reporting(), reporting())
    said = actions("PreTrafficRole")
    said.pop("WriteLog")
    assert aws.operations == set().union(*(allowed for allowed, _ in said.values()))


def test_all_rounds_fit_into_the_function() -> None:
    """Three rounds, with every answer as late as it may be, end before the function's time-out."""
    timeout = template()["Resources"]["PreTrafficFunction"]["Properties"]["Timeout"]
    pauses = (app.ROUNDS - 1) * app.PAUSE_SECONDS
    assert app.ROUNDS * app.READ_SECONDS + pauses < timeout
    others = ("IngestFunction", "RedriveFunction")
    functions = (template()["Resources"][name]["Properties"]["Timeout"] for name in others)
    assert max(functions) < app.READ_SECONDS


def test_it_is_given_the_variables_that_it_reads() -> None:
    """The template sets each version's variable."""
    variables = template()["Resources"]["PreTrafficFunction"]["Properties"]["Environment"]
    assert set(variables["Variables"]) == set(ARNS)
