"""SSM, SQS and DynamoDB on this machine: moto's server with fault injection and a control API.

CloudFormation, CloudWatch Logs and the other services that describe the sandbox's own stack are in
``tools.sandbox.aws_services``.

As a process (``python -m tools.sandbox.aws_server``) it prints both addresses as one line of JSON
and serves until it is ended. DynamoDB gets one request at a time, because moto evaluates a
condition and writes in two steps, and two conditional writes at once could both succeed.

The facts of a call that a fault can match: ``service`` (sqs, dynamodb, ssm, logs …),
``operation`` (SendMessageBatch …) and ``caller``, the access key id. The access key id of a
function is its logical id.

The control API has, besides the operations for faults (``tools.sandbox.control``):

    GET  /calls     how often each caller called each operation
    POST /messages  {"queue": name}: the messages in a queue, without receiving them
    POST /empty     {"queue": name}: delete its messages
    POST /hasten    {"queue": name, "finished": {message id: receives}}: show waiting messages now
    POST /alarm    tools.sandbox.aws_alarms.AlarmOrder: the state of an alarm
    POST /confirm  {"endpoint": address}: confirm the subscriptions of an endpoint
    POST /stack     tools.sandbox.aws_stacks.StackRecord: the stack that AWS describes
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.sqs.models import sqs_backends
from werkzeug.serving import make_server

from tools.dynamodb import moto_statements
from tools.sandbox.aws_alarms import AlarmOrder
from tools.sandbox.aws_batches import Answer, collect, fail_in_part, length_of
from tools.sandbox.aws_call import Call
from tools.sandbox.aws_faults import AwsFaultPlan, answer_of
from tools.sandbox.aws_services import AwsServices
from tools.sandbox.aws_stacks import StackRecord
from tools.sandbox.aws_topics import Confirmation
from tools.sandbox.control import Control, Operation, Routes, fault_routes
from tools.sandbox.faults import Fault, FaultPlan, Kind
from tools.sandbox.listener import LOOPBACK, reset
from tools.sandbox.programs_only import REFUSED, comes_from_a_page
from tools.sqs import moto_backend

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from moto.sqs.models import Message

    from tools.sqs.fifo import FifoQueue

REGION = "us-east-1"
ACCOUNT = "123456789012"
_MAX_POLL_SECONDS = 0.25
"""A long poll ends after this time at the latest: commands read a queue until it is empty."""

_MOTO = frozenset({"dynamodb", "sqs", "ssm", "sts"})


class _QuietHandler(MotoRequestHandler):
    def log_request(self, *_: object) -> None:
        """Log no calls; errors are logged elsewhere."""

    def handle(self) -> None:
        """Handle a connection; one that a fault has reset is no error."""
        with contextlib.suppress(OSError):
            super().handle()

    def finish(self) -> None:
        """Finish a connection; one that a fault has reset is no error."""
        with contextlib.suppress(OSError):
            super().finish()


class FaultyApplication:
    """moto's WSGI application, which counts each call and applies the ordered faults."""

    def __init__(self, moto: WSGIApplication, services: AwsServices, plan: FaultPlan) -> None:
        self._moto = moto
        self._services = services
        self._plan = plan
        self._dynamodb = threading.Lock()
        self.calls: Counter[tuple[str, str, str]] = Counter()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one call to AWS; those of a page in a browser are refused."""
        if comes_from_a_page(
            environ["SERVER_PORT"],
            host=environ.get("HTTP_HOST"),
            origin=environ.get("HTTP_ORIGIN"),
            site=environ.get("HTTP_SEC_FETCH_SITE"),
        ):
            start("403 Forbidden", [length_of(REFUSED.encode())])
            return [REFUSED.encode()]
        call = Call.of(environ)
        self.calls[call.caller, call.service, call.operation] += 1
        facts = {"service": call.service, "operation": call.operation, "caller": call.caller}
        fault = self._plan.take(facts)
        application = self._answering(call, environ)
        if fault is not None and fault.kind is Kind.PARTIAL:
            time.sleep(fault.seconds)
        with self._dynamodb if call.service == "dynamodb" else contextlib.nullcontext():
            if fault is None:
                return application(environ, start)
            if fault.kind is Kind.PARTIAL:
                return fail_in_part(application, environ, start, fault)
            early = collect(application, environ) if fault.acted else None
        if fault.kind is Kind.ANSWER:
            time.sleep(fault.seconds)
            body = answer_of(fault, xml=call.form is not None)
            start(f"{fault.status} Ordered", [*fault.headers.items(), length_of(body)])
            return [body]
        return self._go_wrong(fault, application, environ, start, early)

    def _answering(self, call: Call, environ: WSGIEnvironment) -> WSGIApplication:
        def answer(_: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            answered = self._services.answer(call, environ)
            if answered is None:
                return self._moto(environ, start)
            status = HTTPStatus(answered.status)
            headers = [*answered.headers, length_of(answered.body)]
            start(f"{status.value} {status.phrase}", headers)
            return [answered.body]

        return self._moto if call.service in _MOTO else answer

    def _go_wrong(
        self,
        fault: Fault,
        application: WSGIApplication,
        environ: WSGIEnvironment,
        start: StartResponse,
        early: Answer | None,
    ) -> Iterable[bytes]:
        time.sleep(fault.seconds)
        match fault.kind:
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
            status, headers, body = early or collect(application, environ)
        start(status, headers)
        return [body]


class _Named(msgspec.Struct, forbid_unknown_fields=True):
    queue: str


class _Finished(_Named, forbid_unknown_fields=True):
    finished: dict[str, int] | None = None


def _queue(named: _Named) -> FifoQueue[Message]:
    queues = sqs_backends[ACCOUNT][REGION].queues
    if named.queue not in queues:
        raise ValueError(f"no such queue; there are {', '.join(queues) or 'none'}")
    queue = queues[named.queue]
    assert isinstance(queue, moto_backend.MotoQueue)  # noqa: S101 — install() was called before
    return queue.fifo


def _messages(named: _Named) -> list[dict[str, Any]]:
    queue = _queue(named)
    now = queue.now()
    return [
        {
            "id": stored.message_id,
            "body": stored.message.body,
            "attributes": {
                name: value.get("StringValue")
                for name, value in stored.message.message_attributes.items()
            },
            "group": stored.group,
            "dedupe": stored.dedupe,
            "received": stored.receive_count,
            "visible_in": max(0.0, stored.hidden_until - now),
            "age": max(0.0, now - stored.sent_at),
        }
        for stored in queue.stored()
    ]


def main() -> None:
    """Print the addresses as one line of JSON, and serve until the process is ended."""
    moto_backend.install(max_wait=_MAX_POLL_SECONDS)
    moto_statements.install()
    plan = AwsFaultPlan()
    services = AwsServices()
    moto = DomainDispatcherApplication(create_backend_app)
    application = FaultyApplication(moto, services, plan)
    routes: Routes = fault_routes(plan) | {
        ("GET", "/calls"): Operation(
            lambda: [
                {"caller": caller, "service": service, "operation": operation, "count": count}
                for (caller, service, operation), count in sorted(application.calls.items())
            ]
        ),
        ("POST", "/messages"): Operation(_messages, body=_Named),
        ("POST", "/empty"): Operation(lambda named: _queue(named).empty(), body=_Named),
        ("POST", "/hasten"): Operation(
            lambda query: _queue(query).hasten(query.finished), body=_Finished
        ),
        ("POST", "/alarm"): Operation(services.alarms.order, body=AlarmOrder),
        ("POST", "/confirm"): Operation(services.topics.confirm, body=Confirmation),
        ("POST", "/stack"): Operation(services.record, body=StackRecord),
    }
    control = Control(routes)
    server = make_server(LOOPBACK, 0, application, threaded=True, request_handler=_QuietHandler)
    addresses = {"url": f"http://{LOOPBACK}:{server.server_port}", "control": control.url}
    print(msgspec.json.encode(addresses).decode(), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
