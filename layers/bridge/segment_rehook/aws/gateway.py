"""API Gateway's side of a request and its answer (HTTP API, payload format 2.0).

Source: "Create AWS Lambda proxy integrations for HTTP APIs", API Gateway developer guide. Header
names are in lower case. A header that is sent several times is one, its values joined by commas.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segment_rehook.segment.refusal import RefusedBody

if TYPE_CHECKING:
    from collections.abc import Mapping


class NotAnHttpEvent(ValueError):
    """The function was invoked with an event that is not an HTTP API's."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """An HTTP request. Header names are in lower case; `received_at` is in epoch seconds."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    received_at: float


def webhook_request(event: dict[str, Any]) -> WebhookRequest:
    """Read an event, and take its body out of it.

    Lambda's runtime client keeps the event until the answer, and a body of 6 MB with one emoji
    would take 24 MB there. Raises NotAnHttpEvent, and RefusedBody (400) if the base64 is invalid.
    """
    try:
        context = event["requestContext"]
        request = WebhookRequest(
            method=context["http"]["method"],
            path=event["rawPath"],
            headers={name.lower(): value for name, value in event.get("headers", {}).items()},
            body=_body(event.pop("body", None) or "", encoded=bool(event.get("isBase64Encoded"))),
            received_at=context["timeEpoch"] / 1000,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise NotAnHttpEvent(
            "The function takes events of an API Gateway HTTP API, payload format version 2.0 "
            f"(samples: events/ in the project); this one has no readable {error}."
        ) from error
    return request


def request_id(event: object) -> str | None:
    """Give API Gateway's id of the request; None if the event has none. Raises nothing."""
    context = event.get("requestContext") if isinstance(event, dict) else None
    found = context.get("requestId") if isinstance(context, dict) else None
    return found if isinstance(found, str) else None


def http_answer(status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Write an answer in API Gateway's form. `body` must be UTF-8 text."""
    return {"statusCode": status, "headers": dict(headers), "body": body.decode()}


def _body(text: str, *, encoded: bool) -> bytes:
    if not encoded:
        # API Gateway sends no lone surrogate, but a hand-made event may contain one.
        return text.encode(errors="surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedBody(
            "bad_base64",
            "The request's body is marked as base64, but it is not valid base64.",
            "API Gateway encodes bodies itself; a hand-made event must do so too, or say false "
            "in isBase64Encoded.",
        ) from error
