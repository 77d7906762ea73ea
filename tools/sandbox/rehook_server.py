"""The server of the fake Rehook: its API on one port, its control API on another.

There are two ports because a Rehook that is switched off must refuse connections, and it must still
be possible to switch it on. As a process (``python -m tools.sandbox.rehook_server``) it prints both
addresses as one line of JSON and serves until it is ended.

The control API has, besides the operations for faults (``tools.sandbox.control``):

    GET  /calls?since=N        every call after the N-th, in the order of arrival
    GET  /customers, /rewards  the customers, and the number of rewards by customer and event
    POST /online               true, or false to refuse connections
    POST /rate-limit           calls per second, or null; more are answered 429 with Retry-After
    POST /behaviour            a complete tools.sandbox.rehook.Behaviour
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta
from msgspec.json import decode

from tools.sandbox.control import Control, Operation, Routes, fault_routes
from tools.sandbox.faults import Fact, Fault, FaultPlan, Kind
from tools.sandbox.listener import Handler, Listener, reserve
from tools.sandbox.rehook import Answer, Behaviour, ReceivedCall, Rehook

if TYPE_CHECKING:
    import socket
    import ssl

_FACTS = {
    "method": Fact(r"[A-Z]+", "in capitals"),
    "path": Fact(r"/.*", "a path that begins with /"),
    "customer": Fact(),
    "event": Fact(),
}


class RateLimit:
    """A limit of ``per_second`` calls within any second; None for no limit."""

    def __init__(self) -> None:
        self.per_second: float | None = None
        self._lock = threading.Lock()
        self._recent: deque[float] = deque()

    def allows(self, now: float) -> bool:
        """Return whether one more call is allowed, and count it if it is."""
        with self._lock:
            if self.per_second is None:
                return True
            while self._recent and self._recent[0] <= now - 1:
                self._recent.popleft()
            if len(self._recent) >= self.per_second:
                return False
            self._recent.append(now)
            return True


class RehookServer:
    """A running fake Rehook."""

    def __init__(
        self,
        behaviour: Behaviour,
        *,
        port: int = 0,
        seed: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._tls = tls
        self.rehook = Rehook(behaviour)
        self.faults = FaultPlan(_FACTS, without=Kind.PARTIAL, seed=seed)
        self.rate_limit = RateLimit()
        self.calls: list[ReceivedCall] = []
        self._calls_lock = threading.Lock()
        self._api_handler = type("_Api", (_ApiHandler,), {"owner": self})
        self._api: Listener | None = Listener(port, self._api_handler, self._tls).start()
        self.url = self._api.url
        self._reserved: socket.socket | None = None
        self._control = Control(self._routes())
        self.control_url = self._control.url

    def _routes(self) -> Routes:
        return fault_routes(self.faults) | {
            ("GET", "/calls"): Operation(lambda since=0: self.calls[since:], query=("since",)),
            ("GET", "/customers"): Operation(self.rehook.customers),
            ("GET", "/rewards"): Operation(self.rehook.rewards),
            ("POST", "/online"): Operation(lambda on: self.set_online(online=on), body=bool),
            ("POST", "/rate-limit"): Operation(
                lambda limit: setattr(self.rate_limit, "per_second", limit),
                body=Annotated[float, Meta(ge=0)] | None,
            ),
            ("POST", "/behaviour"): Operation(
                lambda behaviour: setattr(self.rehook, "behaviour", behaviour), body=Behaviour
            ),
        }

    def receive(self, call: ReceivedCall) -> None:
        """Record a call, with its number in the order of arrival."""
        with self._calls_lock:
            call.number = len(self.calls) + 1
            self.calls.append(call)

    def set_online(self, *, online: bool) -> None:
        """Accept connections, or refuse them and reset the open ones."""
        port = int(self.url.rpartition(":")[2])
        if online and self._api is None:
            if self._reserved is not None:
                self._reserved.close()
                self._reserved = None
            self._api = Listener(port, self._api_handler, self._tls).start()
        elif not online and self._api is not None:
            self._api.stop()
            self._api = None
            self._reserved = reserve(port)

    def stop(self) -> None:
        """Stop both servers, and end the calls that wait in them."""
        self.faults.clear()
        self.set_online(online=False)
        if self._reserved is not None:
            self._reserved.close()
        self._control.stop()


class _ApiHandler(Handler):
    owner: RehookServer

    def serve(self) -> None:
        body = self.read_body()
        call = self._note(body)
        facts = {"method": call.method, "path": call.path}
        facts |= {"customer": call.source_id} if call.source_id is not None else {}
        facts |= {"event": call.event_name} if call.event_name is not None else {}
        if not self.owner.rate_limit.allows(time.monotonic()):
            call.status = HTTPStatus.TOO_MANY_REQUESTS
            limited = {"code": 429, "message": "Too many requests"}
            call.answer = json.dumps(limited)
            self._send(Answer(call.status, limited), {"retry-after": "1"})
            return
        fault = self.owner.faults.take(facts)
        if fault is None:
            self._send_true(call, body)
            return
        call.fault = fault.kind
        answer = self._act(call, body) if fault.acted else None
        if fault.seconds:
            time.sleep(fault.seconds)
        self._go_wrong(fault, call, body, answer)

    def _go_wrong(
        self, fault: Fault, call: ReceivedCall, body: bytes, answer: Answer | None
    ) -> None:
        match fault.kind:
            case Kind.ANSWER:
                call.status, call.answer = fault.status, fault.body
                self.answer(fault.status, fault.headers.items(), fault.body.encode())
            case Kind.RESET:
                self.reset()
            case Kind.SILENCE:
                self.owner.faults.silence()
                self.reset()
            case Kind.GARBAGE:
                self.wfile.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
                self.wfile.flush()
                self.close_connection = True
            case Kind.TRUNCATE:
                encoded = json.dumps((answer or self._act(call, body)).body).encode()
                self.wfile.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
                    + str(len(encoded)).encode()
                    + b"\r\n\r\n"
                    + encoded[: len(encoded) // 2]
                )
                self.wfile.flush()
                self.close_connection = True
            case Kind.DELAY:
                self._send_true(call, body, answer)
            case Kind.HOLD:
                self.owner.faults.hold()
                self._send_true(call, body, answer)

    def _send_true(self, call: ReceivedCall, body: bytes, answer: Answer | None = None) -> None:
        answer = answer or self._act(call, body)
        call.status, call.answer = answer.status, json.dumps(answer.body)
        self._send(answer, {})

    def _act(self, call: ReceivedCall, body: bytes) -> Answer:
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.owner.rehook.handle(call.method, call.path, headers, body)
        call.acted = answer.status == HTTPStatus.OK
        return answer

    def _send(self, answer: Answer, headers: dict[str, str]) -> None:
        headers = {"content-type": "application/json", **headers}
        self.answer(answer.status, headers.items(), json.dumps(answer.body).encode())

    def _note(self, body: bytes) -> ReceivedCall:
        try:
            fields = json.loads(body)
        except ValueError:
            fields = None
        fields = fields if isinstance(fields, dict) else {}
        call = ReceivedCall(
            number=0,
            at=time.time(),
            method=self.command,
            path=self.path,
            source_id=_text(fields.get("source_id")),
            event_name=_text(fields.get("event_name")),
            body=body.decode("utf-8", "replace"),
        )
        self.owner.receive(call)
        return call


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def main() -> None:
    """Print the addresses as one line of JSON, and serve until the process is ended.

    The command line's one argument is a Behaviour as JSON.
    """
    server = RehookServer(decode(sys.argv[1], type=Behaviour))
    addresses = {"url": server.url, "control": server.control_url}
    print(msgspec.json.encode(addresses).decode(), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
