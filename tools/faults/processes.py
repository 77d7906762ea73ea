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
_NOBODYS = "0"
# The kernel prints the table in parts, and while connections come and go it may leave one out.
_LOOKS = 3


class Owners:
    """Looks up the environment that owns a local port, and remembers it while it lives."""

    def __init__(self, running: Callable[[], Iterable[tuple[str, Environment]]]) -> None:
        self._running = running
        self._lock = threading.Lock()
        self._known: dict[int, tuple[str, Environment, str]] = {}

    def of(self, port: int) -> tuple[str, Environment] | None:
        """The function's name and its environment; None if its end of the connection is gone."""
        with self._lock:
            known = self._known.get(port)
        if known is not None and known[2] in _sockets(known[1].pid):
            return known[:2]
        for _ in range(_LOOKS):
            inodes = _inodes(port)
            for function, environment in self._running() if inodes else ():
                if held := inodes & _sockets(environment.pid):
                    with self._lock:
                        self._known[port] = (function, environment, held.pop())
                    return function, environment
        return None


def _inodes(port: int) -> set[str]:
    """The sockets bound to a local port, ended ones left out. The table is in hexadecimal."""
    wanted = f":{port:04X}"
    with Path("/proc/net/tcp").open() as table:
        rows = [line.split() for line in table]
    return {
        f"socket:[{row[_INODE]}]"
        for row in rows
        if row[_LOCAL].endswith(wanted) and row[_INODE] != _NOBODYS
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
