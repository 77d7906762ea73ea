"""The state and the behaviour of the fake Rehook: customers, referral codes and rewards.

It behaves as the API's documentation says. ``POST /customers`` is an upsert. ``POST
/events/invoke`` gives one reward for each call. An unknown ``source_id`` becomes a new customer. A
referral code belongs to one customer. A missing field is answered with 401, and ``key`` in the body
names it. ``docs/sandbox.md`` lists the choices made here where Rehook documents nothing (the status
for a taken referral code, the body of check-auth). This module does no networking.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, cast
from urllib.parse import unquote

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from collections.abc import Mapping

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a call: a status and a JSON body."""

    status: int
    body: Object


class Refused(Exception):
    """Rehook refuses a call. ``key``: the field that is wrong, None if no field is."""

    def __init__(self, code: int, message: str, *, key: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.key = key


class Behaviour(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Settings that can be changed while the fake Rehook runs.

    ``field_error_status``: the status of an answer whose body has ``"code": 401`` and names a
    field; Rehook's documentation says 400, and its example has 401. ``conversion_events``: the
    events that need a ``referral_code``, which may be empty.
    """

    api_key: str
    api_secret: str
    field_error_status: Annotated[int, Meta(ge=400, le=499)] = 401
    conversion_events: list[str] = []


class ReceivedCall(msgspec.Struct, kw_only=True):
    """One call that reached Rehook.

    ``acted``: whether it was carried out. ``status``: None if it was not answered. ``answer``: the
    body of the answer.
    """

    number: int
    at: float
    method: str
    path: str
    source_id: str | None
    event_name: str | None
    body: str
    fault: str | None = None
    status: int | None = None
    acted: bool = False
    answer: str = ""


@dataclass(slots=True)
class Customer:
    """A customer as ``GET /customers/{source_id}`` shows it."""

    id: str
    source_id: str
    metadata: Object = field(default_factory=dict)
    referral_code: str | None = None

    def as_json(self) -> Object:
        """Return the customer in the documented format."""
        return {
            "id": self.id,
            "source_id": self.source_id,
            "metadata": self.metadata,
            "referral_code": self.referral_code,
        }


class Rehook:
    """The state of one Rehook application. Safe to call from many threads."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self._lock = threading.Lock()
        self._customers: dict[str, Customer] = {}
        self._codes: dict[str, str] = {}
        self._rewards: Counter[tuple[str, str]] = Counter()

    def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Carry out a call and return Rehook's answer."""
        request_id = str(uuid.uuid4())
        try:
            self._authenticate(headers.get("authorization", ""))
            result = self._route(method, path, body)
        except Refused as refused:
            status = refused.code
            if refused.key is not None and refused.code == HTTPStatus.UNAUTHORIZED:
                status = self.behaviour.field_error_status
            details: Object = {
                "code": refused.code,
                "message": refused.message,
                "details": refused.message,
                "request_id": request_id,
            }
            if refused.key is not None:
                details["key"] = refused.key
            return Answer(status, details)
        if result is None:
            result = {"message": "Request processed sucessfully", "requestId": request_id}
        return Answer(HTTPStatus.OK, result)

    def customers(self) -> list[Object]:
        """Return all customers, in the order of their first calls."""
        with self._lock:
            return [customer.as_json() for customer in self._customers.values()]

    def rewards(self) -> list[Object]:
        """Return how many rewards each customer got for each event."""
        with self._lock:
            return [
                {"source_id": source_id, "event_name": event_name, "count": count}
                for (source_id, event_name), count in self._rewards.items()
            ]

    def _authenticate(self, authorization: str) -> None:
        scheme, _, credentials = authorization.partition(" ")
        try:
            given = base64.b64decode(credentials, validate=True)
        except binascii.Error:
            given = b""
        expected = f"{self.behaviour.api_key}:{self.behaviour.api_secret}".encode()
        if scheme.lower() != "basic" or not hmac.compare_digest(given, expected):
            raise Refused(HTTPStatus.UNAUTHORIZED, "Unauthorized")

    def _route(self, method: str, path: str, body: bytes) -> Object | None:
        match method, path:
            case "POST", "/customers":
                self._upsert(_decode(body))
                return None
            case "POST", "/events/invoke":
                self._invoke(_decode(body))
                return None
            case "GET", "/events/segment/check-auth":
                return {"message": "Authenticated"}
            case "GET", _ if path.startswith("/customers/"):
                return self._customer(unquote(path.removeprefix("/customers/")))
        raise Refused(HTTPStatus.NOT_FOUND, "Not found")

    def _upsert(self, body: Object) -> None:
        source_id = _required_text(body, "source_id")
        metadata = _metadata(body)
        code = body.get("referral_code")
        if code is not None and not isinstance(code, str):
            message = "referral_code must be a string"
            raise Refused(HTTPStatus.BAD_REQUEST, message, key="referral_code")
        with self._lock:
            if code and self._codes.get(code, source_id) != source_id:
                message = "referral_code belongs to another customer"
                raise Refused(HTTPStatus.BAD_REQUEST, message, key="referral_code")
            customer = self._known(source_id)
            customer.metadata.update(metadata)
            if code:
                self._codes[code] = source_id
                customer.referral_code = code

    def _invoke(self, body: Object) -> None:
        event_name = _required_text(body, "event_name")
        source_id = _required_text(body, "source_id")
        metadata = _metadata(body)
        if event_name in self.behaviour.conversion_events and "referral_code" not in metadata:
            raise Refused(
                HTTPStatus.UNAUTHORIZED, "referral_code field is required", key="referral_code"
            )
        with self._lock:
            self._known(source_id)
            self._rewards[source_id, event_name] += 1

    def _customer(self, source_id: str) -> Object:
        with self._lock:
            customer = self._customers.get(source_id)
            if customer is None:
                raise Refused(HTTPStatus.NOT_FOUND, "Customer not found")
            return customer.as_json()

    def _known(self, source_id: str) -> Customer:
        customer = self._customers.get(source_id)
        if customer is None:
            customer = Customer(id=f"cust_{len(self._customers) + 1}", source_id=source_id)
            self._customers[source_id] = customer
        return customer


def _decode(body: bytes) -> Object:
    try:
        # msgspec refuses lone surrogates, which real servers accept.
        decoded = json.loads(body)
    except ValueError:
        raise Refused(HTTPStatus.BAD_REQUEST, "The body is not JSON") from None
    if not isinstance(decoded, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "The body is not an object")
    return cast("Object", decoded)


def _required_text(body: Object, name: str) -> str:
    value = body.get(name)
    if value is None or value == "":
        raise Refused(HTTPStatus.UNAUTHORIZED, f"{name} field is required", key=name)
    if not isinstance(value, str):
        raise Refused(HTTPStatus.BAD_REQUEST, f"{name} must be a string", key=name)
    return value


def _metadata(body: Object) -> Object:
    metadata = body.get("metadata")
    if metadata is None:
        return {}
    if not isinstance(metadata, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "metadata must be an object", key="metadata")
    return cast("Object", metadata)
