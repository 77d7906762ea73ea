"""Tests of the command line with standard streams that are closed, full or not read."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EVENT = "events/track-order-completed.json"
QUESTION = '{"mapping": {}, "input": {}}'
PROGRAM = "segment_rehook_cli"
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
Running = subprocess.Popen[str]


def run(arguments: str, redirections: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a shell with these redirections and one question as input."""
    command = f'exec "$0" -m "$1" {arguments} {redirections}'
    return subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, PROGRAM],
        cwd=ROOT,
        input=QUESTION,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", [f"preview {EVENT}", "validate", "evaluate", "schema"])
def test_a_full_disk_is_one_line(arguments: str) -> None:
    """If standard output is full, one line says so, and the exit code is 1."""
    done = run(arguments, ">/dev/full")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "segment-rehook: standard output: No space left on device"
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [f"preview {EVENT}", "validate", "evaluate"])
def test_a_closed_output_takes_what_is_written(arguments: str) -> None:
    """With standard output closed, a command succeeds and prints nothing."""
    done = run(arguments, ">&-")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"), [("preview", 0), ("evaluate", 0), ("validate -", 1)]
)
def test_a_closed_input_is_an_empty_one(arguments: str, code: int) -> None:
    """With standard input closed, a command reads empty input."""
    done = run(arguments, "<&-")
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [f"preview {EVENT} {EVENT}", "evaluate", "schema"])
def test_a_reader_that_has_gone_is_no_traceback(arguments: str) -> None:
    """A command whose reader has ended prints no traceback."""
    done = run(arguments, "| true")
    assert all("using " in line for line in done.stderr.splitlines())


@contextlib.contextmanager
def reading(
    number: signal.Signals, handler: Callable[..., None] | signal.Handlers
) -> Iterator[Running]:
    """Start `preview`, and wait until it reads its input. `handler`: what it inherits for `number`.

    A child inherits that a signal is ignored. Of any other handler it gets the default.
    """
    before = signal.signal(number, handler)
    try:
        running = subprocess.Popen(
            [sys.executable, "-m", PROGRAM, "preview"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(number, before)
    with running:
        assert running.stderr is not None
        running.stderr.readline()  # it names its file, and then reads standard input
        yield running


@pytest.mark.parametrize("number", SIGNALS)
def test_each_way_of_ending_it_is_ctrl_c(number: signal.Signals) -> None:
    """SIGINT, SIGTERM and SIGHUP end a command alike: exit code 130, a line and no traceback."""
    with reading(number, signal.default_int_handler) as running:
        running.send_signal(number)
        # Python does not see a signal that comes right before it begins to read. The end of the
        # input ends that reading; then Python raises KeyboardInterrupt.
        _, errors = running.communicate()
        assert running.returncode == 128 + signal.SIGINT
        assert "Traceback" not in errors
        assert errors.splitlines()[-1] == "segment-rehook: interrupted"


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_the_caller_ignores_ends_nothing(number: signal.Signals) -> None:
    """A signal that is ignored when a command starts, as under nohup, does not end it."""
    with reading(number, signal.SIG_IGN) as running:
        running.send_signal(number)
        output, _ = running.communicate(QUESTION)
        assert (running.returncode, output.count("\n")) == (0, 1)
