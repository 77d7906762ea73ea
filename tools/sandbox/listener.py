"""The HTTP server that all servers of the sandbox but moto's use. It listens on 127.0.0.1 only.

It is the standard library's server with these additions: head and body of an answer in one TCP
segment (else delayed acknowledgements slow it down), connections that can be reset, a port that can
refuse connections and accept them again, and TLS on request. werkzeug's server ends each connection
after one answer (docs/decisions/one-sqs.md).
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from tools.sandbox.programs_only import comes_from_a_page

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable
    from io import BufferedIOBase

LOOPBACK = "127.0.0.1"


class Handler(BaseHTTPRequestHandler):
    """Serves the requests of one kept-alive connection, one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the base class's name
        """Log nothing: each server keeps its own record of requests."""

    def serve(self) -> None:
        """Answer one request, whatever its method."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        # The base class looks up do_GET, do_POST and so on.
        if name.startswith("do_"):
            return self.serve
        raise AttributeError(name)

    def parse_request(self) -> bool:
        """Parse a request. Unlike in the base class, an end within the headers is an error."""
        whole = self.rfile
        self.rfile = _WholeLines(whole)  # type: ignore[assignment]  # only lines are read
        try:
            return super().parse_request()
        finally:
            self.rfile = whole

    def read_body(self) -> bytes:
        """Return the request's body, by its length or its chunks.

        Raises ConnectionAbortedError if the connection ends within it: a process that was killed
        while it sent a request has not sent that request.
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

    @property
    def is_from_a_page(self) -> bool:
        """Whether a page in a browser sent the request."""
        _, port = self.connection.getsockname()
        return comes_from_a_page(
            port,
            host=self.headers.get("host"),
            origin=self.headers.get("origin"),
            site=self.headers.get("sec-fetch-site"),
        )

    def answer(self, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        """Send a complete answer, with its length as a header."""
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
        """End the connection with a reset."""
        reset(self.connection)
        self.close_connection = True

    def finish(self) -> None:
        """Finish the connection; a client that has closed it is no error."""
        with contextlib.suppress(OSError):
            super().finish()


class _WholeLines:
    """Lines of a stream, whose end is an error."""

    def __init__(self, lines: BufferedIOBase) -> None:
        self._lines = lines

    def readline(self, limit: int) -> bytes:
        line = self._lines.readline(limit)
        if not line:
            raise ConnectionAbortedError
        return line


def reset(connection: socket.socket) -> None:
    """Reset a connection, so that the other side sees an error."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # close() would leave the file descriptor open as long as makefile() objects use it.
        socket.close(connection.detach())


class Listener(ThreadingHTTPServer):
    """A server with a thread for each connection, which knows its open connections."""

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
        """The address on which it listens, without a path."""
        return f"{'https' if self._tls else 'http'}://{LOOPBACK}:{self.server_port}"

    def start(self) -> Self:
        """Start to serve in a new thread."""
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
        """Accept a connection; the thread that reads from it makes the TLS handshake."""
        connection, address = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Process a connection, and keep it in the list of open ones until it ends."""
        with self._connections_lock:
            self._connections.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._connections_lock:
                self._connections.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print an error, unless the client has closed the connection."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def reserve(port: int) -> socket.socket:
    """Bind a port without listening: connections are refused, and no one else can bind it."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind((LOOPBACK, port))
    return held
