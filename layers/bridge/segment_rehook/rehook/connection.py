"""Connections that keep to a call's deadline and know whether its request has left.

urllib3's time-outs are per receive: an answer that drips in, a byte a second, never times out.
Here every step (name, connection, TLS, each send, each receive) is given what is left of the
call's time, in the calling thread, so that no second thread ever touches a socket.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import re
import ssl
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

from segment_rehook.rehook.deadline import CallTimer, Clocks, Stage, Stopwatch

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from segment_rehook.rehook.resolver import Resolver

# Seconds. A stale connection's reset would look like an unknown outcome: Lambda freezes between
# invocations and servers drop what idles, so a connection that was kept longer is not trusted. Five
# is the limit of many servers; a request sent just before it arrives just after it.
MAX_IDLE_SECONDS = 4.0
# What a request needs to arrive before the end of a limit that the server itself has named.
IDLE_MARGIN = 1.0
# At most one TLS record (RFC 8446, 5.1). A record that did not leave whole can't be read by anyone.
RECORD = 16_384
# Long enough to take what has arrived, too short to wait for more. Seconds.
LAST_LOOK = 0.001

FIRST_FINAL = 200
BLANK_LINES = frozenset({b"\r\n", b"\n"})
_NAMED_LIMIT = re.compile(r"(?:^|[,\s])timeout\s*=\s*\"?([0-9]{1,9})", re.IGNORECASE)

_current: ContextVar[CallTimer] = ContextVar("the timer of this thread's call")


@contextlib.contextmanager
def timed_by(timer: CallTimer) -> Iterator[None]:
    """Hold what this thread does within to `timer`."""
    token = _current.set(timer)
    try:
        yield
    finally:
        _current.reset(token)


class Receiver(io.RawIOBase):
    """What a socket receives, each time within what is left."""

    def __init__(self, sock: socket.socket, timer: CallTimer) -> None:
        self._sock, self._timer = sock, timer
        self._raw = sock.makefile("rb", buffering=0)
        self._last_look_taken = False

    def readable(self) -> bool:
        """It is there to be read from."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Fill `buffer` with what comes next. Raises TimeoutError when the call's time is over."""
        try:
            patience = self._timer.left()
        except TimeoutError:
            # The machine may have been frozen while the answer came in. What is here counts.
            if self._last_look_taken:
                raise
            self._last_look_taken, patience = True, LAST_LOOK
        self._sock.settimeout(patience)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let the socket go; it is not closed."""
        self._raw.close()
        super().close()


class _Lines(io.BufferedReader):
    """Keeps the line read last: http.client takes a head that breaks off for a whole one."""

    last = b""

    def readline(self, size: int | None = -1, /) -> bytes:
        self.last = super().readline(size)
        return self.last


class _Receiving:
    """A socket, as far as http.client's response needs one."""

    def __init__(self, sock: socket.socket, timer: CallTimer) -> None:
        self._sock, self._timer = sock, timer

    def makefile(self, _mode: str) -> _Lines:
        return _Lines(Receiver(self._sock, self._timer))


class _Response(http.client.HTTPResponse):
    """A response whose head is whole and final."""

    def begin(self) -> None:
        super().begin()
        while self.status < FIRST_FINAL:
            # http.client passes over 100 only, and takes 102 or 103 for the answer itself.
            self.headers = self.msg = None  # type: ignore[assignment]  # as before the first head
            super().begin()
        if self.fp.last not in BLANK_LINES:  # type: ignore[attr-defined]  # _Lines
            raise http.client.HTTPException("the answer's head broke off")


class _Timed:
    """What both kinds of connection add to urllib3's."""

    resolver: Resolver
    timer: CallTimer
    idle: Stopwatch | None = None
    idle_most = MAX_IDLE_SECONDS
    sock: Any

    def _new_conn(self) -> socket.socket:
        timer = self.timer
        timer.stage = Stage.DNS
        addresses = self.resolver.addresses(timer.left())
        timer.stage = Stage.CONNECT
        failed: OSError | None = None
        for others, address in zip(range(len(addresses))[::-1], addresses, strict=True):
            try:
                sock = create_connection(
                    address,
                    timer.left() / (others + 1),  # one that swallows packets leaves time for these
                    socket_options=self.socket_options,  # type: ignore[attr-defined]  # urllib3's
                )
            except OSError as error:
                failed = error
                continue
            timer.stage = Stage.TLS
            sock.settimeout(timer.left())  # the handshake as a whole
            return sock
        self.resolver.forget()
        raise NewConnectionError(self, "no address could be reached") from failed  # type: ignore[arg-type]  # it is one

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._parts: list[bytes] = []
        super().request(*args, **kwargs)  # type: ignore[misc]  # urllib3's
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]  # urllib3's
        self._send(b"".join(self._parts))

    def getresponse(self) -> Any:
        response = super().getresponse()  # type: ignore[misc]  # urllib3's
        self.idle_most = _trusted_for(response.headers.get("keep-alive", ""))
        return response

    def send(self, data: bytes) -> None:
        # Held back until the request is whole: nothing of a request that can't be finished leaves.
        self._parts.append(data)

    def _send(self, request: bytes) -> None:
        timer, sock = self.timer, self.sock
        timer.stage = Stage.SEND
        rest = memoryview(request)
        while rest:
            # Raises if a freeze, or a slow start, has used up the time: somebody else may have
            # taken the delivery over.
            sock.settimeout(timer.left())
            rest = rest[sock.send(rest[:RECORD]) :]
            timer.sent = True
        timer.stage = Stage.ANSWER

    def response_class(self, sock: socket.socket, *args: Any, **kwargs: Any) -> _Response:
        return _Response(_Receiving(sock, self.timer), *args, **kwargs)  # type: ignore[arg-type]  # all it needs


class _TimedHTTP(_Timed, HTTPConnection):  # type: ignore[misc]  # send and response_class are narrower
    pass


class _TimedHTTPS(_Timed, HTTPSConnection):  # type: ignore[misc]  # as above
    pass


class _Fresh:
    """What both kinds of pool add to urllib3's: a connection that idled is closed before use."""

    clocks: Clocks

    def _get_conn(self, timeout: float | None = None) -> Any:
        # urllib3 closes one that the server has closed, or has said something on, meanwhile.
        connection = super()._get_conn(timeout)  # type: ignore[misc]  # urllib3's pool
        if connection.idle is not None and connection.idle.elapsed() > connection.idle_most:
            connection.close()
        connection.timer = _current.get()
        return connection

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.idle = Stopwatch(self.clocks)
        super()._put_conn(conn)  # type: ignore[misc]  # urllib3's pool


class _FreshHTTP(_Fresh, HTTPConnectionPool):
    pass


class _FreshHTTPS(_Fresh, HTTPSConnectionPool):
    pass


def _trusted_for(keep_alive: str) -> float:
    """Seconds for which an idle connection is used again. `keep_alive`: the header, or nothing.

    `Keep-Alive: timeout=5` names the server's own limit in seconds (RFC 2068, 19.7.1).
    """
    named = _NAMED_LIMIT.search(keep_alive)
    return min(MAX_IDLE_SECONDS, float(named[1]) - IDLE_MARGIN) if named else MAX_IDLE_SECONDS


def pool_for(
    base_url: str,
    *,
    connections: int,
    resolver: Resolver,
    clocks: Clocks,
    tls: ssl.SSLContext | None = None,
) -> HTTPConnectionPool:
    """A pool for one host. `tls`: another context than the one that trusts the system's CAs."""
    url = urlsplit(base_url)
    host = url.hostname or ""
    pool: _FreshHTTP | _FreshHTTPS
    if url.scheme == "https":
        # One context for all connections: reading the CAs takes longer than a handshake.
        context = tls or ssl.create_default_context()
        pool = _FreshHTTPS(host, url.port or 443, maxsize=connections, ssl_context=context)
        pool.ConnectionCls = type("RehookConnection", (_TimedHTTPS,), {"resolver": resolver})
    else:
        pool = _FreshHTTP(host, url.port or 80, maxsize=connections)
        pool.ConnectionCls = type("RehookConnection", (_TimedHTTP,), {"resolver": resolver})
    pool.clocks = clocks
    return pool
