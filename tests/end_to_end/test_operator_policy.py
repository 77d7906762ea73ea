"""The operator's policy allows what the commands call, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import typer.main
from typer.testing import CliRunner

from segment_rehook_cli.main import app
from tests.end_to_end.operator_commands import (
    COMMAND_LINES,
    NO_STATEMENT_OF,
    ONLY_ON_AWS,
    fail_two,
)
from tests.template import policies
from tests.template.test_permissions import AUTHORISED_AS
from tools.sandbox import Sandbox
from tools.sandbox.build import build
from tools.sandbox.template import STACK_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    Track = Callable[..., dict[str, Any]]

OPERATOR = "operator"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """A sandbox of its own: the calls of other tests would count as the operator's."""
    build()
    with Sandbox() as box:
        yield box


def leaves(command: Any, words: str = "") -> Iterator[str]:
    """The words of each command that takes a stack."""
    for name, each in getattr(command, "commands", {}).items():
        yield from leaves(each, f"{words} {name}".strip())
    if any(parameter.name == "stack_name" for parameter in command.params):
        yield words


def test_each_command_on_a_stack_is_among_those_that_are_run() -> None:
    """Each command that takes a stack has a line in COMMAND_LINES."""
    commands = set(leaves(typer.main.get_command(app)))
    assert {"mode", "secrets put", "failures list"} <= commands
    run = {
        each
        for each in commands
        for line in COMMAND_LINES
        if f"{line.words} ".startswith(f"{each} ")
    }
    assert commands - run == set(), "add them to tests/end_to_end/operator_commands.py"


def test_the_policy_allows_what_the_commands_call_and_nothing_else(
    box: Sandbox, track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator's policy allows exactly the calls that the commands make on a stack."""
    for name, value in box.description().environment.items():
        monkeypatch.setenv(name, value)
    box.pollers["RedriveFunction"].pause()
    for line in COMMAND_LINES:
        fail_two(box, track)
        words = [*line.words.split(), "--stack", STACK_NAME]
        result = CliRunner().invoke(app, words, input=line.given)
        assert result.exit_code == line.exit_code, f"{line.words}: {result.output}"
    called: set[str] = set()
    for operation in box.aws.operations(OPERATOR):
        called |= AUTHORISED_AS.get(operation, {operation})
    called -= NO_STATEMENT_OF.keys()
    allowed = policies.actions("operator")
    assert called - allowed == set(), "add them to policies/operator.json"
    assert allowed - called == set(ONLY_ON_AWS)
