"""The check before traffic over the built functions, and stages that run on files of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from functions.check import app
from tests.integration.check.aws_side import ARNS, AwsSide, Version, environment
from tools.sandbox import Sandbox
from tools.sandbox.build import build
from tools.sandbox.function import FunctionBroken

if TYPE_CHECKING:
    from tools.sandbox.function import Function

STAGE = {"DeploymentPreference": "Canary10Percent5Minutes", "Destination": "stage-2"}
HOOK = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "hook-1"}
FIELDS = {"event_name": {"@path": "$.event"}, "source_id": {"@path": "$.userId"}}
NAMES = {"INGEST": "IngestFunction", "REDRIVE": "RedriveFunction"}


def mapping(**fields: Any) -> str:
    """A destination file of one subscription, to track calls."""
    subscription = {
        "id": "orders",
        "actionSlug": "trackEvent",
        "trigger": 'type = "track"',
        "settings": FIELDS | fields,
    }
    return json.dumps({"subscriptions": [subscription]})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The destination file of the stage that is deployed to."""
    path = tmp_path_factory.mktemp("stage") / "stage-2.json"
    path.write_text(mapping())
    return path


@pytest.fixture(scope="module")
def stage(file: Path) -> Iterator[Sandbox]:
    """A stack of its own, deployed in steps, on a file of its own."""
    build()
    with Sandbox(parameters=STAGE, destination=file) as box:
        yield box


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsSide]:
    """AWS's side of the check."""
    with environment(monkeypatch) as side:
        yield side


def behind(function: Function) -> Version:
    """A version whose code is a function of a sandbox."""

    def answer(payload: bytes) -> tuple[bytes, bool]:
        result = function.invoke(payload)
        return result.payload, result.failed

    return answer


def checked(aws: AwsSide, new: Sandbox, live: Sandbox) -> str:
    """Run the hook: one sandbox holds the new versions, the other one the live ones."""
    for prefix, name in NAMES.items():
        aws.versions[ARNS[f"{prefix}_VERSION"]] = behind(new.functions[name])
        aws.versions[ARNS[f"{prefix}_LIVE"]] = behind(live.functions[name])
    return app.handler(HOOK, None)["status"]


def test_the_check_is_a_function_of_a_stack_that_is_deployed_in_steps(
    stage: Sandbox, shared: Sandbox
) -> None:
    """In steps the stack has the check as a third function, which starts without the layers."""
    assert set(stage.functions) == {*NAMES.values(), "PreTrafficFunction"}
    assert not stage.stack.functions["PreTrafficFunction"].layers
    assert set(shared.functions) == set(NAMES.values())


def test_a_stage_runs_on_its_own_file(stage: Sandbox) -> None:
    """The functions run on the file that the parameter Destination names."""
    event = {"type": "track", "event": "order", "messageId": "s1", "userId": "u1"}
    [said] = stage.segment.send(event).body["events"]
    assert [each["subscription"] for each in said["deliveries"]] == ["orders"]


def test_a_stage_without_its_file_does_not_start() -> None:
    """A file that is not in the layer ends the start: the error names it and what to do."""
    build()
    with (
        pytest.raises(FunctionBroken, match=r"/nowhere\.json can't be read.*Destination"),
        Sandbox(parameters={"Destination": "nowhere"}),
    ):
        raise AssertionError("it started")


def test_a_sound_version_gets_traffic_and_nothing_is_delivered(
    aws: AwsSide, box: Sandbox, stage: Sandbox
) -> None:
    """The built functions report to be sound; the sample events are neither sent nor stored."""
    before = (stage.rehook.rewards(), stage.ledger())
    assert checked(aws, new=stage, live=box) == "Succeeded"
    assert (stage.rehook.rewards(), stage.ledger()) == before
    assert {call.path for call in stage.rehook.calls()[-2:]} == {"/events/segment/check-auth"}
    assert not stage.queue("DeadLetterQueue").messages()


def test_a_mapping_that_throws_gets_no_traffic(
    aws: AwsSide, box: Sandbox, stage: Sandbox, file: Path
) -> None:
    """A new mapping that throws on a sample event which the live one maps is refused."""
    file.write_text(mapping(event_name={"@template": {"@path": "$.nowhere"}}))
    stage.reload(file)
    assert checked(aws, new=stage, live=box) == "Failed"
    assert checked(aws, new=stage, live=stage) == "Succeeded"
    file.write_text(mapping())
    stage.reload(file)


def test_a_key_pair_that_only_the_new_version_is_refused_for_gets_no_traffic(
    aws: AwsSide, box: Sandbox, stage: Sandbox
) -> None:
    """If Rehook refuses the key pair to the new version alone, no traffic moves."""
    stage.rehook.answer(401, path="/events/segment/check-auth", times=None)
    assert checked(aws, new=stage, live=box) == "Failed"
    stage.rehook.clear()
    assert checked(aws, new=stage, live=box) == "Succeeded"


def test_segment_cannot_ask_for_a_report(stage: Sandbox) -> None:
    """A request with the check's member in its body is an event like any other."""
    checks = len(stage.rehook.calls())
    reply = stage.segment.send_signed(b'{"versionCheck": {"samples": []}}')
    assert reply.status == 200
    assert "credentials" not in reply.body
    assert len(stage.rehook.calls()) == checks
