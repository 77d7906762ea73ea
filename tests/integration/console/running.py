"""A sandbox with its console, and a client that is a browser as far as the console can tell."""

from __future__ import annotations

import http.client
import itertools
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tools.console.recording import Recording
from tools.console.server import ConsoleServer
from tools.sandbox import Sandbox
from tools.sandbox.build import build

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Running:
    """A sandbox, what its console keeps, and the console."""

    box: Sandbox
    recording: Recording
    console: ConsoleServer


@contextmanager
def running_console() -> Iterator[Running]:
    """Start a sandbox of what the checkout says now, and its console."""
    build()
    recording = Recording()
    with (
        Sandbox(watch_exchange=recording.exchange, watch_log=recording.line) as box,
        ConsoleServer(box, recording) as console,
    ):
        yield Running(box, recording, console)


@dataclass(frozen=True)
class Reply:
    """An answer of the console."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> dict[str, Any]:
        """The body, which is a JSON object."""
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Visitor:
    """A client of one console. ``headers``: those of every request."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The console's host and port."""
        return self.url.removeprefix("http://")

    def open(self, path: str, method: str = "GET", body: str | None = None, **other: str) -> Reply:
        """Send a request. ``other``: headers, with _ for -; an empty one is not sent."""
        named = {name.replace("_", "-"): value for name, value in other.items()}
        headers = {name: value for name, value in {**self.headers, **named}.items() if value}
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, path, body, headers)
            found = connection.getresponse()
            return Reply(found.status, found.headers, found.read())
        finally:
            connection.close()

    def change(self, path: str, members: object, **other: str) -> Reply:
        """Send an order as a page does."""
        own = {"Origin": self.url, "X_Console": "1", "Content_Type": "application/json"}
        return self.open(path, "POST", json.dumps(members), **{**own, **other})

    def order(self, name: str, **members: Any) -> Reply:
        """Send an order by its name."""
        return self.change(f"/orders/{name}", members)

    def sign_in(self, token: str) -> Reply:
        """Exchange a token for the cookie, and keep the cookie."""
        reply = self.change("/session", {"token": token})
        if cookie := reply.headers.get("Set-Cookie"):
            self.headers["Cookie"] = cookie.partition(";")[0]
        return reply


def token_of(console: ConsoleServer) -> str:
    """The token in the console's address."""
    return console.address.partition("#")[2]


def event(user: str, **members: Any) -> dict[str, Any]:
    """A track event of a user, with an id of its own."""
    return {
        "type": "track",
        "event": "order",
        "messageId": f"console-{next(NUMBERS)}",
        "userId": user,
        "properties": {"total": 3},
        **members,
    }


def send(visitor: Visitor, *events: dict[str, Any], **order: Any) -> dict[str, Any]:
    """Send events, and give the webhook's answer."""
    text = "\n".join(json.dumps(each) for each in events)
    reply = visitor.order("send", text=text, **order)
    assert reply.status == 200, reply.text
    answer: dict[str, Any] = json.loads(reply.json["answer"]["body"])
    return answer
