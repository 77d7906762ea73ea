"""What an operator meets: missing secrets, modes, permissions, logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.end_to_end.conftest import drain, rewards
from tools.sandbox.build import BUILT
from tools.sandbox.segment import Segment
from tools.sandbox.template import STACK_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.sandbox import Sandbox

    Track = Callable[..., dict[str, Any]]

SECRETS = ("rehook/api-key", "rehook/api-secret", "segment/shared-secrets")


@pytest.fixture
def without(box: Sandbox) -> Iterator[Callable[[str], None]]:
    """Takes a secret away until the end of the test; functions start anew, with empty caches."""
    taken: dict[str, str] = {}

    def take(name: str) -> None:
        path = box.secret_path(name)
        found = box.ssm.get_parameter(Name=path, WithDecryption=True)
        taken[name] = found["Parameter"]["Value"]
        box.ssm.delete_parameter(Name=path)
        box.kill("IngestFunction")

    yield take
    for name, value in taken.items():
        box.put_secret(name, value)
    box.kill("IngestFunction")


@pytest.mark.parametrize("name", SECRETS)
def test_a_missing_secret_is_a_503_and_named_in_the_log(
    box: Sandbox, track: Track, without: Callable[[str], None], name: str
) -> None:
    """A missing secret is answered 503, and the log names it and the command that puts it."""
    without(name)
    since = len(box.log)
    reply = box.segment.send(track())
    assert reply.status == 503
    assert int(reply.headers["retry-after"]) > 0
    path = box.secret_path(name).removesuffix(f"/{name}")
    line = box.log.wait_for(lambda each: "secrets put" in each.text, since=since)
    assert f"segment-rehook secrets put --stack {STACK_NAME} {name}" in line.text
    assert path in line.text


def test_a_secret_that_can_not_be_read(box: Sandbox, track: Track) -> None:
    """While SSM fails a new process answers 503, and 200 as soon as SSM is back."""
    box.kill("IngestFunction")
    box.aws.call(
        "POST",
        "/faults",
        {"kind": "answer", "status": 500, "times": None, "match": {"service": "ssm"}},
    )
    assert box.segment.send(track()).status == 503
    box.aws.clear()
    box.kill("IngestFunction")
    assert box.segment.send(track()).status == 200


def test_cached_secrets_serve_on(box: Sandbox, track: Track) -> None:
    """While SSM fails a process that has read the secrets delivers."""
    assert box.segment.send(track()).status == 200
    box.aws.call(
        "POST",
        "/faults",
        {"kind": "answer", "status": 500, "times": None, "match": {"service": "ssm"}},
    )
    assert box.segment.send(track()).body["delivered"] == 1


def test_two_live_secrets_make_rotation_safe(box: Sandbox, track: Track) -> None:
    """While two shared secrets are live, signatures by either are let in."""
    box.kill("IngestFunction")
    old = Segment(box.webhook, box.shared_secret)
    new = Segment(box.webhook, "the new shared secret")
    try:
        assert old.send(track()).status == 200
        box.put_secret("segment/shared-secrets", f"the new shared secret\n{box.shared_secret}\n")
        box.kill("IngestFunction")  # stands for the minute for which secrets are cached
        assert new.send(track()).status == 200
        assert old.send(track()).status == 200
    finally:
        box.put_secret("segment/shared-secrets", box.shared_secret)
        old.close()
        new.close()


def test_pause_stores_and_dry_run_only_answers(box: Sandbox, track: Track, user: str) -> None:
    """The mode `pause` stores events, and `dry-run` drops them with an answer."""
    path = box.secret_path("mode")
    try:
        box.ssm.put_parameter(Name=path, Value="pause", Type="String", Overwrite=True)
        for function in ("IngestFunction", "RedriveFunction"):
            box.kill(function)
        assert box.segment.send(track()).body["stored"] == 1
        box.ssm.put_parameter(Name=path, Value="dry-run", Type="String", Overwrite=True)
        box.kill("IngestFunction")
        assert box.segment.send(track()).body["dropped"] == 1
        assert rewards(box, user) == 0
    finally:
        box.ssm.delete_parameter(Name=path)
        for function in ("IngestFunction", "RedriveFunction"):
            box.kill(function)
    drain(box)
    assert rewards(box, user) == 1


@pytest.mark.usefixtures("fresh")
def test_functions_call_what_their_roles_allow(box: Sandbox, track: Track) -> None:
    """By what AWS was asked, for one delivery, one failure, one duplicate and a redrive."""
    event = track()
    box.rehook.answer(429, event="order")
    for each in (event, event, track(userId="another")):
        assert box.segment.send(each).status == 200
    drain(box)
    for function, role in (("IngestFunction", "IngestRole"), ("RedriveFunction", "RedriveRole")):
        called = set(box.aws.operations(function))
        assert called
        assert {_action(each) for each in called} <= _allowed(role)


def _action(operation: str) -> str:
    # SendMessageBatch is allowed by sqs:SendMessage, and so on.
    return operation.removesuffix("Batch") if operation.startswith("sqs:") else operation


def _allowed(role: str) -> set[str]:
    template = yaml.safe_load(BUILT.read_text())
    [policy] = template["Resources"][role]["Properties"]["Policies"]
    actions: set[str] = set()
    for statement in policy["PolicyDocument"]["Statement"]:
        action = statement.get("Action", [])
        actions |= {action} if isinstance(action, str) else set(action)
    return actions


@pytest.mark.usefixtures("fresh")
def test_logs_hold_no_personal_data(box: Sandbox, track: Track) -> None:
    """No log line holds a user, a trait, a property or a secret, whatever becomes of an event."""
    since = len(box.log)
    secret_text = "very personal"
    event = track(userId="known-by-name", properties={"note": secret_text})
    box.segment.send(event)
    box.rehook.answer(400, '{"message": "no"}', event="order")
    box.segment.send(track(userId="known-by-name", properties={"note": secret_text}))
    box.segment.send_raw(b'{"note": "very personal"', {"x-signature": "0" * 40})
    drain(box)
    text = "\n".join(line.text for line in box.log.lines(since=since))
    assert event["messageId"] in text
    for word in (secret_text, "known-by-name", box.shared_secret):
        assert word not in text
