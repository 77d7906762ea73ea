"""The console's pages and orders, by their addresses."""

from __future__ import annotations

import json
import mimetypes
import secrets
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from urllib3.exceptions import HTTPError
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from segment_rehook_cli.stack.aws_errors import StackUnusable
from segment_rehook_cli.stack.botocore_errors import aws_error_classes
from tools.console.guard import NotAllowed
from tools.console.orders import Orders
from tools.console.pages import Pages
from tools.console.rows import RowFilter
from tools.console.sending import Mistake
from tools.console.stream import stream
from tools.console.switches import Switches
from tools.sandbox.control import ControlRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIEnvironment

    from tools.console.guard import Guard
    from tools.console.subject import ConsoleSubject

__all__ = ["ConsoleApp"]

MAX_ORDER_BYTES: Final = 12 * 1024 * 1024
"""More than the largest body that the webhook takes, as a JSON text in JSON."""

_STATIC: Final = Path(__file__).parent / "static"
_OPEN: Final = frozenset({"static", "session"})
"""What needs no cookie. Nothing of the sandbox is in it."""

_UNANSWERED: Final = aws_error_classes(StackUnusable, ControlRefused, HTTPError)
"""A script may have ordered faults for every caller, or the sandbox is about to end."""


class _Session(msgspec.Struct, forbid_unknown_fields=True):
    token: str


class ConsoleApp:
    """A WSGI application over one sandbox."""

    def __init__(self, subject: ConsoleSubject, guard: Guard) -> None:
        self._subject = subject
        self._guard = guard
        self._files = {each.name: each.read_bytes() for each in _STATIC.iterdir()}
        self._switches = Switches(subject)
        self._pages = Pages(subject, self._switches)
        self._orders = Orders(subject, self._switches, self._pages)
        self._map = Map(
            [
                Rule("/", endpoint="events", methods=["GET"]),
                Rule("/events/<int:number>", endpoint="event", methods=["GET"]),
                Rule("/requests/<id>", endpoint="request", methods=["GET"]),
                *(
                    Rule(f"/{name}", endpoint=name, methods=["GET"])
                    for name in ("send", "break", "queues", "mapping", "tour")
                ),
                Rule("/mapping/file", endpoint="destination", methods=["GET"]),
                Rule("/stream", endpoint="stream", methods=["GET"]),
                Rule("/static/<name>", endpoint="static", methods=["GET"]),
                Rule("/session", endpoint="session", methods=["POST"]),
                Rule("/orders/<name>", endpoint="order", methods=["POST"]),
            ]
        )

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        request.max_content_length = MAX_ORDER_BYTES
        response = self._answer(request)
        self._guard.add_headers(response)
        return response(environ, start)

    def close(self) -> None:
        """Close the connections."""
        self._orders.close()

    def _answer(self, request: Request) -> Response:
        try:
            self._guard.check_source(request)
            endpoint, values = self._map.bind_to_environ(request.environ).match()
            if endpoint not in _OPEN and not self._guard.is_signed_in(request):
                return self._not_signed_in(request)
            return self._respond(request, endpoint, values)
        except NotAllowed as refused:
            return _plain(str(refused), refused.status)
        except _UNANSWERED as error:
            text = f"The sandbox's stand-ins give no answer: {type(error).__name__}: {error}"
            return _plain(text, HTTPStatus.SERVICE_UNAVAILABLE)
        except HTTPException as error:
            return _plain(error.description or error.name, error.code or HTTPStatus.BAD_REQUEST)

    def _not_signed_in(self, request: Request) -> Response:
        if request.path == "/":
            page = self._pages.sign_in()
            return Response(page, HTTPStatus.UNAUTHORIZED, mimetype="text/html")
        return _plain("Open the address that the sandbox printed.", HTTPStatus.UNAUTHORIZED)

    def _respond(self, request: Request, endpoint: str, values: Mapping[str, Any]) -> Response:
        match endpoint:
            case "static":
                return self._file(values["name"])
            case "session":
                return self._sign_in(request)
            case "stream":
                return self._stream(request)
            case "order":
                return self._order(request, values["name"])
            case "request":
                return self._body(values["id"])
            case "destination":
                return _download("destination.json", self._subject.deployed().content)
            case "tour" if not request.args.get("user"):
                # A tour has a user of its own, and its address holds it.
                return redirect(f"/tour?user=tour-{secrets.token_hex(3)}", HTTPStatus.SEE_OTHER)
            case _:
                page = self._pages.page(endpoint, request.args, **values)
                return Response(page, mimetype="text/html")

    def _file(self, name: str) -> Response:
        if name not in self._files:
            raise NotFound
        kind, _ = mimetypes.guess_type(name)
        return Response(self._files[name], mimetype=kind)

    def _sign_in(self, request: Request) -> Response:
        response = Response(status=HTTPStatus.NO_CONTENT)
        try:
            given = msgspec.json.decode(request.get_data(), type=_Session)
        except msgspec.MsgspecError:
            raise NotAllowed(HTTPStatus.BAD_REQUEST, "It is no order to sign in.") from None
        self._guard.sign_in(given.token, response)
        return response

    def _stream(self, request: Request) -> Response:
        since = request.args.get("since", type=int)
        events = stream(
            self._subject.recording,
            RowFilter.read(request.args),
            since=self._subject.recording.sequence if since is None else since,
            shown_rows=self._pages.rows,
            shown_switches=self._pages.strip,
        )
        return Response(events, mimetype="text/event-stream", direct_passthrough=True)

    def _order(self, request: Request, name: str) -> Response:
        try:
            return _json(self._orders.carry_out(name, request.get_data()))
        except Mistake as mistake:
            found = {"mistake": str(mistake), "line": mistake.line, "column": mistake.column}
            return _json(found, HTTPStatus.BAD_REQUEST)

    def _body(self, id_: str) -> Response:
        exchange = self._subject.recording.find_exchange(id_)
        if exchange is None:
            raise NotFound("The request is kept no longer.")
        return _download(f"{id_}.txt", exchange.request.body)


def _plain(text: str, status: int) -> Response:
    return Response(text + "\n", status, mimetype="text/plain")


def _json(value: dict[str, Any], status: int = HTTPStatus.OK) -> Response:
    # In ASCII: what events hold need not be text that can be encoded.
    return Response(json.dumps(value), status, mimetype="application/json")


def _download(name: str, content: bytes) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, mimetype="text/plain")
