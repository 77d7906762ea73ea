"""Lambda's Runtime API for one execution environment: it hands out invocations and takes results.

It is the API that AWS documents for custom runtimes (version 2018-06-01): ``next``, ``response``,
``error`` and ``init/error``. Each environment has a server of its own, because the runtime client
takes no path in the API's address.
"""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from tools.sandbox.listener import Handler, Listener
from tools.sandbox.programs_only import REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable

_PREFIX = "/2018-06-01/runtime"


@dataclass(frozen=True, slots=True)
class InvocationResult:
    """The result of an invocation. ``failed``: the payload is an error as Lambda reports it."""

    payload: bytes
    failed: bool = False


@dataclass(slots=True)
class Invocation:
    """One event and its result, once there is one. ``deadline``: seconds since the epoch."""

    event: bytes
    function_arn: str
    deadline: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    outcome: InvocationResult | None = None


class RuntimeApi:
    """Passes invocations to an environment's process, and its results to the invoker.

    ``waiting`` is called when the process asks for an invocation and there is none. Lambda freezes
    a process at that moment.
    """

    def __init__(self, waiting: Callable[[], None]) -> None:
        self.changed = threading.Condition()
        self.ready = False
        self.ready_at = 0.0
        self.init_error: bytes | None = None
        self._waiting = waiting
        self._handed: Invocation | None = None
        self._current: Invocation | None = None
        self._closed = False
        handler = type("_Bound", (_RuntimeHandler,), {"api": self})
        self._listener = Listener(0, handler).start()
        self.address = self._listener.url.removeprefix("http://")

    def hand_over(self, invocation: Invocation) -> None:
        """Give the process its next invocation; ``changed`` is notified of the result."""
        with self.changed:
            self._handed = invocation
            self.changed.notify_all()

    def take(self) -> Invocation | None:
        """Wait for an invocation that the process has asked for; None when closed."""
        with self.changed:
            if not self.ready:
                self.ready, self.ready_at = True, time.monotonic()
            self.changed.notify_all()
            if self._handed is None and not self._closed:
                self._waiting()
            self.changed.wait_for(lambda: self._handed is not None or self._closed)
            self._current, self._handed = self._handed, None
            return self._current

    def finish(self, invocation_id: str, outcome: InvocationResult) -> bool:
        """Store the result of an invocation; False if there is no such invocation."""
        with self.changed:
            if self._current is None or self._current.id != invocation_id:
                return False
            self._current.outcome = outcome
            self._current = None
            self.changed.notify_all()
            return True

    def fail_init(self, error: bytes) -> None:
        """Store the error of the process's initialisation."""
        with self.changed:
            self.init_error = error
            self.changed.notify_all()

    def close(self) -> None:
        """Stop the server, and end the requests that wait in it."""
        with self.changed:
            self._closed = True
            self.changed.notify_all()
        self._listener.stop()


class _RuntimeHandler(Handler):
    api: RuntimeApi

    def serve(self) -> None:
        body = self.read_body()
        if self.is_from_a_page:
            self.answer(HTTPStatus.FORBIDDEN, [], REFUSED.encode())
            return
        match self.command, self.path.removeprefix(_PREFIX).strip("/").split("/"):
            case "GET", ["invocation", "next"]:
                self._send_next()
            case "POST", ["invocation", invocation_id, "response"]:
                self._accept(known=self.api.finish(invocation_id, InvocationResult(body)))
            case "POST", ["invocation", invocation_id, "error"]:
                self._accept(
                    known=self.api.finish(invocation_id, InvocationResult(body, failed=True))
                )
            case "POST", ["init", "error"]:
                self.api.fail_init(body)
                self._accept(known=True)
            case _:
                self.answer(HTTPStatus.NOT_FOUND, [], b"")

    def _send_next(self) -> None:
        invocation = self.api.take()
        if invocation is None:
            self.reset()
            return
        headers = {
            "content-type": "application/json",
            "lambda-runtime-aws-request-id": invocation.id,
            "lambda-runtime-deadline-ms": str(int(invocation.deadline * 1000)),
            "lambda-runtime-invoked-function-arn": invocation.function_arn,
            "lambda-runtime-trace-id": f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}",
        }
        self.answer(HTTPStatus.OK, headers.items(), invocation.event)

    def _accept(self, *, known: bool) -> None:
        status = HTTPStatus.ACCEPTED if known else HTTPStatus.BAD_REQUEST
        self.answer(status, [("content-type", "application/json")], b'{"status": "OK"}')
