"""A server that answers as Segment's Public API is documented (docs.segmentapis.com).

It knows Get Destination and List Subscriptions from Destination, with pages, tokens and errors. A
test can put answers before: each is given once, to the next request.
"""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "sgp_made-up-token"
DESTINATION = "fP7qoQw2HTWt9WdMr718gn"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. `silent`: none is given until the server is closed."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    cut: bool = False


def error(status: int, message: str, **more: Any) -> Answer:
    """Write an answer in the envelope of errors."""
    envelope = {"errors": [{"type": "RequestError", "message": message, **more}]}
    return Answer(status, json.dumps(envelope).encode())


def data(**members: Any) -> Answer:
    """Write an answer in the envelope of data."""
    return Answer(200, json.dumps({"data": members}).encode())


def hosted(name: str, number: int = 1, **members: Any) -> dict[str, Any]:
    """Make a subscription with all members that the API gives."""
    return {
        "id": f"eoeXaMeAYcB2XvEApJD{number:03}",
        "name": name,
        "actionId": "uD9jEQ4DxJZzhzVqppM7UD",
        "actionSlug": "trackEvent",
        "destinationId": DESTINATION,
        "modelId": "",
        "enabled": True,
        "trigger": 'type = "track"',
        "settings": {"event_name": {"@path": "$.event"}, "source_id": {"@path": "$.userId"}},
        **members,
    }


class SegmentServer:
    """The API on this machine, as a context. `requests` has each request's path and headers."""

    def __init__(self, subscriptions: list[dict[str, Any]] | None = None) -> None:
        self.subscriptions = subscriptions or []
        self.destination: dict[str, Any] = {
            "id": DESTINATION,
            "name": "Rehook prod",
            "enabled": True,
            "sourceId": "rh5BDZp6QDHvXFCkibm1pR",
            "metadata": {"slug": "actions-rehook", "name": "Rehook"},
            "settings": {"api_key": "hosted-key", "api_secret": "hosted-secret"},
        }
        self.page_entries = 1000
        self.before: list[Answer] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """The address to give as --api-url."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, target: str, headers: dict[str, str]) -> Answer:
        """Answer a GET request."""
        self.requests.append((target, headers))
        if self.before:
            return self.before.pop(0)
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return error(401, "Unauthorized")
        url = urlsplit(target)
        match [unquote(part) for part in url.path.split("/")[1:]]:
            case ["destinations", name] if name == DESTINATION:
                return data(destination=self.destination)
            case ["destinations", name, "subscriptions"] if name == DESTINATION:
                return self._page(parse_qs(url.query, strict_parsing=True))
            case _:
                return error(404, "Resource not found")

    def _page(self, query: dict[str, list[str]]) -> Answer:
        [count] = query["pagination.count"]
        if not 1 <= int(count) <= 1000:
            return error(422, "count must be between 1 and 1000", field="pagination.count")
        cursor = query.get("pagination.cursor", ["MA=="])[0]
        start = int(base64.b64decode(cursor))
        end = start + min(int(count), self.page_entries)
        pages: dict[str, Any] = {"current": cursor, "totalEntries": len(self.subscriptions)}
        pages["next"] = None
        if end < len(self.subscriptions):
            pages["next"] = base64.b64encode(str(end).encode()).decode()
        return data(subscriptions=self.subscriptions[start:end], pagination=pages)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = server.answer(self.path, headers)
                if answer.silent:
                    server._closing.wait()
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                more = 5 if answer.cut else 0
                self.send_header("Content-Length", str(len(answer.body) + more))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — its name there
                """Log nothing."""

        return Handler
