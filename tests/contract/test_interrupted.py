"""Ctrl-C ends every command alike: one line, what was done by then, and the exit code 130."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from segment_rehook_cli.failures.message import FailedMessage
from segment_rehook_cli.failures.moving import MoveTask
from segment_rehook_cli.failures.reader import QueueReader
from segment_rehook_cli.main import app
from segment_rehook_cli.stack.stack import Stack
from tests.contract.conftest import Clients
from tests.contract.stacks import Deployed, deploy, sign_in

LINE = "segment-rehook: interrupted"


@pytest.fixture
def stack(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """A stack with one message in its parking lot, which the bridge did not write."""
    sign_in(monkeypatch, clients.address)
    made = deploy(clients, ledger=True)
    clients.sqs.send_message(
        QueueUrl=made.parking_lot_url,
        MessageBody="x",
        MessageGroupId="g",
        MessageDeduplicationId="d",
    )
    return made


def press(*_: Any, **__: Any) -> NoReturn:
    """Do what Ctrl-C does."""
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("failures list", ""),
        ("failures export", ""),
        ("failures show m1:track-event", ""),
        ("failures redrive --yes", "sent back: 0\n"),
        ("failures discard --yes", "discarded: 0\n"),
        ("failures discard --yes --queue waiting", "discarded: 0\n"),
        ("failures redrive --by move-task --yes", ""),
        ("mode", ""),
        ("mode pause", ""),
        ("doctor --alarm EventsParked", ""),
        ("secrets status", ""),
        ("secrets rotate", ""),
    ],
)
def test_before_the_first_answer_it_is_told(
    stack: Deployed, monkeypatch: pytest.MonkeyPatch, command: str, printed: str
) -> None:
    """Ctrl-C before AWS has answered: a command that sends or deletes says that it did nothing."""
    monkeypatch.setattr(Stack, "client", press)
    result = stack.run(command)
    assert (result.exit_code, result.stdout) == (130, printed)
    assert result.stderr.splitlines()[-1] == LINE


@pytest.mark.parametrize(
    ("command", "summary"),
    [
        ("failures redrive", "sent back: 0, left: 1"),
        ("failures discard", "discarded: 0"),
        ("failures list --json", '"messages": 1'),
    ],
)
def test_ctrl_c_again_at_the_end_leaves_the_summary(
    stack: Deployed, monkeypatch: pytest.MonkeyPatch, command: str, summary: str
) -> None:
    """Ctrl-C while a command counts what it has not read ends the counting, not the summary."""
    count, read = QueueReader._count, QueueReader.portions  # noqa: SLF001 — the call to SQS
    counted: list[QueueReader] = []

    def count_once(reader: QueueReader) -> tuple[int, int, float]:
        if reader in counted:
            raise KeyboardInterrupt
        counted.append(reader)
        return count(reader)

    def interrupted(reader: QueueReader) -> Iterator[list[FailedMessage]]:
        yield next(read(reader))
        raise KeyboardInterrupt

    monkeypatch.setattr(QueueReader, "_count", count_once)
    monkeypatch.setattr(QueueReader, "portions", interrupted)
    reason = [] if "list" in command else ["--reason", "rejected", "--yes"]
    result = stack.run(command, *reason)
    assert result.exit_code == 130
    assert summary in result.stdout
    assert result.stderr.splitlines().count(LINE) == 1


def test_a_mode_that_may_be_set_is_told(stack: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while SSM is asked to set the mode says that it may be set."""
    monkeypatch.setattr("segment_rehook_cli.stack.mode.set_mode", press)
    result = stack.run("mode pause")
    assert result.exit_code == 130
    assert "interrupted; the mode may be set or not" in result.stderr


def test_a_move_that_may_have_begun_is_cancelled(
    stack: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while SQS is asked to move, or moves, cancels the task and says how far it came."""
    for method in ("start", "follow"):
        with monkeypatch.context() as patched:
            patched.setattr(MoveTask, method, press)
            result = stack.run("failures redrive --by move-task --yes")
        assert result.exit_code == 130
        assert result.stdout.startswith("moved: ")
        assert result.stderr.splitlines()[-1] == LINE


class Keyboard(io.StringIO):
    """A terminal's keyboard. `pressed`: what comes of reading from it."""

    def __init__(self, pressed: Callable[[], str]) -> None:
        super().__init__()
        self.pressed = pressed

    def isatty(self) -> bool:
        """Say that a person sits there."""
        return True

    def readline(self, _size: int | None = -1, /) -> str:  # type: ignore[override]  # as StringIO's
        """Wait for a line."""
        return self.pressed()


@pytest.mark.parametrize(("pressed", "code", "last"), [(press, 130, LINE), (str, 1, "Aborted.")])
def test_ctrl_c_at_a_question_is_an_interruption(
    stack: Deployed,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    pressed: Callable[[], str],
    code: int,
    last: str,
) -> None:
    """Ctrl-C at a question counts as anywhere else; the end of the input is no consent."""
    monkeypatch.setattr(sys, "stdin", Keyboard(pressed))
    with pytest.raises(SystemExit) as ended:
        app(["failures", "redrive", "--stack", stack.name])
    shown = capsys.readouterr()
    assert ended.value.code == code
    assert shown.out.split()[-3:] == ["sent", "back:", "0"]
    assert shown.err.splitlines()[-1] == last
