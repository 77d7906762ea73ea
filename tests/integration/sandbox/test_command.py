"""``python -m tools.sandbox up``: one line when ready, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from tests.integration.sandbox.conftest import STACK
from tools.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """The folder for temporary files that the command is given."""
    return tmp_path


@pytest.fixture
def command(scratch: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command; it is ended after the test in any case."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.sandbox", "up", "--template", str(STACK), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(scratch)},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def descendants(scratch: Path) -> list[int]:
    """Processes of sandboxes whose scratch folder lies here."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                shown = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if str(scratch).encode() in shown and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


def until(holds: Callable[[], object]) -> None:
    """Wait a few seconds at most."""
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def ready(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The line that the command prints."""
    assert process.stdout is not None
    line: dict[str, Any] = json.loads(process.stdout.readline())
    return line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind(
    command: Callable[..., subprocess.Popen[str]], scratch: Path, number: signal.Signals
) -> None:
    """However it ends, no process and no file of it remains."""
    process = command("--port", "0", "--json")
    ready(process)
    assert list(scratch.iterdir())
    assert len(descendants(scratch)) >= 5
    process.send_signal(number)
    output, errors = process.communicate(timeout=10)
    until(lambda: not descendants(scratch) and not list(scratch.iterdir()))
    if number is not signal.SIGKILL:
        assert (process.returncode, output, errors) == (0, "", "")


def test_work_under_way_does_not_delay_the_end() -> None:
    """A batch and a request in the middle of their function are cut off."""
    with Sandbox(built=STACK) as box, ThreadPoolExecutor(1) as pool:
        since = len(box.log)
        box.sqs.send_message(
            QueueUrl=box.queue("Letters").url,
            MessageBody="stall",
            MessageGroupId="g",
            MessageDeduplicationId="once",
        )
        box.log.wait_for(lambda line: "stall" in line.text, since=since)
        answer = pool.submit(box.segment.send_raw, b"sleep 0.9", {"content-type": "text/plain"})
        box.log.wait_for(lambda line: line.function == "Echo" and "START" in line.text, since=since)
        started = time.monotonic()
        box.__exit__()
        assert time.monotonic() - started < 3
        assert answer.exception(5) is not None or answer.result().status == 500


def test_the_line_says_where_everything_is(
    command: Callable[..., subprocess.Popen[str]],
) -> None:
    """Its keys are fixed, its processes are real, its webhook answers."""
    process = command("--port", "0", "--json", "--parameter", "Greeting=good day")
    line = ready(process)
    assert sorted(line) == ["aws", "functions", "pid", "rehook", "sharedSecret", "webhook"]
    assert line["pid"] == process.pid
    assert sorted(line["functions"]) == ["Consume", "Echo"]
    for pid in line["functions"].values():
        assert b"awslambdaric" in Path(f"/proc/{pid}/cmdline").read_bytes()
    answer = urllib3.request("POST", line["webhook"], body=b"{}")
    assert answer.json()["greeting"] == "good day"
    assert answer.json()["rehook"] == line["rehook"]


def test_a_rehook_of_ones_own(command: Callable[..., subprocess.Popen[str]]) -> None:
    """``--rehook-url`` is what the functions are given; no fake one is started."""
    process = command("--port", "0", "--json", "--rehook-url", "http://127.0.0.1:9")
    line = ready(process)
    assert line["rehook"] == "http://127.0.0.1:9"
    assert urllib3.request("POST", line["webhook"], body=b"{}").json()["rehook"] == line["rehook"]


def test_a_mistake_is_one_line(command: Callable[..., subprocess.Popen[str]]) -> None:
    """An unknown parameter ends it with the names that there are."""
    process = command("--port", "0", "--json", "--parameter", "Nonsense=1")
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert output == ""
    assert "Nonsense" in errors
    assert "Greeting" in errors
