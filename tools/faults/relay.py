"""A relay in front of a stand-in server, which sees every request and every answer as bytes.

What comes back is passed on as it came, broken answers and resets included. An observer sees each
request before it is passed on and again with its answer, and each time may end the connection.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from tools.sandbox.listener import Handler, Listener

if TYPE_CHECKING:
    from collections.abc import Mapping

_END_OF_HEAD = b"\r\n\r\n"
PORT_SECONDS = 10.0
"""How long a port may stay in use by connections that are ending."""


@dataclass(frozen=True, slots=True)
class RelayedRequest:
    """A request. Header names are in lower case.

    `ports`: of its connection, the client's and the relay's.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    ports: tuple[int, int]


@dataclass(frozen=True, slots=True)
class RelayedAnswer:
    """What came back. `status`: None where it is not a whole HTTP answer."""

    raw: bytes
    status: int | None
    body: bytes


class Observer(Protocol):
    """Sees requests and answers. Each method returns True if the client is gone."""

    def before(self, request: RelayedRequest) -> bool:
        """See a request that has come and was not passed on yet."""

    def after(self, request: RelayedRequest, answer: RelayedAnswer) -> bool:
        """See the answer to a request, before the client does."""


class Relay:
    """Listens on a port of its own, and passes requests on to the URL `upstream`."""

    def __init__(self, observer: Observer) -> None:
        self.upstream = ""
        self._handler = type("_Bound", (_RelayHandler,), {"relay": self, "observer": observer})
        self._listener: Listener | None = Listener(0, self._handler).start()
        self.url = self._listener.url

    def set_online(self, *, online: bool) -> None:
        """Accept connections, or refuse new ones and reset those that are open."""
        if online and self._listener is None:
            self._listener = self._listen_again()
        elif not online and self._listener is not None:
            self._listener.stop()
            self._listener = None

    def close(self) -> None:
        """Stop listening."""
        self.set_online(online=False)

    def _listen_again(self) -> Listener:
        """Listen on the same port. Raises OSError if it stays in use for `PORT_SECONDS`."""
        end = time.monotonic() + PORT_SECONDS
        while True:
            try:
                return Listener(urlsplit(self.url).port or 0, self._handler).start()
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def exchange(self, request: bytes) -> bytes:
        """Send a request upstream, and give all that comes back until the connection ends."""
        address = urlsplit(self.upstream)
        received = b""
        try:
            with socket.create_connection((address.hostname, address.port)) as upstream:
                upstream.sendall(request)
                while part := upstream.recv(65_536):
                    received += part
        except OSError:
            pass  # reset: what was received before it is passed on
        return received


class _RelayHandler(Handler):
    relay: Relay
    observer: Observer

    def serve(self) -> None:
        body = self.read_body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        ports = (self.client_address[1], self.connection.getsockname()[1])
        request = RelayedRequest(self.command, self.path, headers, body, ports)
        if self.observer.before(request):
            self.reset()
            return
        answer = _read(self.relay.exchange(_request(request, urlsplit(self.relay.upstream).netloc)))
        if self.observer.after(request, answer) or not answer.raw:
            self.reset()
            return
        self.wfile.write(answer.raw)
        self.wfile.flush()
        self.close_connection = answer.status is None


def _request(request: RelayedRequest, host: str) -> bytes:
    """Write the request for a connection that ends with its answer."""
    headers = {
        **request.headers,
        "host": host,
        "connection": "close",
        "content-length": str(len(request.body)),
    }
    headers.pop("transfer-encoding", None)
    lines = [
        f"{request.method} {request.path} HTTP/1.1",
        *(f"{k}: {v}" for k, v in headers.items()),
    ]
    return "\r\n".join(lines).encode("latin-1") + _END_OF_HEAD + request.body


def _read(raw: bytes) -> RelayedAnswer:
    """Read an answer. If it is whole, its head is changed to keep the client's connection open."""
    head, end, body = raw.partition(_END_OF_HEAD)
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    fields = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    length = fields.get("content-length", str(len(body)))
    if not end or not words[0].startswith("HTTP/") or int(length) != len(body):
        return RelayedAnswer(raw, None, body)
    kept = [line for line in lines if not line.lower().startswith(("connection:", "keep-alive:"))]
    if "content-length" not in fields:
        kept.append(f"Content-Length: {length}")
    own = "\r\n".join([f"HTTP/1.1 {' '.join(words[1:])}", *kept])
    return RelayedAnswer(own.encode("latin-1") + _END_OF_HEAD + body, int(words[1]), body)
