"""Every process of a sandbox in one group, which ends when the sandbox does, however it ends.

The group's leader is a warden: a bare interpreter that holds one end of a pipe. When the other end
closes, because the sandbox closed it or because it was killed, the warden removes the scratch
folder and kills the group. A group of its own also keeps a terminal's Ctrl-C away from the
children: only the sandbox hears it, and ends them in order.
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

_WARDEN = """
import os, shutil, signal, sys
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
sys.stdin.buffer.read()
shutil.rmtree(sys.argv[1], ignore_errors=True)
os.killpg(0, signal.SIGKILL)
"""


class ProcessGroup:
    """The sandbox's processes and its scratch folder."""

    def __init__(self) -> None:
        self.scratch = Path(tempfile.mkdtemp(prefix="segment-rehook-sandbox-"))
        self._lock = threading.Lock()
        self._started: list[subprocess.Popen[bytes]] = []
        try:
            self._warden = subprocess.Popen(
                [sys.executable, "-S", "-c", _WARDEN, str(self.scratch)],
                stdin=subprocess.PIPE,
                process_group=0,
            )
        except OSError:
            self.scratch.rmdir()
            raise

    def start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a process in the group; ``options`` as for ``subprocess.Popen``."""
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, process_group=self._warden.pid, **options
        )
        with self._lock:
            self._started = [each for each in self._started if each.returncode is None]
            self._started.append(process)
        return process

    def close(self) -> None:
        """Kill all that runs, wait for its end, and remove the scratch folder."""
        if self._warden.poll() is None:
            os.killpg(self._warden.pid, signal.SIGKILL)
        if self._warden.stdin is not None:
            self._warden.stdin.close()
        self._warden.wait()
        with self._lock:
            started, self._started = self._started, []
        for process in started:
            process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)
