"""A small JSON API that controls a stand-in server and reads what it did.

Every control API has these operations for faults:

    POST   /faults             order a fault (tools.sandbox.faults.Fault); answers its number
    DELETE /faults[?number=N]  cancel one fault, or all of them
    GET    /held               how many calls wait to be released
    POST   /release[?count=N]  let held calls continue

A request that a page in a browser sends is refused with 403 (``tools.sandbox.programs_only``).
An unknown member of a body and an unknown name in a query are refused by name, so that no part of
an order is left out silently.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import urllib3

from tools.sandbox.faults import Fault, FaultPlan
from tools.sandbox.listener import Handler, Listener
from tools.sandbox.programs_only import REFUSED


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method and path do.

    ``run`` is called with the body, decoded as the type ``body`` (None: there must be no body), and
    with the numbers of the query by their names; ``query`` lists the possible names. It raises
    ValueError for a mistake of the client.
    """

    run: Callable[..., Any]
    body: Any = None
    query: tuple[str, ...] = ()


Routes = Mapping[tuple[str, str], Operation]
"""The operations by method and path."""


class Misused(ValueError):
    """An operation was called in a way that it does not know; ``known`` lists what it knows."""

    def __init__(self, message: str, known: list[str]) -> None:
        super().__init__(message)
        self.known = known


def fault_routes(plan: FaultPlan) -> dict[tuple[str, str], Operation]:
    """The operations for faults, which every stand-in has."""
    return {
        ("POST", "/faults"): Operation(plan.order, body=Fault),
        ("DELETE", "/faults"): Operation(plan.clear, query=("number",)),
        ("GET", "/held"): Operation(lambda: plan.held),
        ("POST", "/release"): Operation(plan.release, query=("count",)),
    }


class Control:
    """A running server of a control API."""

    def __init__(self, routes: Routes) -> None:
        handler = type("_Routed", (_ControlHandler,), {"routes": routes})
        self._listener = Listener(0, handler).start()
        self.url = self._listener.url

    def stop(self) -> None:
        """Stop serving."""
        self._listener.stop()


class _ControlHandler(Handler):
    routes: Routes

    def serve(self) -> None:
        body = self.read_body()
        if self.is_from_a_page:
            self._send(HTTPStatus.FORBIDDEN, {"error": REFUSED})
            return
        address = urlsplit(self.path)
        operation = self.routes.get((self.command, address.path))
        if operation is None:
            known = sorted(f"{method} {path}" for method, path in self.routes)
            self._send(HTTPStatus.NOT_FOUND, {"error": "no such control", "known": known})
            return
        try:
            self._send(HTTPStatus.OK, _run(operation, address.query, body))
        except Misused as error:
            refusal = {"error": str(error), "known": error.known}
            self._send(HTTPStatus.BAD_REQUEST, refusal)
        except ValueError as error:
            self._send(HTTPStatus.BAD_REQUEST, {"error": str(error)})

    def _send(self, status: int, result: object) -> None:
        headers = [("content-type", "application/json")]
        # msgspec's encoder refuses lone surrogates, and what Rehook received may contain some.
        self.answer(status, headers, json.dumps(msgspec.to_builtins(result)).encode())


def _run(operation: Operation, query: str, body: bytes) -> Any:
    numbers = _numbers(operation, query)
    if operation.body is not None:
        return operation.run(_decoded(operation.body, body), **numbers)
    if body:
        raise Misused("no body is wanted", [f"?{name}=N" for name in operation.query])
    return operation.run(**numbers)


def _numbers(operation: Operation, query: str) -> dict[str, int]:
    numbers = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in operation.query:
            raise Misused(f"{name} is not known in the query", list(operation.query))
        if not (text.isascii() and text.isdecimal()):
            raise Misused(f"{name} is a number, 0 or more", list(operation.query))
        numbers[name] = int(text)
    return numbers


def _decoded(wanted: Any, body: bytes) -> Any:
    try:
        return msgspec.json.decode(body, type=wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Misused(f"the body: {error}", _members(wanted)) from None


def _members(wanted: Any) -> list[str]:
    """The members that a body may have, with their values where they are an enumeration."""
    if not (isinstance(wanted, type) and issubclass(wanted, msgspec.Struct)):
        return []
    return [
        f"{field.encode_name}: {', '.join(str(each.value) for each in field.type)}"
        if isinstance(field.type, type) and issubclass(field.type, Enum)
        else field.encode_name
        for field in msgspec.structs.fields(wanted)
    ]


class ControlRefused(Exception):
    """A control API has refused an order; the message is the one that it answered."""


class ControlClient:
    """A client of a control API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = urllib3.PoolManager(retries=False, timeout=30.0)

    def call(self, method: str, path: str, value: object = msgspec.UNSET, **query: int) -> Any:
        """Call one operation and return its decoded answer. Raises ControlRefused."""
        body = None if value is msgspec.UNSET else msgspec.json.encode(value)
        fields = "&".join(f"{name}={number}" for name, number in query.items())
        address = f"{self.url}{path}?{fields}"
        response = self._http.request(method, address, body=body)
        try:
            answer = json.loads(response.data)
        except ValueError:
            raise ControlRefused(f"{self.url} is no control address") from None
        if response.status != HTTPStatus.OK:
            known = "; known: " + ", ".join(answer["known"]) if answer.get("known") else ""
            raise ControlRefused(answer["error"] + known)
        return answer

    def fault(self, fault: Fault) -> int:
        """Order a fault and return its number, which cancels it."""
        return int(self.call("POST", "/faults", fault))

    def clear(self, number: int | None = None) -> None:
        """Cancel one fault, or all of them; then calls that they hold continue."""
        self.call("DELETE", "/faults", **({} if number is None else {"number": number}))

    def held(self) -> int:
        """Return how many calls wait to be released."""
        return int(self.call("GET", "/held"))

    def release(self, count: int | None = None) -> None:
        """Let so many held calls continue, or all of them."""
        self.call("POST", "/release", **({} if count is None else {"count": count}))

    def close(self) -> None:
        """Close the connections."""
        self._http.clear()
