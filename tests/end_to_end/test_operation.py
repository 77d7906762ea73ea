"""What an operator meets: missing secrets, and the modes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.conftest import drain, rewards
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
