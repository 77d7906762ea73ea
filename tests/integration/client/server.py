"""A server that runs a script for each connection: it reads, writes and waits as a test needs."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

OK_BODY = b'{"message":"Request processed sucessfully","requestId":"req-1"}'
# On close: no goodbye, a reset.
RESET = struct.pack("ii", 1, 0)


def answer(status: str = "200 OK", body: bytes = OK_BODY, *headers: str) -> bytes:
    """Write a whole HTTP answer with its Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Wire:
    """One accepted connection."""

    def __init__(self, server: ScriptedServer, sock: socket.socket, number: int) -> None:
        self._server, self._sock = server, sock
        self._unread = b""
        self.number = number

    def request(self) -> bytes | None:
        """Wait for a whole request. None if the client has closed the connection."""
        while b"\r\n\r\n" not in self._unread:
            if not self._receive():
                return None
        head, _, rest = self._unread.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(rest) < length:
            if not self._receive():
                return None
            rest = self._unread.partition(b"\r\n\r\n")[2]
        self._unread = rest[length:]
        whole = head + b"\r\n\r\n" + rest[:length]
        self._server.requests.append(whole)
        return whole

    def receive(self, most: int) -> bytes:
        """Read at most `most` bytes of what comes next."""
        return self._sock.recv(most)

    def send(self, data: bytes) -> None:
        """Send, and ignore that the client may have closed the connection."""
        with contextlib.suppress(OSError):
            self._sock.sendall(data)

    def drip(self, data: bytes, pause: float = 0.05) -> None:
        """Send byte by byte, with a pause before each."""
        for byte in data:
            if self.pause(pause):
                return
            self.send(bytes([byte]))

    def pause(self, seconds: float = 30.0) -> bool:
        """Wait for so many seconds. True if the test has ended meanwhile."""
        return self._server.over.wait(seconds)

    def until_gone(self) -> bytes:
        """Read until the client closes the connection, and give what it sent."""
        while self._receive():
            pass
        return self._unread

    def reset(self) -> None:
        """Close with a TCP reset."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._sock.close()

    def shut(self) -> None:
        """Shut the connection down, so that a thread that reads from it stops."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close with a TCP FIN."""
        self._sock.close()

    def _receive(self) -> bool:
        try:
            data = self._sock.recv(65_536)
        except OSError:
            return False
        self._unread += data
        return bool(data)


Script = Callable[[Wire], None]


def always(reply: bytes) -> Script:
    """Answer each request with the same bytes."""

    def script(wire: Wire) -> None:
        while wire.request() is not None:
            wire.send(reply)

    return script


class ScriptedServer:
    """Listens on 127.0.0.1. `requests` holds every whole request that came in."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.connections = 0
        self.over = threading.Event()
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._wires: list[Wire] = []
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []

    @property
    def url(self) -> str:
        """Give its base URL."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.over.set()
        socket.socket.shutdown(self._listener, socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        for wire in self._wires:
            wire.shut()
        for thread in self._threads[1:]:
            thread.join()
        if self._errors and error is None:
            raise self._errors[0]

    def _start(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            number = self.connections
            self._start(lambda sock=sock, number=number: self._serve(sock, number))  # type: ignore[misc]  # bound now

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            if self._tls is not None:
                try:
                    sock = self._tls.wrap_socket(sock, server_side=True)
                except OSError:
                    sock.close()
                    return
            wire = Wire(self, sock, number)
            self._wires.append(wire)
            try:
                self.script(wire)
            finally:
                wire.close()
        except BaseException as error:  # noqa: BLE001 — the test's thread raises it
            self._errors.append(error)
