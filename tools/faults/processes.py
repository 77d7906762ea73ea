"""Which process of the stack is at the other end of a connection.

The kernel knows: a process's open files name its sockets, ``/proc/net/tcp`` names their ports.
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


class Owners:
    """Looks up the environment that owns a local port, and remembers it while it lives."""

    def __init__(self, running: Callable[[], Iterable[tuple[str, Environment]]]) -> None:
        self._running = running
        self._lock = threading.Lock()
        self._known: dict[int, tuple[str, Environment, str]] = {}

    def of(self, port: int) -> tuple[str, Environment] | None:
        """The function's name and its environment; None if the process is gone by now."""
        with self._lock:
            known = self._known.get(port)
        if known is not None and known[2] in _sockets(known[1].pid):
            return known[:2]
        inode = _inode(port)
        for function, environment in self._running():
            if inode is not None and inode in _sockets(environment.pid):
                with self._lock:
                    self._known[port] = (function, environment, inode)
                return function, environment
        return None


def _inode(port: int) -> str | None:
    """The socket bound to a local port. The table is in hexadecimal."""
    wanted = f":{port:04X}"
    with Path("/proc/net/tcp").open() as table:
        for line in table:
            columns = line.split()
            if columns[_LOCAL].endswith(wanted):
                return f"socket:[{columns[_INODE]}]"
    return None


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
