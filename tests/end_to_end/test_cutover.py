"""A cut-over from the hosted destination, with the command and the functions killed in the middle.

The hosted destination is a list: it has had each event that Segment received before the cut-over.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from segment_rehook.segment.event_time import time_text
from segment_rehook_cli.stack.state import FRESH_SECONDS
from tests.end_to_end.conftest import drain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.sandbox import Sandbox

FUNCTIONS = ("IngestFunction", "RedriveFunction")
USERS = ("cut-ann", "cut-bob", "cut-eve")


@pytest.fixture
def stack(box: Sandbox) -> Iterator[Sandbox]:
    """The sandbox in `pause`, without a mode and a cut-over again at the end."""
    command(box, "mode", "pause")
    renew(box)
    yield box
    for name in ("mode", "cutover"):
        box.ssm.delete_parameters(Names=[box.secret_path(name)])
    renew(box)
    drain(box)


def renew(box: Sandbox) -> None:
    """Kill all functions: the next ones read the parameters anew."""
    for name in FUNCTIONS:
        box.kill(name)


def started(box: Sandbox, *arguments: str) -> subprocess.Popen[str]:
    """Start `segment-rehook` for the sandbox's stack."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.Popen(
        [sys.executable, "-m", "segment_rehook_cli", *arguments, "--stack", box.stack.name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=kept | box.description().environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def command(box: Sandbox, *arguments: str) -> str:
    """Run `segment-rehook` to its end, and give its output."""
    with started(box, *arguments) as process:
        shown, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return shown


def parameter(box: Sandbox, name: str) -> str | None:
    """A parameter's text."""
    found = box.ssm.get_parameters(Names=[box.secret_path(name)])["Parameters"]
    return found[0]["Value"] if found else None


def made(user: str, number: int, received: float) -> dict[str, Any]:
    """An event with a name of its own, by which Rehook's rewards can be told apart."""
    return {
        "type": "track",
        "event": f"cut {user} {number:02}",
        "messageId": f"{user}-{number:02}",
        "userId": user,
        "receivedAt": time_text(received),
        "timestamp": time_text(received - 86_400.0),
        "properties": {},
    }


def given(box: Sandbox) -> dict[str, int]:
    """How often Rehook gave the reward of each event, by its message id."""
    return {
        event.removeprefix("cut ").replace(" ", "-"): count
        for (user, event), count in box.rehook.rewards().items()
        if user in USERS
    }


@pytest.mark.timeout(400)
def test_each_event_is_delivered_by_exactly_one(stack: Sandbox, tmp_path: Path) -> None:
    """Of the two destinations exactly one delivers each event, in order, whatever dies."""
    box = stack
    at = round(time.time() + FRESH_SECONDS + 3.0)
    before = [made(user, number, at - 10.0 + number) for number in range(5) for user in USERS]
    later = [made(user, number, at + float(number)) for number in range(5, 9) for user in USERS]
    hosted = {event["messageId"] for event in before}
    for event in (*before, *later):
        answer = box.segment.send(event)
        assert answer.body["stored"] == 1, answer.body
    listed = tmp_path / "discarded.ndjson"
    cut = ("cutover", "--at", time_text(at), "--yes", "--list", str(listed))

    with started(box, *cut) as process:
        try:
            box.wait_until(lambda: parameter(box, "cutover") or process.poll() is not None, 60.0)
            assert process.poll() is None, process.communicate()
        finally:
            process.kill()
    renew(box)
    with started(box, *cut) as process:
        try:
            box.wait_until(
                lambda: parameter(box, "mode") == "deliver" or process.poll() is not None, 150.0
            )
            assert process.poll() is None, process.communicate()[1]
            # Nothing may wait for the minute for which functions keep what they have read.
            renew(box)
            deaths = 0
            queue = box.queue("DeadLetterQueue")
            while queue.messages():
                queue.hasten()
                if deaths < 3:
                    deaths += box.kill("RedriveFunction", busy_only=True)
                time.sleep(0.1)
            shown, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0, said

    assert given(box).keys() == {event["messageId"] for event in later}
    for user in USERS:
        names = dict.fromkeys(c.event_name for c in box.rehook.calls() if c.source_id == user)
        assert list(names) == [f"cut {user} {number:02}" for number in range(5, 9)]
    lines = [json.loads(line) for line in listed.read_text().splitlines()]
    assert {line["message_id"] for line in lines} == hosted
    assert f"discarded: {len(hosted)}" in shown

    # Segment's late retries, and what comes from now on.
    late = box.segment.send(before[0]).body
    assert (late["dropped"], late["delivered"]) == (1, 0)
    assert box.segment.send(made(USERS[0], 20, at + 60.0)).body["delivered"] == 1
    state = [json.loads(line) for line in command(box, "cutover", "--show", "--json").splitlines()]
    assert {row["message_id"] for row in state if row["kind"] == "discarded"} == hosted
    command(box, "cutover", "--finish", "--yes")
    assert parameter(box, "cutover") is None
