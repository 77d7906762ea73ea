"""The one small HTTP server under all of the sandbox's listeners.

The standard library's server, with what it lacks here: both halves of an answer in one segment (no
delayed-ACK stall), a listener that can refuse connections and come back on the same port, and
connections that can be reset, and TLS where it is asked for. Loopback only. Not werkzeug's server,
which keeps no connection (docs/decisions/one-sqs.md).
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from io import BufferedIOBase

LOOPBACK = "127.0.0.1"


class Handler(BaseHTTPRequestHandler):
    """One request after the other on a kept-alive connection; each answer in one piece."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the base class's name
        """Say nothing: whoever serves keeps its own record."""

    def serve(self) -> None:
        """Answer one request, whatever its method."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        # The base class looks for do_GET, do_POST and so on.
        if name.startswith("do_"):
            return self.serve
        raise AttributeError(name)

    def parse_request(self) -> bool:
        """As the base class, which takes the end of the connection for the end of the headers."""
        whole = self.rfile
        self.rfile = _Unbroken(whole)  # type: ignore[assignment]  # only lines are read
        try:
            return super().parse_request()
        finally:
            self.rfile = whole

    def read_body(self) -> bytes:
        """The request's body, by its length or its chunks.

        Raises ConnectionAbortedError if the client went away within it, as the headers do: a
        process that was killed as it spoke has not said what it was about to say.
        """
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            return b"".join(iter(self._read_chunk, b""))
        return self._read_whole(int(self.headers.get("content-length") or 0))

    def _read_chunk(self) -> bytes:
        size = self.rfile.readline().split(b";")[0] or b"0"
        chunk = self._read_whole(int(size, 16))
        self._read_whole(len(b"\r\n"))
        return chunk

    def _read_whole(self, size: int) -> bytes:
        read = self.rfile.read(size)
        if len(read) < size:
            raise ConnectionAbortedError
        return read

    def answer(self, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        """Send an answer whole; its length is added."""
        self.send_response(status)
        for name, value in headers:
            if name != "content-length":
                self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def reset(self) -> None:
        """Drop the connection with a reset instead of an orderly end."""
        reset(self.connection)
        self.close_connection = True

    def finish(self) -> None:
        """As the base class, but a client that has gone is no error."""
        with contextlib.suppress(OSError):
            super().finish()


class _Unbroken:
    """Lines that do not just end."""

    def __init__(self, lines: BufferedIOBase) -> None:
        self._lines = lines

    def readline(self, limit: int) -> bytes:
        line = self._lines.readline(limit)
        if not line:
            raise ConnectionAbortedError
        return line


def reset(connection: socket.socket) -> None:
    """Make the other side see a connection reset."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Closing the file descriptor itself: makefile() objects would keep close() from doing it.
        socket.close(connection.detach())


class Listener(ThreadingHTTPServer):
    """A threaded server that knows its open connections."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(
        self, port: int, handler: type[Handler], tls: ssl.SSLContext | None = None
    ) -> None:
        self._tls = tls
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        super().__init__((LOOPBACK, port), handler)

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"{'https' if self._tls else 'http'}://{LOOPBACK}:{self.server_port}"

    def start(self) -> Self:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and reset every connection that is still open."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
        self.server_close()
        with self._connections_lock:
            open_connections = list(self._connections)
        for connection in open_connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def get_request(self) -> tuple[Any, Any]:
        """As the base class; a handshake is made by the thread that reads, not by this one."""
        connection, address = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """As the base class, with the connection noted while it lives."""
        with self._connections_lock:
            self._connections.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._connections_lock:
                self._connections.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is its own affair; anything else is a defect and is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def reserve(port: int) -> socket.socket:
    """Hold a port without listening on it: connections are refused, nobody else gets it."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind((LOOPBACK, port))
    return held
