"""How a stand-in server is told what to do, and asked what it did: a small JSON API.

Every control API has the faults' part:

    POST   /faults             order a fault (tools.sandbox.faults.Fault); answers its number
    DELETE /faults[?number=N]  lift one fault, or all
    GET    /held               how many calls wait to be released
    POST   /release[?count=N]  let held calls go on
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import urllib3
from msgspec.json import decode

from tools.sandbox.faults import Fault, FaultPlan
from tools.sandbox.listener import Handler, Listener

Routes = dict[tuple[str, str], Callable[[Mapping[str, int], bytes], Any]]
"""What answers a method and a path, given the query's numbers and the body."""


def fault_routes(plan: FaultPlan) -> Routes:
    """The part of a control API that every stand-in has."""
    return {
        ("POST", "/faults"): lambda _, body: plan.order(decode(body, type=Fault)),
        ("DELETE", "/faults"): lambda query, _: plan.clear(query.get("number")),
        ("GET", "/held"): lambda *_: plan.held,
        ("POST", "/release"): lambda query, _: plan.release(query.get("count")),
    }


class Control:
    """A control API that is being served."""

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
        address = urlsplit(self.path)
        route = self.routes.get((self.command, address.path))
        if route is None:
            known = sorted(f"{method} {path}" for method, path in self.routes)
            self._send(HTTPStatus.NOT_FOUND, {"error": "no such control", "known": known})
            return
        try:
            query = {name: int(values[-1]) for name, values in parse_qs(address.query).items()}
            self._send(HTTPStatus.OK, route(query, body))
        except (ValueError, msgspec.MsgspecError) as error:
            self._send(HTTPStatus.BAD_REQUEST, {"error": str(error)})

    def _send(self, status: int, result: object) -> None:
        headers = [("content-type", "application/json")]
        # Not msgspec's encoder: what Rehook was sent may hold lone surrogates.
        self.answer(status, headers, json.dumps(msgspec.to_builtins(result)).encode())


class ControlRefused(Exception):
    """A control API did not take an order; the message is its own."""


class ControlClient:
    """The other end of a control API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = urllib3.PoolManager(retries=False, timeout=30.0)

    def call(self, method: str, path: str, value: object = msgspec.UNSET, **query: int) -> Any:
        """Ask for one thing; what is answered, decoded. Raises ControlRefused."""
        body = None if value is msgspec.UNSET else msgspec.json.encode(value)
        fields = "&".join(f"{name}={number}" for name, number in query.items())
        address = f"{self.url}{path}?{fields}"
        response = self._http.request(method, address, body=body)
        if response.status != HTTPStatus.OK:
            raise ControlRefused(response.data.decode())
        return json.loads(response.data)

    def fault(self, fault: Fault) -> int:
        """Order a fault; its number lifts it."""
        return int(self.call("POST", "/faults", fault))

    def clear(self, number: int | None = None) -> None:
        """Lift one fault, or all of them and what they hold."""
        self.call("DELETE", "/faults", **({} if number is None else {"number": number}))

    def held(self) -> int:
        """How many calls wait to be released."""
        return int(self.call("GET", "/held"))

    def release(self, count: int | None = None) -> None:
        """Let held calls go on: so many, or all."""
        self.call("POST", "/release", **({} if count is None else {"count": count}))

    def close(self) -> None:
        """Close the connections."""
        self._http.clear()
