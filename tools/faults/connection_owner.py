"""Finds the process of the stack that owns the other end of a connection.

The kernel is asked for the socket of a connection (`man 7 sock_diag`), and `/proc/PID/fd` names the
sockets of a process. `/proc/net/tcp` would name them too, but on a busy machine it has thousands of
rows, of connections that have ended, and to read them takes longer than the call that is traced.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["owner_of"]

# linux/netlink.h, sock_diag.h and inet_diag.h
_SOCK_DIAG = 4
_BY_FAMILY = 20
_REQUEST = 1
_ERROR = 2
_ALL_STATES = _NO_COOKIE = 0xFFFF_FFFF
_HEADER = struct.Struct("=IHHII")
_QUERY = struct.Struct("=BBBBI")
_PORTS_AND_HOSTS = struct.Struct("!HH16s16s")
_INTERFACE_AND_COOKIE = struct.Struct("=III")
_INODE_OFFSET = _HEADER.size + 68

_LOOPBACK = socket.inet_aton("127.0.0.1")


def owner_of(ports: tuple[int, int], pids: Iterable[int]) -> int | None:
    """Give the one of the processes that has the connection open; None if none has it any more.

    `ports`: of the end that is asked for, and of the other one.
    """
    if not (inode := _inode(*ports)):
        return None
    wanted = f"socket:[{inode}]"
    return next((pid for pid in pids if wanted in _sockets(pid)), None)


def _inode(port: int, other: int) -> int:
    """Give the number of the socket at `port` of a loopback connection; 0 if it was closed."""
    query = (
        _QUERY.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, _ALL_STATES)
        + _PORTS_AND_HOSTS.pack(port, other, _LOOPBACK, _LOOPBACK)
        + _INTERFACE_AND_COOKIE.pack(0, _NO_COOKIE, _NO_COOKIE)
    )
    header = _HEADER.pack(_HEADER.size + len(query), _BY_FAMILY, _REQUEST, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
        kernel.send(header + query)
        answer = kernel.recv(4096)
    _, kind, *_ = _HEADER.unpack_from(answer)
    if kind != _ERROR:
        (inode,) = struct.unpack_from("=I", answer, _INODE_OFFSET)
        return int(inode)
    (error,) = struct.unpack_from("=i", answer, _HEADER.size)
    if -error == errno.ENOENT:
        return 0
    raise OSError(-error, "the kernel does not tell who owns a connection (sock_diag)")


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
