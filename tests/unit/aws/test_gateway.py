"""Tests of the conversion of API Gateway's events to requests, and of answers to its format."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.aws.checked_handler import CheckedHandler
from segment_rehook.aws.gateway import (
    NotAnHttpEvent,
    WebhookRequest,
    http_answer,
    request_id,
    webhook_request,
)
from segment_rehook.segment.refusal import RefusedBody

NO_CHECK: Any = None  # none of these events asks for a version's report


def event(**changes: Any) -> dict[str, Any]:
    """Make an event as the API Gateway developer guide shows it, without optional members."""
    return {
        "version": "2.0",
        "routeKey": "POST /segment",
        "rawPath": "/segment",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "X-Signature": "a,b"},
        "requestContext": {
            "http": {"method": "POST", "path": "/segment", "sourceIp": "192.0.2.1"},
            "requestId": "id",
            "timeEpoch": 1583348638390,
        },
        "body": '{"text": "é\\ud83d😀"}',
        "isBase64Encoded": False,
        **changes,
    }


def test_a_text_body_is_its_utf_8_bytes() -> None:
    """A text body is given as its UTF-8 bytes, and header names are given in lower case."""
    assert webhook_request(event()) == WebhookRequest(
        method="POST",
        path="/segment",
        headers={"content-type": "application/json", "x-signature": "a,b"},
        body='{"text": "é\\ud83d😀"}'.encode(),
        received_at=1583348638.39,
    )


def test_the_body_is_taken_out_of_the_event() -> None:
    """The runtime client keeps the event until the answer, and must not keep the body with it."""
    given_event = event()
    webhook_request(given_event)
    assert "body" not in given_event


@given(st.binary())
def test_a_base64_body_is_its_bytes(body: bytes) -> None:
    """A base64 body is decoded to its bytes, whatever they are."""
    encoded = base64.b64encode(body).decode()
    assert webhook_request(event(body=encoded, isBase64Encoded=True)).body == body


@pytest.mark.parametrize("changes", [{"body": None}, {"body": ""}])
def test_no_body_is_an_empty_one(changes: dict[str, Any]) -> None:
    """A null or empty body, as of GET /health, is given as no bytes."""
    assert webhook_request(event(**changes)).body == b""


def test_a_body_and_headers_may_be_left_out() -> None:
    """An event without body, headers and `isBase64Encoded` is accepted."""
    bare = event()
    del bare["body"], bare["headers"], bare["isBase64Encoded"]

    assert webhook_request(bare).headers == {}


@pytest.mark.parametrize("body", ["{}", "YQ", "YQ==x", "é", "Y Q = ="])
def test_base64_that_is_none_is_refused(body: str) -> None:
    """A body that is not valid base64 is refused with status 400 and the code `bad_base64`."""
    with pytest.raises(RefusedBody) as caught:
        webhook_request(event(body=body, isBase64Encoded=True))

    assert (caught.value.status, caught.value.code) == (400, "bad_base64")


@pytest.mark.parametrize(
    "other",
    [{}, {"Records": []}, event(requestContext={}), event(requestContext=None), event(headers=[])],
    ids=["empty", "SQS", "another version", "null", "list"],
)
def test_another_kind_of_event_is_named_as_such(other: dict[str, Any]) -> None:
    """Any other event raises NotAnHttpEvent, whose text names the format that is expected."""
    with pytest.raises(NotAnHttpEvent, match=r"payload format version 2\.0"):
        webhook_request(other)


@pytest.mark.parametrize("other", [None, 1, "versionCheck", ["versionCheck"]])
def test_an_event_that_is_no_object_is_named_as_such(other: object) -> None:
    """A person may invoke the function with any JSON; the error says what it takes."""

    def handler(given: dict[str, Any], _context: Any) -> dict[str, Any]:
        assert request_id(given) is None
        return {"request": webhook_request(given)}

    with pytest.raises(NotAnHttpEvent, match=r"payload format version 2\.0"):
        CheckedHandler(handler, NO_CHECK)(other, None)


def test_a_lone_surrogate_does_not_break_the_door() -> None:
    """A lone surrogate in a text body is passed on as bytes; only JSON reading judges it."""
    assert webhook_request(event(body="\ud800")).body == b"\xed\xa0\x80"


def test_an_answer_is_as_api_gateway_takes_it() -> None:
    """An answer has the status, the headers, and the body as text."""
    answer = http_answer(200, {"content-type": "application/json"}, '{"é": 1}'.encode())

    assert answer == {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": '{"é": 1}',
    }
