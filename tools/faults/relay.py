"""A relay in front of a stand-in server, which sees every request and every answer as bytes.

What comes back is passed on as it came, broken answers and resets included. An observer is told of
each request before it is passed on and after it was answered, and may end it there and then.
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
PORT_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. ``port``: the client's end of its connection. Header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    port: int


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: ``status`` is None where that is no whole HTTP answer."""

    raw: bytes
    status: int | None
    body: bytes


class Observer(Protocol):
    """Who is told of requests; what it returns says whether the client is gone."""

    def before(self, asked: Asked) -> bool:
        """A request has come and was not passed on yet."""

    def after(self, asked: Asked, answered: Answered) -> bool:
        """It was carried out, as far as it will be; the client knows nothing yet."""


class Relay:
    """Listens on a port of its own and passes on to ``upstream``, which may be given later."""

    def __init__(self, observer: Observer) -> None:
        self.upstream = ""
        self._handler = type("_Bound", (_RelayHandler,), {"relay": self, "observer": observer})
        self._listener: Listener | None = Listener(0, self._handler).start()
        self.url = self._listener.url

    def set_online(self, *, online: bool) -> None:
        """Accept connections, or refuse them and drop those that are open."""
        if online and self._listener is None:
            self._listener = self._listen_again()
        elif not online and self._listener is not None:
            self._listener.stop()
            self._listener = None

    def close(self) -> None:
        """Stop listening."""
        self.set_online(online=False)

    def _listen_again(self) -> Listener:
        """On the same port, which connections that are just ending may keep for a moment."""
        end = time.monotonic() + PORT_PATIENCE
        while True:
            try:
                return Listener(urlsplit(self.url).port or 0, self._handler).start()
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def exchange(self, request: bytes) -> bytes:
        """All that the upstream answers until it closes or resets the connection."""
        address = urlsplit(self.upstream)
        received = b""
        try:
            with socket.create_connection((address.hostname, address.port)) as upstream:
                upstream.sendall(request)
                while part := upstream.recv(65_536):
                    received += part
        except OSError:
            pass  # a reset: what came before it is what there is
        return received


class _RelayHandler(Handler):
    relay: Relay
    observer: Observer

    def serve(self) -> None:
        body = self.read_body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, body, self.client_address[1])
        if self.observer.before(asked):
            self.reset()
            return
        answered = _read(self.relay.exchange(_request(asked)))
        if self.observer.after(asked, answered) or not answered.raw:
            self.reset()
            return
        self.wfile.write(answered.raw)
        self.wfile.flush()
        self.close_connection = answered.status is None


def _request(asked: Asked) -> bytes:
    """The request again, on a connection that ends with its answer."""
    headers = {**asked.headers, "connection": "close", "content-length": str(len(asked.body))}
    headers.pop("transfer-encoding", None)
    lines = [f"{asked.method} {asked.path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines).encode("latin-1") + _END_OF_HEAD + asked.body


def _read(raw: bytes) -> Answered:
    """A whole answer gets a head that keeps the client's connection; anything else stays as is."""
    head, end, body = raw.partition(_END_OF_HEAD)
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    fields = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    length = fields.get("content-length", str(len(body)))
    if not end or not words[0].startswith("HTTP/") or int(length) != len(body):
        return Answered(raw, None, body)
    kept = [line for line in lines if not line.lower().startswith(("connection:", "keep-alive:"))]
    if "content-length" not in fields:
        kept.append(f"Content-Length: {length}")
    own = "\r\n".join([f"HTTP/1.1 {' '.join(words[1:])}", *kept])
    return Answered(own.encode("latin-1") + _END_OF_HEAD + body, int(words[1]), body)
