"""Tests of the HTTP API's payload format 2.0, for requests and answers."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from tools.sandbox.gateway import Request, event_of, response_of

NOW = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def event(body: bytes, *headers: tuple[str, str], target: str = "/segment") -> dict[str, object]:
    """Return the event of a POST with these headers, body and query."""
    request = Request("POST", target, headers, body)
    return event_of(request, "POST /segment", "request-1", NOW)


def test_headers_are_lower_case_and_repeated_ones_joined() -> None:
    """A function sees one value for each lower-case name; commas join repeated headers."""
    seen = event(b"", ("X-Signature", "a"), ("x-signature", "b"), ("Cookie", "c=1; d=2"))
    assert seen["headers"] == {"x-signature": "a,b"}
    assert seen["cookies"] == ["c=1", "d=2"]


def test_times_and_route_are_told() -> None:
    """The event contains the request's time in both formats, and the route's key."""
    context = event(b"", target="/segment?a=1&a=2&b=")["requestContext"]
    assert isinstance(context, dict)
    assert context["timeEpoch"] == 1767323045678
    assert context["time"] == "02/Jan/2026:03:04:05 +0000"
    assert context["routeKey"] == "POST /segment"


def test_query_parameters_are_joined() -> None:
    """Commas join repeated query parameters, and empty parameters stay."""
    seen = event(b"", target="/segment?a=1&a=2&b=")
    assert seen["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert seen["rawPath"] == "/segment"


@pytest.mark.parametrize(
    ("body", "content_type", "plain"),
    [
        (b'{"a": "\xc3\xa9"}', "application/json", True),
        (b"text", "text/plain; charset=utf-8", True),
        (b'{"a": 1}', "application/x-www-form-urlencoded", False),
        (b'{"a": 1}', "", False),
        (b'{"a": "\xff"}', "application/json", False),
    ],
)
def test_bodies_are_text_or_base64(body: bytes, content_type: str, plain: bool) -> None:
    """A body of a text type in valid UTF-8 is text, and every other body is base64."""
    seen = event(body, ("content-type", content_type))
    assert seen["isBase64Encoded"] is not plain
    assert seen["body"] == (body.decode() if plain else base64.b64encode(body).decode())


def test_a_compressed_body_comes_in_base64() -> None:
    """A body with a content encoding is base64, even if its type is JSON."""
    seen = event(b"{}", ("content-type", "application/json"), ("content-encoding", "gzip"))
    assert seen["isBase64Encoded"] is True


def test_a_structured_answer_is_taken_apart() -> None:
    """The client gets status, headers, cookies and decoded body of a function's answer."""
    answer = {
        "statusCode": 503,
        "headers": {"Retry-After": "5"},
        "cookies": ["a=1"],
        "body": base64.b64encode(b"\xff").decode(),
        "isBase64Encoded": True,
    }
    response = response_of(json.dumps(answer).encode())
    assert (response.status, response.body) == (503, b"\xff")
    assert ("retry-after", "5") in response.headers
    assert ("set-cookie", "a=1") in response.headers


def test_any_other_json_is_a_200() -> None:
    """An answer without a statusCode becomes the body of a 200."""
    response = response_of(b'{"a": 1}')
    assert (response.status, response.body) == (200, b'{"a": 1}')


@pytest.mark.parametrize(
    "payload", [b"no json", b'{"statusCode": "x"}', b'{"statusCode": 200, "body": 5}']
)
def test_a_malformed_answer_is_a_500(payload: bytes) -> None:
    """An answer that API Gateway cannot read becomes a 500."""
    assert response_of(payload).status == 500
