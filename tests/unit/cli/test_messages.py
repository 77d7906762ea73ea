"""Tests of the messages on standard error."""

from __future__ import annotations

import pytest
import typer

from segment_rehook_cli.terminal.messages import failure, say


def test_what_a_message_quotes_controls_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A message is one line, and control characters in it are escaped: it may quote a server."""
    say("AccessDenied: no\x1b[31m\n\u202e\ud800")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "segment-rehook: AccessDenied: no\\x1b[31m\\n\\u202e\\ud800\n"


def test_a_failure_is_said_and_ends_the_command_with_its_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The exception has the code; the message is printed at once."""
    ending = failure("no stack", 3)
    assert isinstance(ending, typer.Exit)
    assert ending.exit_code == 3
    assert capsys.readouterr().err == "segment-rehook: no stack\n"
