"""`doctor` on the running bridge: what is broken on purpose is a finding, and nothing else is."""

from __future__ import annotations

import dataclasses
import json
import re
import socket
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest
from typer.testing import CliRunner

from segment_rehook.rehook.destination import version_of
from segment_rehook.segment.event_time import time_text
from segment_rehook_cli.cutover.steps import RETRY_SECONDS
from segment_rehook_cli.doctor.alarm_check import alarm_names
from segment_rehook_cli.doctor.check_result import Status
from segment_rehook_cli.doctor.checks import PERMISSIONS
from segment_rehook_cli.doctor.subject import Subject
from segment_rehook_cli.log.time_window import DAY
from segment_rehook_cli.main import app
from tests.end_to_end.doctor_lines import (
    EMAIL,
    Lines,
    deployed,
    examined,
    not_ok,
    only_finding,
    order_of,
    stack_of,
)
from tools.sandbox import Fault, Kind, Sandbox
from tools.sandbox.build import build
from tools.sandbox.services import API_KEY, API_SECRET, CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHIPPED = CHECKOUT / "layers" / "destination" / "destination.json"
QUERIES = {"StartQuery", "GetQueryResults", "StopQuery"}
XML_SERVICES = {"cloudformation", "sns"}
DENIED_JSON = json.dumps({"__type": "AccessDeniedException", "message": "User: me is not allowed"})
DENIED_XML = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
    "<Message>User: me is not allowed</Message></Error></ErrorResponse>"
)


class Started(NamedTuple):
    """A sandbox, and what `doctor` said before the address for alarms was confirmed."""

    box: Sandbox
    unconfirmed: Lines


@pytest.fixture(scope="module")
def started() -> Iterator[Started]:
    """A bridge of its own, with alarms that reach someone."""
    build()
    with Sandbox(parameters={"AlarmEmail": EMAIL}) as box:
        with pytest.MonkeyPatch.context() as monkeypatch:
            unconfirmed = examined(box, "notification", stack=deployed(box, monkeypatch))
        box.aws.confirm(EMAIL)
        yield Started(box, unconfirmed)


@pytest.fixture
def box(started: Started) -> Iterator[Sandbox]:
    """The same; faults end with each test."""
    yield started.box
    started.box.aws.clear()
    started.box.rehook.clear()
    started.box.rehook.switch(on=True)


def answered(box: Sandbox, operation: str, body: str) -> None:
    """Have AWS answer the operator's calls of an operation with this body."""
    match = {"operation": operation, "caller": "operator"}
    box.aws.fault(Fault(kind=Kind.ANSWER, status=200, body=body, times=None, match=match))


def test_all_is_well_with_a_healthy_stack(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every check is ok, and shows what it saw; nothing is changed by it.

    docs/doctor.md says how many calls it makes.
    """
    before = sum(box.aws.operations("operator").values())
    lines = examined(box, stack=deployed(box, monkeypatch))
    calls = sum(box.aws.operations("operator").values()) - before
    page = (CHECKOUT / "docs" / "doctor.md").read_text(encoding="utf-8")
    assert f"makes {calls} calls to AWS" in page
    assert not_ok(lines) == {}
    here = version_of(SHIPPED.read_bytes())
    assert here in lines["destination"][0].detail
    assert here in lines["checkout"][0].detail
    assert "1 × email" in lines["notification"][0].detail
    changing = re.compile("Put|Set|Update|Delete|Send|Receive|Change|Create")
    assert not [each for each in box.aws.operations("operator") if changing.search(each)]


def test_all_is_well_with_a_healthy_sandbox(
    shared: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody gets its alarms, by the sandbox's nature: that is no finding, and the exit code is 0.

    Another test may have left an event, or one without an outcome, in this sandbox.
    """
    left = {"waiting", "parked", "balance"}
    monkeypatch.setenv("SANDBOX_CONTROL", shared.control_url)
    result = CliRunner().invoke(app, ["doctor", "--sandbox", "--json"])
    lines = [json.loads(each) for each in result.stdout.splitlines()]
    wrong = {each["check"] for each in lines if each["result"] != "ok"}
    assert wrong <= left
    assert result.exit_code == bool(wrong)
    [said] = [each["detail"] for each in lines if each["check"] == "notification"]
    assert said == "the sandbox sends no alarms"


@pytest.mark.parametrize("name", ["rehook/api-key", "rehook/api-secret", "logs/user-key"])
def test_a_parameter_that_is_missing(box: Sandbox, name: str) -> None:
    """A missing secret is a finding with the command that puts it."""
    path = box.secret_path(name)
    value = box.ssm.get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"]
    box.ssm.delete_parameter(Name=path)
    try:
        lines = not_ok(examined(box))
    finally:
        box.put_secret(name, value)
    [said] = lines["parameters"]
    assert said.status is Status.FINDING
    assert name in said.detail
    assert "missing" in said.detail
    assert said.command == f"segment-rehook secrets put {name} --sandbox"
    # Without a pair, none can be tried: that is not ok either, and says so.
    dependent = {"key pair"} if name.startswith("rehook/") else set()
    assert set(lines) == {"parameters"} | dependent
    assert all(lines[each][0].status is Status.SKIPPED for each in dependent)


def test_nobody_may_send(box: Sandbox) -> None:
    """Without shared secrets and tokens there is one finding."""
    name = "segment/shared-secrets"
    box.ssm.delete_parameter(Name=box.secret_path(name))
    try:
        said = only_finding(examined(box), "parameters")
    finally:
        box.put_secret(name, box.shared_secret)
    assert "nobody may send" in said.detail
    assert name in said.command


def test_a_parameter_of_the_wrong_form(box: Sandbox) -> None:
    """A placeholder is a finding that shows no value; a String in place of a SecureString too."""
    name = "segment/tokens"
    path = box.secret_path(name)
    box.put_secret(name, "very-private-token\nyour-token-here")
    try:
        said = only_finding(examined(box, hidden="private-token"), "parameters")
        assert "placeholder in line 2" in said.detail
        box.ssm.delete_parameter(Name=path)
        box.ssm.put_parameter(Name=path, Value="very-private-token", Type="String")
        said = only_finding(examined(box, hidden="private-token"), "parameters")
        assert "segment/tokens is a String, and not encrypted" in said.detail
    finally:
        box.ssm.delete_parameter(Name=path)


def test_a_key_pair_that_rehook_refuses(box: Sandbox) -> None:
    """The pair is tried at Rehook, and its refusal is a finding; no part of it is shown."""
    box.put_secret("rehook/api-secret", "another-secret-value")
    try:
        said = only_finding(examined(box, hidden="another-secret-value"), "key pair")
    finally:
        box.put_secret("rehook/api-secret", API_SECRET)
    assert "refuses" in said.detail
    assert said.command == "segment-rehook secrets put rehook/api-key rehook/api-secret --sandbox"


def test_a_rehook_that_is_down(box: Sandbox) -> None:
    """No answer is told from a refusal."""
    box.rehook.switch(on=False)
    said = only_finding(examined(box), "key pair")
    assert "no clear answer" in said.detail


def test_an_event_source_that_is_disabled(box: Sandbox) -> None:
    """What waits is not delivered: the command enables the mapping by its id."""
    mapping = {"UUID": "14e0db71", "State": "Disabled"}
    answered(box, "ListEventSourceMappings", json.dumps({"EventSourceMappings": [mapping]}))
    said = only_finding(examined(box), "event source")
    assert "disabled" in said.detail
    assert "--uuid 14e0db71 --enabled" in said.command
    box.aws.clear()
    answered(box, "ListEventSourceMappings", json.dumps({"EventSourceMappings": []}))
    assert "nothing takes events" in only_finding(examined(box), "event source").detail


def test_a_function_that_cannot_be_called(box: Sandbox) -> None:
    """A function that is not active is a finding with its reason, and so is a missing alias."""
    told = {"State": "Failed", "StateReasonCode": "InvalidImage", "LastUpdateStatus": "Failed"}
    answered(box, "GetFunctionConfiguration", json.dumps(told))
    said = examined(box, "functions")["functions"]
    assert [each.status for each in said] == [Status.FINDING] * 2
    assert all("Failed" in each.detail and "InvalidImage" in each.detail for each in said)
    box.aws.clear()
    headers = {"x-amzn-errortype": "ResourceNotFoundException"}
    match = {"operation": "GetAlias", "caller": "operator"}
    box.aws.fault(
        Fault(kind=Kind.ANSWER, status=404, body="{}", headers=headers, match=match, times=None)
    )
    assert "no alias live" in examined(box, "functions")["functions"][0].detail


def test_alarms_that_reach_no_one(
    started: Started, box: Sandbox, shared: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pending subscription, none, and no topic at all are findings."""
    [pending] = started.unconfirmed["notification"]
    assert pending.status is Status.FINDING
    assert "until the subscription is confirmed (1 × email)" in pending.detail
    namespace = "http://sns.amazonaws.com/doc/2010-03-31/"
    answered(
        box,
        "ListSubscriptionsByTopic",
        f'<ListSubscriptionsByTopicResponse xmlns="{namespace}"><ListSubscriptionsByTopicResult>'
        "<Subscriptions/></ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>",
    )
    lines = examined(box, stack=deployed(box, monkeypatch))
    assert "no subscription" in only_finding(lines, "notification").detail
    lines = examined(shared, "notification", stack=deployed(shared, monkeypatch))
    [without] = lines["notification"]
    assert without.status is Status.FINDING
    assert "AlarmEmail=ADDRESS" in without.command


def test_an_alarm_that_is_on(box: Sandbox) -> None:
    """It is a finding whose command explains the alarm."""
    name = alarm_names(Subject(stack_of(box)))["RehookFails"]
    box.aws.alarm(name, "ALARM", "a threshold was crossed")
    try:
        said = only_finding(examined(box), "alarms")
    finally:
        box.aws.alarm(name, "OK")
    assert "RehookFails is on since" in said.detail
    assert said.command == "segment-rehook doctor --alarm RehookFails --sandbox"


@pytest.mark.parametrize(("value", "said"), [("pause", "pause since"), ("stop", "unknown")])
def test_a_mode_that_does_not_deliver(box: Sandbox, value: str, said: str) -> None:
    """A mode other than deliver is a finding that says since when."""
    path = box.secret_path("mode")
    box.ssm.put_parameter(Name=path, Value=value, Type="String", Overwrite=True)
    try:
        found = only_finding(examined(box), "mode")
    finally:
        box.ssm.delete_parameter(Name=path)
    assert said in found.detail
    assert "UTC (" in found.detail
    assert found.command == "segment-rehook mode deliver --sandbox"


def seen_with_cutover(box: Sandbox, cutover: str, mode: str, now: float) -> Lines:
    """What the check of the mode says at a time, with a cut-over set in this mode."""
    paths = [box.secret_path(name) for name in ("cutover", "mode")]
    for path, value in zip(paths, (cutover, mode), strict=True):
        box.ssm.put_parameter(Name=path, Value=value, Type="String", Overwrite=True)
    try:
        return examined(box, "mode", now=lambda: now)
    finally:
        box.ssm.delete_parameters(Names=paths)


def test_a_cutover_that_can_be_finished(box: Sandbox) -> None:
    """A cut-over is a finding once Segment's retries are over, and not before."""
    at = time.time()
    text = time_text(at)
    during = seen_with_cutover(box, text, "deliver", at + RETRY_SECONDS - 60)
    assert not_ok(during) == {}
    assert "again for 1 min" in during["mode"][-1].detail
    said = only_finding(seen_with_cutover(box, text, "deliver", at + RETRY_SECONDS + 1), "mode")
    assert "can be finished" in said.detail
    assert said.command == "segment-rehook cutover --finish --sandbox"


def test_a_cutover_that_was_not_ended(box: Sandbox) -> None:
    """In `pause`, the one finding has the command that goes on with the cut-over."""
    at = time.time()
    said = only_finding(seen_with_cutover(box, time_text(at), "pause", at + 2 * DAY), "mode")
    assert said.command == f"segment-rehook cutover --at {time_text(at)} --sandbox"


@pytest.mark.parametrize(("mode", "findings"), [("deliver", 1), ("pause", 2)])
def test_a_cutover_that_cannot_be_read(box: Sandbox, mode: str, findings: int) -> None:
    """It counts as `pause`, so nothing about the mode is ok, also where the mode is `deliver`."""
    lines = seen_with_cutover(box, "at noon", mode, time.time())
    said = lines["mode"]
    assert [each.status for each in said] == [Status.FINDING] * findings
    assert "cutover is no time" in said[0].detail
    assert ("nothing is delivered" in said[0].detail) == (mode == "deliver")
    assert said[0].command == "segment-rehook cutover --at TIME --sandbox"


def test_queues_that_were_changed_by_hand(box: Sandbox) -> None:
    """Another retention is a finding of the queue that has it; so is a lost redrive policy."""
    url = box.queue("ParkingLot").url
    box.sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "345600"})
    try:
        said = only_finding(examined(box), "parking lot")
    finally:
        box.sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "1209600"})
    assert "4 days, not 14 days" in said.detail
    arn = "arn:aws:sqs:eu-west-1:123456789012:other.fifo"
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1000})
    attributes = {
        "QueueArn": "arn:aws:sqs:eu-west-1:123456789012:dead-letters.fifo",
        "FifoQueue": "true",
        "MessageRetentionPeriod": "864000",
        "VisibilityTimeout": "30",
        "RedrivePolicy": policy,
    }
    answered(box, "GetQueueAttributes", json.dumps({"Attributes": attributes}))
    [said] = examined(box, "dead-letter queue")["dead-letter queue"]
    for part in ("not encrypted", "redrive policy", "visibility time-out"):
        assert part in said.detail


def test_a_table_that_forgets_nothing(box: Sandbox) -> None:
    """A time to live that is off is a finding with the command that sets it."""
    body = json.dumps({"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}})
    answered(box, "DescribeTimeToLive", body)
    said = only_finding(examined(box), "table")
    assert "update-time-to-live" in said.command


def test_log_groups_that_grow_for_ever_or_are_gone(box: Sandbox) -> None:
    """Each group without retention, and each that is missing, is a finding."""
    outputs = stack_of(box).outputs
    group = {"logGroupName": outputs["IngestLogGroup"]}
    answered(box, "DescribeLogGroups", json.dumps({"logGroups": [group]}))
    said = not_ok(examined(box))
    assert list(said) == ["log groups"]
    details = [each.detail for each in said["log groups"]]
    assert len(details) == 3
    assert sum("for ever" in each for each in details) == 1
    assert sum("does not exist" in each for each in details) == 2


def test_another_destination_than_that_of_the_checkout(box: Sandbox, tmp_path: Path) -> None:
    """Both versions are shown, whichever of the two files is the changed one."""
    other = tmp_path / "destination.json"
    other.write_bytes(SHIPPED.read_bytes() + b"\n")
    versions = {version_of(file.read_bytes()) for file in (SHIPPED, other)}
    said = only_finding(examined(box, file=other), "checkout")
    assert all(version in said.detail for version in versions)
    box.reload(other)
    try:
        said = only_finding(examined(box), "checkout")
        assert not_ok(examined(box, file=other)) == {}
    finally:
        box.reload(SHIPPED)
    assert all(version in said.detail for version in versions)


def test_outside_of_a_checkout(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a file to compare with, the line is skipped and says what to do."""
    monkeypatch.chdir(tmp_path)
    lines = not_ok(examined(box))
    assert list(lines) == ["checkout"]
    assert lines["checkout"][0].status is Status.SKIPPED
    assert "--destination FILE" in lines["checkout"][0].command


@pytest.mark.parametrize("seconds", [-60.0, 60.0])
def test_a_clock_that_is_wrong(box: Sandbox, seconds: float) -> None:
    """A minute of difference to AWS's clock is a finding, and no other check minds it."""
    said = only_finding(examined(box, now=lambda: time.time() + seconds), "clock")
    assert ("fast" if seconds > 0 else "slow") in said.detail


@pytest.mark.parametrize(("version", "said"), [("0.0.1", "newer"), ("99.0.0", "older")])
def test_versions_that_differ(box: Sandbox, version: str, said: str) -> None:
    """The functions' version is that of /health; which of the two is newer is said."""
    found = only_finding(examined(box, version=version), "version")
    assert f"the functions are {said}" in found.detail


def test_a_webhook_that_does_not_answer(box: Sandbox) -> None:
    """The address of the health check is called; without an answer no version is known."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/health"
        stack = stack_of(box)
        outputs = {**stack.outputs, "HealthUrl": address}
        lines = not_ok(examined(box, stack=dataclasses.replace(stack, outputs=outputs)))
    assert {name: each[0].status for name, each in lines.items()} == {
        "webhook": Status.FINDING,
        "version": Status.SKIPPED,
    }


def test_what_waits_and_what_is_parked(box: Sandbox) -> None:
    """A parked event is a finding; what waits is one from the thresholds of its alarms on."""
    box.rehook.answer(400, event="order")
    assert box.segment.send(order_of("parked-1")).body["parked"] == 1
    box.pollers["RedriveFunction"].pause()
    path = box.secret_path("mode")
    try:
        said = only_finding(examined(box), "parked")
        assert said.detail.startswith("1 event;")
        assert said.command == "segment-rehook failures list --queue parked --sandbox"
        box.queue("ParkingLot").empty()
        box.ssm.put_parameter(Name=path, Value="pause", Type="String", Overwrite=True)
        box.kill("IngestFunction")
        assert box.segment.send(order_of("waiting-1")).body["stored"] == 1
        [said] = examined(box, "waiting")["waiting"]
        assert said.detail == "1 event; nothing is delivered until the mode is deliver"
        box.ssm.delete_parameter(Name=path)
        lines = examined(box)
        assert not_ok(lines) == {}
        assert lines["waiting"][0].detail == "1 event; it is delivered by itself"
        stack = stack_of(box)
        tuned = dataclasses.replace(
            stack, parameters={**stack.parameters, "DeadLettersThreshold": "1"}
        )
        assert "DeadLettersPileUp" in only_finding(examined(box, stack=tuned), "waiting").command
    finally:
        for name in box.stack.queues:
            box.queue(name).empty()
        box.kill("IngestFunction")
        box.pollers["RedriveFunction"].resume()


def test_the_age_of_what_waits_in_a_pause(box: Sandbox) -> None:
    """It grows although redrive does not look at the event again."""
    path = box.secret_path("mode")
    box.ssm.put_parameter(Name=path, Value="pause", Type="String", Overwrite=True)
    for name in box.functions:
        box.kill(name)
    try:
        assert box.segment.send(order_of("paused-1")).body["stored"] == 1
        box.wait_until(lambda: any("DeadLettersStored" in each.text for each in box.log.lines()))
        [said] = examined(box, "waiting", now=lambda: time.time() + 600)["waiting"]
    finally:
        box.ssm.delete_parameter(Name=path)
        box.queue("DeadLetterQueue").empty()
        for name in box.functions:
            box.kill(name)
    assert re.fullmatch(
        "1 event, the oldest for at least (9|10) minutes; nothing is delivered until the mode is "
        "deliver",
        said.detail,
    )


@pytest.mark.parametrize("operation", sorted(PERMISSIONS.keys() - QUERIES))
def test_a_permission_that_is_missing_skips_what_needs_it(
    box: Sandbox, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No check ends the others: those that need the permission are skipped, and name it."""
    service = PERMISSIONS[operation].partition(":")[0]
    body = DENIED_XML if service in XML_SERVICES else DENIED_JSON
    match = {"operation": operation, "caller": "operator"}
    stack = deployed(box, monkeypatch)
    box.aws.fault(Fault(kind=Kind.ANSWER, status=403, body=body, times=None, match=match))
    lines = not_ok(examined(box, stack=stack))
    assert lines
    for results in lines.values():
        [said] = results
        assert said.status is Status.SKIPPED
        assert PERMISSIONS[operation] in said.detail


def test_each_call_has_a_permission(box: Sandbox) -> None:
    """Whatever `doctor` calls, the table of permissions knows."""
    examined(box)
    called = {each.partition(":")[2] for each in box.aws.operations("operator")}
    assert called - PERMISSIONS.keys() - {"GetLayerContent", "GetObject"} == set()
    assert API_KEY not in str(called)


# The last one: its killed event would be a finding of later tests.
def test_events_without_an_outcome(box: Sandbox) -> None:
    """What was received is compared with the outcomes, once no event can be in flight."""

    def later() -> float:
        return time.time() + 300

    assert box.segment.send(order_of("balanced-1")).status == 200
    [said] = examined(box, "balance", now=later)["balance"]
    assert said.status is Status.OK
    assert "each has an outcome" in said.detail
    box.rehook.fault(Fault(kind=Kind.SILENCE, match={"event": "order"}))
    since = len(box.rehook.calls())
    sending = threading.Thread(target=box.segment.send, args=[order_of("killed-1")])
    sending.start()
    box.wait_until(lambda: len(box.rehook.calls()) > since)
    box.kill("IngestFunction", busy_only=True)
    sending.join()
    [said] = examined(box, "balance", now=later)["balance"]
    assert said.status is Status.FINDING
    assert "1 is without an outcome" in said.detail
    assert "EventsUnaccounted" in said.command
