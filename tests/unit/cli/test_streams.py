"""The command line where its standard streams are closed, full, or given up by their reader."""

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
    """Run the command line in a shell, with its streams redirected so; one question comes in."""
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
    """What can't be written is said in one line, with exit code 1, and no traceback."""
    done = run(arguments, ">/dev/full")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "segment-rehook: standard output: No space left on device"
    )
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [f"preview {EVENT}", "validate", "evaluate"])
def test_a_closed_output_takes_what_is_written(arguments: str) -> None:
    """A caller that closed standard output wants nothing of it."""
    done = run(arguments, ">&-")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"), [("preview", 0), ("evaluate", 0), ("validate -", 1)]
)
def test_a_closed_input_is_an_empty_one(arguments: str, code: int) -> None:
    """A command that would read standard input finds nothing there."""
    done = run(arguments, "<&-")
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [f"preview {EVENT} {EVENT}", "evaluate", "schema"])
def test_a_reader_that_has_gone_is_no_traceback(arguments: str) -> None:
    """`| head -1` ends the command without a word of its own."""
    done = run(arguments, "| true")
    assert all("using " in line for line in done.stderr.splitlines())


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_way_of_ending_it_is_ctrl_c(ended_by: signal.Signals) -> None:
    """What must be put back (messages that are hidden) is put back, however a run is ended."""
    with subprocess.Popen(
        [sys.executable, "-m", PROGRAM, "preview"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        running.stderr.readline()  # it says which file it goes by, and then reads standard input
        running.send_signal(ended_by)
        assert running.wait() == 128 + signal.SIGINT
        assert "Traceback" not in running.stderr.read()
