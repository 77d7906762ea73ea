"""SSM, SQS and DynamoDB on this machine: moto's server, with faults to order and a control API.

Run as a process (``python -m tools.sandbox.aws_server``) it prints both addresses as one line of
JSON and serves until it is ended. DynamoDB is asked one request at a time: moto evaluates a
condition and writes in two steps, and two conditional writes at once could both succeed.

A call's facts, for faults: ``service`` (sqs, dynamodb, ssm), ``operation`` (SendMessageBatch …) and
``caller``, which is the access key id: each function has its own, its logical id.

Its control API, besides the faults' (``tools.sandbox.control``):

    GET  /calls     how often each caller called each operation
    POST /messages  {"queue": name}: what lies in a queue, without receiving it
    POST /empty     {"queue": name}: forget its messages
    POST /hasten    {"queue": name, "finished": {message id: receives}}: time passes for what waits
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.sqs.models import sqs_backends
from msgspec.json import decode
from werkzeug.serving import make_server

from tools.sandbox import aws_queue
from tools.sandbox.aws_faults import answer_of, without_entries
from tools.sandbox.control import Control, Routes, fault_routes
from tools.sandbox.faults import Fault, FaultPlan, Kind
from tools.sandbox.listener import LOOPBACK, reset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REGION = "us-east-1"
ACCOUNT = "123456789012"
_CALLER = re.compile(r"Credential=([^/]+)/")


class _QuietHandler(MotoRequestHandler):
    def log_request(self, *_: object) -> None:
        """Say nothing of calls: only what goes wrong is logged."""

    def handle(self) -> None:
        """As the base class, but a connection that was reset on purpose is no error."""
        with contextlib.suppress(OSError):
            super().handle()

    def finish(self) -> None:
        """As ``handle``."""
        with contextlib.suppress(OSError):
            super().finish()


class FaultyApplication:
    """moto's WSGI application, each call described, counted and perhaps made to fail."""

    def __init__(self, application: WSGIApplication, plan: FaultPlan) -> None:
        self._application = application
        self._plan = plan
        self._dynamodb = threading.Lock()
        self.calls: Counter[tuple[str, str, str]] = Counter()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """One call to AWS."""
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        service, _, operation = target.partition(".")
        service = service.partition("_")[0].removeprefix("Amazon").lower()
        caller = _CALLER.search(environ.get("HTTP_AUTHORIZATION", ""))
        facts = {
            "service": service,
            "operation": operation,
            "caller": caller.group(1) if caller else "",
        }
        self.calls[facts["caller"], service, operation] += 1
        fault = self._plan.take(facts)
        with self._dynamodb if service == "dynamodb" else contextlib.nullcontext():
            if fault is None:
                return self._application(environ, start)
            early = self._collect(environ) if fault.acted else None
        return self._go_wrong(fault, environ, start, early)

    def _go_wrong(
        self, fault: Fault, environ: WSGIEnvironment, start: StartResponse, early: _Answer | None
    ) -> Iterable[bytes]:
        time.sleep(fault.seconds)
        match fault.kind:
            case Kind.ANSWER:
                start(f"{fault.status} Ordered", list(fault.headers.items()))
                return [answer_of(fault)]
            case Kind.PARTIAL:
                return without_entries(self._application, environ, start, fault.entries)
            case Kind.HOLD:
                self._plan.hold()
            case Kind.SILENCE:
                self._plan.silence()
            case _:
                pass
        if fault.kind not in {Kind.HOLD, Kind.DELAY}:
            reset(environ["werkzeug.socket"])
            raise ConnectionResetError
        with self._dynamodb:
            status, headers, body = early or self._collect(environ)
        start(status, headers)
        return [body]

    def _collect(self, environ: WSGIEnvironment) -> _Answer:
        head: list[Any] = []
        body = b"".join(self._application(environ, lambda *args: head.extend(args)))  # type: ignore[arg-type]
        return head[0], head[1], body


_Answer = tuple[str, list[tuple[str, str]], bytes]


class _QueueQuery(msgspec.Struct, forbid_unknown_fields=True):
    queue: str
    finished: dict[str, int] | None = None


def _queue(name: str) -> aws_queue.IndexedQueue:
    queue = sqs_backends[ACCOUNT][REGION].queues[name]
    assert isinstance(queue, aws_queue.IndexedQueue)  # noqa: S101 — installed before any was made
    return queue


def _messages(body: bytes) -> list[dict[str, Any]]:
    now = time.time() * 1000
    return [
        {
            "id": message.id,
            "body": message.body,
            "attributes": {
                name: value.get("StringValue") for name, value in message.message_attributes.items()
            },
            "group": message.group_id,
            "dedupe": message.deduplication_id,
            "received": message.approximate_receive_count,
            "visible_in": max(0.0, (message.visible_at - now) / 1000),
        }
        for message in list(_queue(decode(body, type=_QueueQuery).queue)._messages)  # noqa: SLF001 — moto has no other view
    ]


def _hasten(body: bytes) -> int:
    query = decode(body, type=_QueueQuery)
    return _queue(query.queue).hasten(query.finished)


def main() -> None:
    """Serve until ended; the one line of output: addresses."""
    aws_queue.install()
    plan = FaultPlan()
    application = FaultyApplication(DomainDispatcherApplication(create_backend_app), plan)
    routes: Routes = fault_routes(plan) | {
        ("GET", "/calls"): lambda *_: [
            {"caller": caller, "service": service, "operation": operation, "count": count}
            for (caller, service, operation), count in sorted(application.calls.items())
        ],
        ("POST", "/messages"): lambda _, body: _messages(body),
        ("POST", "/empty"): lambda _, body: _queue(decode(body, type=_QueueQuery).queue).empty(),
        ("POST", "/hasten"): lambda _, body: _hasten(body),
    }
    control = Control(routes)
    server = make_server(LOOPBACK, 0, application, threaded=True, request_handler=_QuietHandler)
    addresses = {"url": f"http://{LOOPBACK}:{server.server_port}", "control": control.url}
    print(msgspec.json.encode(addresses).decode(), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
