"""A server for the HTTP API of the template: each route invokes its function."""

from __future__ import annotations

import dataclasses
import json
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from tools.sandbox.function import FunctionBroken
from tools.sandbox.gateway import (
    MAX_BODY_BYTES,
    MAX_PAYLOAD_BYTES,
    Request,
    Response,
    event_of,
    refusal,
    response_of,
)
from tools.sandbox.listener import Handler, Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tools.sandbox.function import Function
    from tools.sandbox.runtime_api import InvocationResult
    from tools.sandbox.template import Route


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as a watcher sees them.

    ``id``: API Gateway's request id, as the functions log it. ``at``: when it came, in seconds
    since the epoch. ``response``: None while it is not answered; ``seconds``: the time until then.
    """

    id: str
    at: float
    path: str
    request: Request
    response: Response | None = None
    seconds: float = 0.0


class HttpApi:
    """The running HTTP API on one port.

    ``watch`` is called with each exchange twice: before its function is invoked, and when the
    answer is there.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        functions: Mapping[str, Function],
        port: int,
        watch: Callable[[Exchange], None] | None = None,
    ) -> None:
        self._routes = {(route.method, route.path): route for route in routes}
        self._functions = functions
        self._watch = watch or _watch_nothing
        # There are more threads than environments: an invocation waits for a free environment.
        self._invoking = ThreadPoolExecutor(max_workers=256, thread_name_prefix="integration")
        handler = type("_Bound", (_HttpApiHandler,), {"http_api": self})
        self._listener = Listener(port, handler).start()
        self.url = self._listener.url

    def handle(self, request: Request) -> Response:
        """Answer one request as API Gateway does."""
        path = request.target.partition("?")[0]
        exchange = Exchange(str(uuid.uuid4()), time.time(), path, request)
        self._watch(exchange)
        started = time.monotonic()
        response = self._respond(exchange)
        seconds = time.monotonic() - started
        self._watch(dataclasses.replace(exchange, response=response, seconds=seconds))
        return response

    def close(self) -> None:
        """Stop listening; running invocations continue until their function is closed."""
        self._listener.stop()
        self._invoking.shutdown(wait=False, cancel_futures=True)

    def _respond(self, exchange: Exchange) -> Response:
        request = exchange.request
        route = self._routes.get((request.method, exchange.path))
        if route is None:
            return refusal(HTTPStatus.NOT_FOUND, "Not Found")
        if len(request.body) > MAX_BODY_BYTES:
            return refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large")
        route_key = f"{route.method} {route.path}"
        event = event_of(request, route_key, exchange.id, datetime.now(UTC))
        payload = json.dumps(event, ensure_ascii=False).encode()
        if len(payload) > MAX_PAYLOAD_BYTES:
            return refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large")
        future: Future[InvocationResult] = self._invoking.submit(
            self._functions[route.function].invoke, payload
        )
        try:
            outcome = future.result(route.timeout)
        except TimeoutError:
            return refusal(HTTPStatus.SERVICE_UNAVAILABLE, "Service Unavailable")
        except FunctionBroken:
            return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error")
        if outcome.failed:
            return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error")
        return response_of(outcome.payload)


def _watch_nothing(_: Exchange) -> None:
    pass


class _HttpApiHandler(Handler):
    http_api: HttpApi

    def serve(self) -> None:
        length = self.headers.get("content-length", "0")
        if not length.isdecimal():
            self._send(refusal(HTTPStatus.BAD_REQUEST, "Bad Request"))
            self.close_connection = True
            return
        if int(length) > MAX_BODY_BYTES:
            # The body is not read, so the connection cannot be used again.
            self._send(refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large"))
            self.close_connection = True
            return
        request = Request(
            method=self.command,
            target=self.path,
            headers=self.headers.items(),
            body=self.read_body(),
        )
        self._send(self.http_api.handle(request))

    def _send(self, response: Response) -> None:
        self.answer(response.status, response.headers, response.body)
