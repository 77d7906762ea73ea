"""The command line on the running bridge, run to its end or killed at an exact step."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.sandbox import Fault, Kind

if TYPE_CHECKING:
    from tools.sandbox import Sandbox

PROGRAM = Path(sys.executable).with_name("segment-rehook")


class Commands:
    """Runs `segment-rehook` with the variables that `up` prints."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        kept = {name: each for name, each in os.environ.items() if not name.startswith("AWS_")}
        self._environment = kept | box.description().environment

    def start(
        self, command: str, *arguments: str, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[str]:
        """Start a command on the sandbox's stack."""
        return subprocess.Popen(
            [PROGRAM, *command.split(), "--stack", self._box.stack.name, *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
        )

    def run(self, command: str, *arguments: str) -> tuple[int, str, str]:
        """Run a command to its end; return its exit code and what it printed."""
        with self.start(command, *arguments) as process:
            printed, said = process.communicate(timeout=120)
        assert "Traceback" not in said
        return process.returncode, printed, said

    def killed(
        self, command: str, *arguments: str, operation: str, skip: int = 0, acted: bool = True
    ) -> bool:
        """Kill a command (SIGKILL) during a call. Returns whether it has come so far.

        `skip`: how many calls of the operation succeed before. `acted`: whether AWS has done it.
        """
        match = {"caller": "operator", "operation": operation}
        self._box.aws.fault(Fault(kind=Kind.HOLD, match=match, skip=skip, acted=acted))
        with self.start(command, *arguments) as process:
            self._box.wait_until(
                lambda: self._box.aws.held() or process.poll() is not None, timeout=60
            )
            came = process.poll() is None
            process.kill()
            printed, said = process.communicate()
        self._box.aws.clear()
        if not came:
            print(f"{command} exited with {process.returncode}: {printed}{said}")  # noqa: T201 — shown where a test fails
        return came
