"""`doctor --alarm`, and the command itself, on the running bridge."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from segment_rehook.aws.system import SystemClock
from segment_rehook_cli.doctor.alarm_answers import ALARM_ANSWERS
from segment_rehook_cli.doctor.alarm_check import alarm_names
from segment_rehook_cli.doctor.alarm_report import AlarmReport, report
from segment_rehook_cli.doctor.subject import Subject
from segment_rehook_cli.main import app
from tests.end_to_end.doctor_lines import EMAIL, order_of, stack_of
from tools.cloudwatch.watched import permanent_alarms
from tools.sandbox import Fault, Kind, Sandbox
from tools.sandbox.build import build

if TYPE_CHECKING:
    from collections.abc import Iterator

DENIED = json.dumps({"__type": "AccessDeniedException", "message": "User: me is not allowed"})


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """A bridge of its own: one parked event, two stored ones, and a request that was refused."""
    build()
    with Sandbox(parameters={"AlarmEmail": EMAIL}) as box:
        box.aws.confirm(EMAIL)
        box.pollers["RedriveFunction"].pause()
        box.rehook.answer(400, event="order")
        assert box.segment.send(order_of("parked-1")).body["parked"] == 1
        box.rehook.answer(429, times=2, event="order")
        for number in (1, 2):
            assert box.segment.send(order_of(f"stored-{number}")).body["stored"] == 1
        assert box.segment.send_raw(b"{}", {"x-signature": "00"}).status == 401
        yield box


@pytest.fixture
def box(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The same, found by --sandbox; faults end with each test."""
    monkeypatch.setenv("SANDBOX_CONTROL", running.control_url)
    yield running
    running.aws.clear()


class Impatient(SystemClock):
    """The system's clock, on which no one waits."""

    sleep = staticmethod(lambda _: None)


def about(box: Sandbox, alarm: str) -> AlarmReport:
    """The report of an alarm; no time passes between looks for a result."""
    return report(Subject(stack_of(box)), alarm, clock=Impatient())


def doctor(*arguments: str) -> Result:
    """Run the command on the sandbox."""
    return CliRunner().invoke(app, ["doctor", "--sandbox", *arguments])


@pytest.mark.parametrize("alarm", permanent_alarms())
def test_each_alarm_of_the_template_has_an_answer(box: Sandbox, alarm: str) -> None:
    """State, what it watches, its section of the runbook, and a next step; nothing is missing."""
    said = about(box, alarm)
    assert (said.name, said.state, said.skipped) == (alarm, "OK", [])
    assert said.figures
    assert f"--alarm {alarm}" in said.description
    assert said.runbook is not None
    assert said.runbook.startswith("**Means.**")
    assert said.next.startswith(("segment-rehook ", "aws "))
    assert "{" not in said.next
    if not ALARM_ANSWERS[alarm].reasons and not ALARM_ANSWERS[alarm].refusals:
        assert said.reasons == {}


def test_reasons_and_samples_of_what_is_parked(box: Sandbox) -> None:
    """Reasons are counted, and the message ids are those of the parked events only."""
    said = about(box, "EventsParkedLately")
    assert said.reasons == {"rejected": 1}
    assert said.samples == ["parked-1"]


def test_reasons_and_samples_of_what_waits(box: Sandbox) -> None:
    """Samples of what waits too long begin with the oldest, others with the latest."""
    assert about(box, "DeadLettersWaitLong").reasons == {"throttled": 2}
    assert about(box, "DeadLettersWaitLong").samples == ["stored-1", "stored-2"]
    assert about(box, "DeadLettersPileUp").samples == ["stored-2", "stored-1"]
    assert about(box, "CredentialsRefused").reasons == {}


def test_codes_of_refused_requests(box: Sandbox) -> None:
    """Refused requests are counted by code; the alarm's own metric has its figure."""
    said = about(box, "RequestsRefused")
    assert list(said.reasons.values()) == [1]
    assert next(iter(said.reasons)).startswith("signature")
    assert said.figures == {"RequestsRefused of ingest": 1}
    assert about(box, "WebhookRefuses").figures == {"5xx of AWS/ApiGateway": None}


def test_an_alarm_that_is_on(box: Sandbox) -> None:
    """The exit code is 1; JSON is one line, and the text ends with the next step."""
    name = alarm_names(Subject(stack_of(box)))["EventsParkedLately"]
    box.aws.alarm(name, "ALARM", "1 datapoint crossed the threshold")
    try:
        shown, told = doctor("--alarm", "EventsParkedLately"), doctor("--alarm", name, "--json")
    finally:
        box.aws.alarm(name, "OK")
    assert shown.exit_code == told.exit_code == 1
    assert shown.stdout.startswith("EventsParkedLately: ALARM since 20")
    assert "CloudWatch says: 1 datapoint crossed the threshold" in shown.stdout
    assert "message ids: parked-1" in shown.stdout
    assert shown.stdout.endswith("\nNext: segment-rehook failures list --queue parked --sandbox\n")
    [line] = told.stdout.splitlines()
    entry = json.loads(line)
    assert (entry["alarm"], entry["state"]) == ("EventsParkedLately", "ALARM")
    assert entry["reasons"] == {"rejected": 1}


@pytest.mark.usefixtures("box")
def test_an_alarm_that_is_off() -> None:
    """An alarm that is off is no finding."""
    assert doctor("--alarm", "eventsparked").exit_code == 0


@pytest.mark.usefixtures("box")
def test_an_alarm_that_there_is_not() -> None:
    """The exit code is that of usage, and the alarms are named."""
    said = doctor("--alarm", "EventsLost")
    assert said.exit_code == 2
    assert "no alarm EventsLost" in said.stderr
    assert "EventsParkedLately" in said.stderr
    assert doctor("--alarm", "EventsParked", "--destination", "a.json").exit_code == 2


@pytest.mark.parametrize("operation", ["StartQuery", "GetQueryResults", "GetMetricData"])
def test_what_can_not_be_read_is_named(box: Sandbox, operation: str) -> None:
    """A missing permission leaves the rest of the report, and is exit code 1."""
    _deny(box, operation)
    said = doctor("--alarm", "EventsParkedLately")
    assert said.exit_code == 1
    assert f"{operation}: AccessDeniedException" in said.stdout
    assert "skipped: your credentials lack the permission" in said.stdout
    assert "Next: " in said.stdout


def test_an_alarm_that_can_not_be_read(box: Sandbox) -> None:
    """Without the alarm itself there is nothing to say: AWS refused."""
    _deny(box, "DescribeAlarms")
    said = doctor("--alarm", "EventsParkedLately")
    assert said.exit_code == 3
    assert said.stdout == ""
    assert "DescribeAlarms: AccessDeniedException" in said.stderr


def test_the_command_ends_with_1_unless_all_is_well(box: Sandbox) -> None:
    """One parked event is a finding; JSON has a line for each check, and the rest is no JSON."""
    said = doctor("--json")
    assert said.exit_code == 1
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    assert [each["check"] for each in lines if each["result"] != "ok"] == ["parked"]
    assert all(set(each) == {"check", "result", "detail", "command"} for each in lines)
    assert said.stderr == f"segment-rehook: {len(lines) - 1} ok, 1 finding, 0 skipped\n"
    box.queue("ParkingLot").empty()
    assert doctor().exit_code == 0


def test_a_stack_that_can_not_be_described(box: Sandbox) -> None:
    """If AWS refuses the first call, nothing was checked: that is its own exit code."""
    error = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    body = f"<ErrorResponse>{error}</ErrorResponse>"
    _deny(box, "DescribeStacks", body)
    said = doctor()
    assert said.exit_code == 3
    assert said.stdout == ""


def _deny(box: Sandbox, operation: str, body: str = DENIED) -> None:
    match = {"operation": operation, "caller": "operator"}
    box.aws.fault(Fault(kind=Kind.ANSWER, status=403, body=body, times=None, match=match))
