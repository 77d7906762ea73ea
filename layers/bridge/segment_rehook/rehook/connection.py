"""Connections that keep to a deadline and know whether a request has left.

`CallTimer` is one call's time and its `sent` flag. `Watchdog` shuts the socket of a call that is
over its time, whatever it is waiting for. `Resolver` gives name resolution an end. `pool_for`
puts them under a urllib3 pool.
"""

from __future__ import annotations

import contextlib
import ipaddress
import queue
import socket
import threading
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

# Lambda freezes between invocations, and load balancers drop what idles: older than this, a kept
# connection is not trusted.
IDLE_MOST = 5.0
NAMES_KEPT = 60.0

Address = tuple[str, int]


class CallTimer:
    """One call's time, by both clocks: a frozen machine stops one of them."""

    def __init__(self, timeout: float) -> None:
        self.ends = time.monotonic() + timeout
        self._ends_by_wall = time.time() + timeout
        self.sent = False
        self.expired = False
        self.connection: Any = None

    def left(self) -> float:
        """Seconds left; never more than either clock says."""
        return min(self.ends - time.monotonic(), self._ends_by_wall - time.time())


_current: ContextVar[CallTimer] = ContextVar("call timer")


class Watchdog:
    """A thread that ends calls which are over their time by shutting their sockets."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._timers: set[CallTimer] = set()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def watching(self, timer: CallTimer) -> Iterator[None]:
        """Watch over what this thread does within."""
        token = _current.set(timer)
        with self._changed:
            self._timers.add(timer)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="call-watchdog", daemon=True)
                self._thread.start()
            elif timer.ends <= min(other.ends for other in self._timers):
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._timers.discard(timer)
            _current.reset(token)

    def take(self, connection: Any) -> CallTimer:
        """Bind `connection` to this thread's call: from now on only that call's end shuts it."""
        timer = _current.get()
        with self._changed:
            connection.timer = timer
            timer.connection = connection
        return timer

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            thread, self._thread = self._thread, None
            self._changed.notify()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        with self._changed:
            while self._thread is threading.current_thread():
                now = time.monotonic()
                for timer in [timer for timer in self._timers if timer.ends <= now]:
                    self._timers.discard(timer)
                    self._end(timer)
                nearest = min((timer.ends for timer in self._timers), default=now + NAMES_KEPT)
                self._changed.wait(max(nearest - now, 0.001))

    @staticmethod
    def _end(timer: CallTimer) -> None:
        timer.expired = True
        connection = timer.connection
        # A connection that went back to the pool may already serve another call.
        if connection is None or connection.timer is not timer or connection.sock is None:
            return
        with contextlib.suppress(OSError):  # the other side was quicker
            # The plain socket's shutdown: TLS's own would wait for the peer's goodbye.
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


class Resolver:
    """Name resolution with an end: getaddrinfo has no time-out of its own."""

    def __init__(self) -> None:
        self._known: dict[Address, tuple[float, list[Address]]] = {}

    def addresses(self, host: str, port: int, timeout: float) -> list[Address]:
        """The addresses of `host`. Raises socket.gaierror, or TimeoutError after `timeout` s."""
        with contextlib.suppress(ValueError):
            return [(str(ipaddress.ip_address(host)), port)]
        found_at, known = self._known.get((host, port), (0.0, []))
        if known and 0 <= time.time() - found_at < NAMES_KEPT:
            return known
        found = self._look_up(host, port, timeout)
        self._known[host, port] = (time.time(), found)
        return found

    @staticmethod
    def _look_up(host: str, port: int, timeout: float) -> list[Address]:
        answer: queue.SimpleQueue[list[Address] | OSError] = queue.SimpleQueue()

        def ask() -> None:
            try:
                infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                answer.put([(str(info[4][0]), port) for info in infos])
            except OSError as error:
                answer.put(error)

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        try:
            result = answer.get(timeout=max(timeout, 0.0))
        except queue.Empty:
            raise TimeoutError("name resolution took too long") from None
        if isinstance(result, OSError):
            raise result
        return result


class _Timed:
    """What both kinds of connection add to urllib3's: the deadline, and when it went idle."""

    resolver: Resolver
    watchdog: Watchdog
    timer: CallTimer | None = None
    idle_since: tuple[float, float] | None = None
    sock: socket.socket | None

    def _new_conn(self) -> socket.socket:
        timer = self.watchdog.take(self)
        host, port = self.host, self.port  # type: ignore[attr-defined]  # urllib3's connection
        try:
            addresses = self.resolver.addresses(host, port, timer.left())
        except TimeoutError as error:
            raise ConnectTimeoutError(self, str(error)) from error
        except socket.gaierror as error:
            raise NameResolutionError(host, self, error) from error  # type: ignore[arg-type]  # it is one
        last: OSError = TimeoutError("no time left to connect")
        for address in addresses:
            if timer.left() <= 0:
                break
            try:
                return create_connection(
                    address,
                    timer.left(),
                    socket_options=self.socket_options,  # type: ignore[attr-defined]  # urllib3's
                )
            except OSError as error:
                last = error
        if isinstance(last, TimeoutError):
            raise ConnectTimeoutError(self, "connecting took too long") from last
        raise NewConnectionError(self, "no address could be reached") from last  # type: ignore[arg-type]  # it is one

    def request(self, *args: Any, **kwargs: Any) -> None:
        timer = self.watchdog.take(self)
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]  # urllib3's
        if timer.left() <= 0:
            # Thawed, or slow to connect: minutes may have gone by, and somebody else may have
            # taken this delivery over.
            timer.expired = True
            raise ConnectTimeoutError(self, "out of time before anything was sent")
        timer.sent = True
        super().request(*args, **kwargs)  # type: ignore[misc]  # urllib3's

    def gone_idle(self) -> None:
        self.idle_since = (time.monotonic(), time.time())

    def idled_too_long(self) -> bool:
        if self.idle_since is None:
            return False
        by_monotonic, by_wall = self.idle_since
        idle = max(time.monotonic() - by_monotonic, time.time() - by_wall)
        return idle > IDLE_MOST or idle < 0


class _TimedHTTP(_Timed, HTTPConnection):
    pass


class _TimedHTTPS(_Timed, HTTPSConnection):
    pass


class _Fresh:
    """What both kinds of pool add to urllib3's: a connection that idled is closed before use."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]  # urllib3's pool
        if connection.idled_too_long():
            connection.close()
        return connection

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.gone_idle()
        super()._put_conn(conn)  # type: ignore[misc]  # urllib3's pool


class _FreshHTTP(_Fresh, HTTPConnectionPool):
    pass


class _FreshHTTPS(_Fresh, HTTPSConnectionPool):
    pass


def pool_for(
    base_url: str,
    *,
    connections: int,
    resolver: Resolver,
    watchdog: Watchdog,
    tls: ssl.SSLContext | None = None,
) -> HTTPConnectionPool:
    """A pool for one host. `tls`: another context than urllib3's own, which checks certificates."""
    url = urlsplit(base_url)
    host = url.hostname or ""
    collaborators = {"resolver": resolver, "watchdog": watchdog}
    pool: HTTPConnectionPool
    if url.scheme == "https":
        pool = _FreshHTTPS(host, url.port or 443, maxsize=connections, ssl_context=tls)
        pool.ConnectionCls = type("RehookConnection", (_TimedHTTPS,), collaborators)
    else:
        pool = _FreshHTTP(host, url.port or 80, maxsize=connections)
        pool.ConnectionCls = type("RehookConnection", (_TimedHTTP,), collaborators)
    return pool
