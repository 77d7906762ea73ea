"""How API Gateway's HTTP API translates requests and functions' answers (payload format 2.0).

These are pure functions: the sandbox's HTTP API and the sample events under ``events/`` use them.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from tools.sandbox.intrinsics import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_BODY_BYTES: Final = 10 * 1024 * 1024
"""API Gateway's limit on the body of a request."""

MAX_PAYLOAD_BYTES: Final = 6 * 1024 * 1024
"""Lambda's limit on an event, which contains the request's body and headers."""

_API_ID: Final = "sandbox"
_PLAIN: Final = ("application/json", "application/javascript", "application/xml", "text/")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was received; headers in their order, repeated ones included."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    client: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Response:
    """The answer that is sent to the client."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


def refusal(status: HTTPStatus, message: str) -> Response:
    """Return an answer that API Gateway gives itself."""
    return _json_response(status, json.dumps({"message": message}).encode())


def event_of(request: Request, route_key: str, request_id: str, now: datetime) -> dict[str, Any]:
    """Return the event that a function gets for a request.

    Header names are in lower case, repeated headers are joined by commas, and cookies are a list.
    The body is text if its content type is a type of text and it is valid UTF-8, else base64.
    """
    address = urlsplit(request.target)
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in request.headers:
        key = name.lower()
        if key == "cookie":
            cookies += [cookie.strip() for cookie in value.split(";")]
        else:
            headers[key] = f"{headers[key]},{value}" if key in headers else value
    query: dict[str, str] = {}
    for name, value in parse_qsl(address.query, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    host = headers.get("host", "")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": address.path,
        "rawQueryString": address.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": _API_ID,
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "http": {
                "method": request.method,
                "path": address.path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.client,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": route_key,
            "stage": "$default",
            "time": now.astimezone(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = query
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request.body, headers)
    return event


def _body(body: bytes, headers: dict[str, str]) -> tuple[str, bool]:
    plain = headers.get("content-type", "").lower().startswith(_PLAIN)
    if plain and "content-encoding" not in headers:
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def response_of(payload: bytes) -> Response:
    """Return the response for a function's answer: 500 if the answer has another format."""
    try:
        answer = json.loads(payload)
        if not isinstance(answer, dict) or "statusCode" not in answer:
            return _json_response(HTTPStatus.OK, payload)
        body = answer.get("body") or ""
        raw = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        headers = [(str(k).lower(), str(v)) for k, v in (answer.get("headers") or {}).items()]
        headers += [("set-cookie", cookie) for cookie in answer.get("cookies") or []]
        if not any(name == "content-type" for name, _ in headers):
            headers.append(("content-type", "text/plain;charset=UTF-8"))
        return Response(int(answer["statusCode"]), headers, raw)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error")


def _json_response(status: int, body: bytes) -> Response:
    return Response(status, [("content-type", "application/json")], body)
