"""All processes of a sandbox in one process group, which ends with the sandbox in every case.

The group's leader is a watchdog: an interpreter that reads from a pipe. When the pipe is closed,
because the sandbox ends or was killed, the watchdog removes the scratch folder, and the files whose
names it was told over the pipe, and kills the group.
The separate group also keeps a terminal's Ctrl-C away from the children: only the sandbox gets it,
and ends them in order.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_WATCHDOG = r"""
import os, shutil, signal, sys
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
files = sys.stdin.buffer.read().split(b"\0")[:-1]
shutil.rmtree(sys.argv[1], ignore_errors=True)
for file in files:
    try:
        os.unlink(file)
        os.rmdir(os.path.dirname(file))
    except OSError:
        pass
os.killpg(0, signal.SIGKILL)
"""


class ProcessGroup:
    """The processes of a sandbox, and its folder for temporary files."""

    def __init__(self) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="segment-rehook-sandbox-"))
        self._lock = threading.Lock()
        self._started: list[subprocess.Popen[bytes]] = []
        try:
            self._watchdog = subprocess.Popen(
                [sys.executable, "-S", "-c", _WATCHDOG, str(self.scratch)],
                stdin=subprocess.PIPE,
                process_group=0,
            )
        except OSError:
            self.scratch.rmdir()
            raise

    def start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a process in the group; ``options`` are those of ``subprocess.Popen``."""
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, process_group=self._watchdog.pid, **options
        )
        with self._lock:
            self._started = [each for each in self._started if each.returncode is None]
            self._started.append(process)
        return process

    def remove_at_end(self, file: Path) -> None:
        """Have a file removed, and its folder if it is empty then, if this process is killed."""
        if self._watchdog.stdin is not None:
            self._watchdog.stdin.write(bytes(file) + b"\0")
            self._watchdog.stdin.flush()

    def close(self) -> None:
        """Kill every process, wait for their ends, and remove the scratch folder."""
        if self._watchdog.poll() is None:
            os.killpg(self._watchdog.pid, signal.SIGKILL)
        if self._watchdog.stdin is not None:
            self._watchdog.stdin.close()
        self._watchdog.wait()
        with self._lock:
            started, self._started = self._started, []
        for process in started:
            process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)
