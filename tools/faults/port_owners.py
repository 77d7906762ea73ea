"""Finds the process of the stack that owns a connection.

`/proc/net/tcp` gives the socket of a port, and `/proc/PID/fd` the sockets of a process.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tools.sandbox.environment import Environment

_LOCAL, _INODE = 1, 9  # columns of /proc/net/tcp
_NO_INODE = "0"  # the connection has ended
# The kernel prints the table in parts, and may leave out a row while connections begin and end.
_MAX_READS = 3


class PortOwners:
    """Finds the environment that owns a local port, and remembers it while the process lives."""

    def __init__(self, running: Callable[[], Iterable[tuple[str, Environment]]]) -> None:
        self._running = running
        self._lock = threading.Lock()
        self._known: dict[int, tuple[str, Environment, str]] = {}

    def of(self, port: int) -> tuple[str, Environment] | None:
        """Give the function's name and its environment; None if no process has the port open."""
        with self._lock:
            known = self._known.get(port)
        if known is not None and known[2] in _sockets(known[1].pid):
            return known[:2]
        for _ in range(_MAX_READS):
            inodes = _inodes(port)
            for function, environment in self._running() if inodes else ():
                if held := inodes & _sockets(environment.pid):
                    with self._lock:
                        self._known[port] = (function, environment, held.pop())
                    return function, environment
        return None


def _inodes(port: int) -> set[str]:
    """Give the sockets of a local port that are still open. The table has ports in hexadecimal."""
    wanted = f":{port:04X}"
    with Path("/proc/net/tcp").open() as table:
        rows = [line.split() for line in table]
    return {
        f"socket:[{row[_INODE]}]"
        for row in rows
        if row[_LOCAL].endswith(wanted) and row[_INODE] != _NO_INODE
    }


def _sockets(pid: int) -> set[str]:
    found = set()
    try:
        for entry in os.scandir(f"/proc/{pid}/fd"):
            try:
                found.add(os.readlink(entry.path))  # noqa: PTH115 — a link to no path
            except FileNotFoundError:
                continue  # closed meanwhile
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return set()  # it has ended
    return found
