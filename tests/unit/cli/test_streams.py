"""Tests of the command line with standard streams that are closed, full or not read."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EVENT = "events/track-order-completed.json"
QUESTION = '{"mapping": {}, "input": {}}'
PROGRAM = "segment_rehook_cli"


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


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_way_of_ending_it_is_ctrl_c(ended_by: signal.Signals) -> None:
    """SIGINT, SIGTERM and SIGHUP end a command alike: exit code 130 and no traceback."""
    with subprocess.Popen(
        [sys.executable, "-m", PROGRAM, "preview"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        running.stderr.readline()  # it names its file, and then reads standard input
        running.send_signal(ended_by)
        assert running.wait() == 128 + signal.SIGINT
        assert "Traceback" not in running.stderr.read()
