"""Processes that measure, and the servers that they call, each kept on its core.

A worker reads a job a line and answers with a line what it took. It prepares a job when it first
hears of it, outside of what is timed; the same line again runs it again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tools.bench import cores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CHECKOUT: Final = Path(__file__).parents[2]
NODE_PACKAGES: Final = CHECKOUT / "tests" / "conformance" / "node_modules" / "@segment"
OURS: Final = (sys.executable, "-m", "tools.bench.worker")
SEGMENTS: Final = ("node", str(CHECKOUT / "tools" / "bench" / "segment_worker.js"))

Figures = dict[str, Any]


class WorkerFailed(Exception):
    """A worker ended, or delivered less than it was given."""


class Worker:
    """A process that runs jobs, one at a time."""

    def __init__(self, command: Sequence[str], core: int = cores.CLIENT) -> None:
        self._process = subprocess.Popen(
            command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pid = self._process.pid
        cores.pin(self.pid, core)

    def run(self, job: str, **arguments: Any) -> Figures:
        """Run a job. Raises WorkerFailed, also where not every event was delivered."""
        self.start(job, **arguments)
        return self.result()

    def start(self, job: str, **arguments: Any) -> None:
        """Run a job without waiting for it."""
        assert self._process.stdin is not None  # noqa: S101 — it was opened as a pipe
        try:
            self._process.stdin.write(json.dumps({"job": job, "args": arguments}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise WorkerFailed(f"{self._process.args!r} has ended") from None

    def result(self) -> Figures:
        """Wait for the job that was started."""
        assert self._process.stdout is not None  # noqa: S101 — it was opened as a pipe
        line = self._process.stdout.readline()
        if not line:
            raise WorkerFailed(f"{self._process.args!r} ended with status {self._process.wait()}")
        figures: Figures = json.loads(line)
        if figures.get("delivered", figures.get("count")) != figures.get("count"):
            raise WorkerFailed(f"not every event was delivered: {figures}")
        return figures

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            # What could not be written to a worker that has ended is still to be flushed.
            with suppress(BrokenPipeError):
                pipe.close()  # type: ignore[union-attr]  # both were opened as pipes


@contextmanager
def server(module: str, *arguments: str) -> Iterator[str]:
    """Run one of the bench's servers; its base URL."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        try:
            cores.pin(process.pid, cores.STUBS)
            assert process.stdout is not None  # noqa: S101 — it was opened as a pipe
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def ask(url: str) -> Any:
    """What the AWS server says of itself (see `aws_server`)."""
    with urllib.request.urlopen(url) as answer:  # noqa: S310 — a server of this machine
        return json.load(answer)


def stack_environment(rehook: str, aws: str) -> dict[str, str]:
    """The variables of a function of the stack, over the bench's servers."""
    return {
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws,
        "SECRETS_PATH": "/segment-rehook/bench",
        "LEDGER_TABLE": "ledger",
        "DEAD_LETTER_QUEUE_URL": f"{aws}/000000000000/dead-letters.fifo",
        "PARKING_LOT_URL": f"{aws}/000000000000/parking-lot.fifo",
        "DESTINATION_FILE": str(CHECKOUT / "layers" / "destination" / "destination.json"),
        "REHOOK_URL": rehook,
        # The longest that there is: whatever time a batch takes, all of it is to be delivered.
        "BUDGET_SECONDS": "8",
        "CALL_TIMEOUT_SECONDS": "1",
        "BREAKER_THRESHOLD": "5",
        # As the template sets it, since peaks of memory are measured.
        "MALLOC_TRIM_THRESHOLD_": "131072",
    }


def node_missing() -> str | None:
    """Why Segment's engine can't be measured here; None where it can."""
    if not any((Path(folder) / "node").exists() for folder in os.get_exec_path()):
        return "Node was not found"
    if not NODE_PACKAGES.is_dir():
        return "Segment's packages are not installed: run `make node`"
    return None
