"""`secrets status` and `secrets rotate` on the running bridge, with its real metric."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.commands import Commands
from tests.end_to_end.many_events import events_of
from tools.sandbox import Fault, Kind, Sandbox
from tools.sandbox.segment import Segment

NAME = "segment/shared-secrets"
NEW = "the-next-s3cret"


@pytest.fixture
def commands(box: Sandbox) -> Iterator[Commands]:
    """Give the commands; afterwards the secret is the usual one."""
    box.put_secret(NAME, box.shared_secret)
    yield Commands(box)
    box.aws.clear()
    box.put_secret(NAME, box.shared_secret)


def piped(commands: Commands, command: str, given: str) -> tuple[int, str, str]:
    """Run a command with a text on its standard input."""
    with commands.start(command, stdin=subprocess.PIPE) as process:
        printed, said = process.communicate(given, timeout=120)
    return process.returncode, printed, said


def secrets_row(commands: Commands) -> dict[str, Any]:
    """Return what `secrets status` says of the shared secrets."""
    _, printed, said = commands.run("secrets status --json")
    [row] = [each for each in map(json.loads, printed.splitlines()) if each["parameter"] == NAME]
    assert not row["findings"], said
    return dict(row)


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("fresh")
def test_a_rotation_sees_the_change_in_segment(box: Sandbox, commands: Commands) -> None:
    """After the new secret is put, a request that is signed with it ends the watch.

    A match in the minute of the put does not count yet, so requests come until the watch ends.
    """
    [before] = secrets_row(commands)["credentials"]
    assert before["lastMatchedAt"] is not None

    code, printed, said = piped(commands, "secrets rotate", NEW)
    assert (code, "2 are live now" in printed) == (1, True), said
    assert box.shared_secret not in printed + said
    assert NEW not in printed + said

    new = Segment(box.webhook, NEW)
    try:
        with commands.start("secrets rotate --wait 3m") as process:
            while process.poll() is None:
                [event] = events_of(users=1, each=1)
                assert new.send(event).status == 200
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=5)
            _, said = process.communicate()
    finally:
        new.close()
    assert process.returncode == 1
    assert "the new one matches" in said
    _, second = secrets_row(commands)["credentials"]
    assert second["credential"] == "secret-2"
    assert second["lastMatchedAt"] is not None


@pytest.mark.usefixtures("fresh")
def test_a_rotation_that_is_killed_or_refused_is_run_again(
    box: Sandbox, commands: Commands
) -> None:
    """Whether the put was made or not, the next run goes on from what SSM has."""
    # GetParameter is the look at the version just before the put.
    for operation, live in (("GetParameter", 1), ("PutParameter", 2)):
        match = {"caller": "operator", "operation": operation}
        box.aws.fault(Fault(kind=Kind.HOLD, match=match, acted=True))
        with commands.start("secrets rotate", stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            process.stdin.write(NEW)
            process.stdin.close()
            box.wait_until(lambda: bool(box.aws.held()), timeout=60)
            process.kill()
            process.wait()
        box.aws.clear()
        assert secrets_row(commands)["live"] == live
    code, _, said = commands.run("secrets rotate")
    assert code == 1
    assert "Now change the secret in Segment" in said

    body = '{"__type": "AccessDeniedException", "message": "bob may not"}'
    for operation, command in (
        ("GetParameterHistory", "secrets rotate"),
        ("GetMetricData", "secrets status"),
        ("DescribeParameters", "secrets status"),
    ):
        match = {"caller": "operator", "operation": operation}
        box.aws.fault(Fault(kind=Kind.ANSWER, status=400, body=body, times=None, match=match))
        code, _, said = commands.run(command)
        assert (code, operation in said) == (3, True), said
        box.aws.clear()
