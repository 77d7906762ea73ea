"""An AWS session that expires while a command works: a line says so, and the next run ends well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from segment_rehook_cli.main import app
from segment_rehook_cli.terminal.exit_codes import FINDINGS, REFUSED
from tests.end_to_end.conftest import drain, rewards
from tests.end_to_end.operator_commands import COMMAND_LINES, CommandLine, fail_two
from tools.sandbox import Fault, Kind, Sandbox
from tools.sandbox.build import build
from tools.sandbox.template import STACK_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    Track = Callable[..., dict[str, Any]]

OPERATOR = "operator"
EXPIRED = json.dumps({"__type": "ExpiredTokenException", "message": "expired"})


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """A sandbox of its own: the operator's calls are counted."""
    build()
    with Sandbox() as box:
        yield box


@pytest.fixture(autouse=True)
def operator(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's session, in which redrive takes no messages."""
    for name, value in box.description().environment.items():
        monkeypatch.setenv(name, value)
    box.pollers["RedriveFunction"].pause()


def run(line: CommandLine) -> Result:
    """Run a command."""
    return CliRunner().invoke(app, [*line.words.split(), "--stack", STACK_NAME], input=line.given)


def calls(box: Sandbox) -> int:
    """How many calls the operator has made."""
    return sum(box.aws.operations(OPERATOR).values())


@pytest.mark.parametrize("line", COMMAND_LINES, ids=lambda line: line.words)
def test_it_is_told_and_the_next_run_ends_well(
    box: Sandbox, track: Track, line: CommandLine
) -> None:
    """No event is lost and none is sent twice, and the next run does what is left."""
    events = fail_two(box, track)
    before = calls(box)
    assert run(line).exit_code == line.exit_code
    # The first call describes the stack. Some commands need fewer calls when they are run again.
    in_the_middle = max((calls(box) - before) // 3, 1)
    events += fail_two(box, track)
    match = {"caller": OPERATOR}
    expiry = Fault(
        kind=Kind.ANSWER,
        status=400,
        body=EXPIRED,
        match=match,
        skip=in_the_middle,
        times=None,
    )
    box.aws.fault(expiry)
    expired = run(line)
    box.aws.clear()
    assert expired.exit_code in {FINDINGS, REFUSED}, expired.output
    assert isinstance(expired.exception, SystemExit), expired.exception
    assert "sign in again" in expired.output
    for name in box.stack.queues:  # what the command has hidden shows again after some time
        box.queue(name).hasten()
    again = run(line)
    assert again.exit_code == line.exit_code, again.output
    box.pollers["RedriveFunction"].resume()
    drain(box)
    kept = {each.attributes["delivery"] for each in box.queue("ParkingLot").messages()}
    places = [
        rewards(box, each["userId"]) + (f"{each['messageId']}:track-event" in kept)
        for each in events
    ]
    assert max(places) <= 1
    if "discard" not in line.words:
        assert min(places) == 1
