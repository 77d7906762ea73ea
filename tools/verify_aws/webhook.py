"""Checks the webhook of a deployed stack over the Internet. Nothing is delivered to Rehook."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING

import urllib3

from tools.sandbox.segment import Segment
from tools.verify_aws.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator


def webhook_checks(url: str, shared_secret: str | None) -> Iterator[Check]:
    """Check the health, an unsigned request, and a signed event that no subscription asks for.

    `shared_secret`: None where the stack has none; then no event is sent.
    """
    try:
        health = urllib3.request("GET", url.removesuffix("/segment") + "/health", timeout=15.0)
    except urllib3.exceptions.HTTPError as error:
        yield Check("the webhook can be reached", holds=False, seen=type(error).__name__)
        return
    yield Check("GET /health answers 200", holds=health.status == HTTPStatus.OK)
    segment = Segment(url, shared_secret or "", timeout=15.0)
    try:
        unsigned = segment.send_raw(b"{}", {})
        yield Check(
            "a request without a signature is refused with 401",
            holds=unsigned.status == HTTPStatus.UNAUTHORIZED,
            seen=f"{unsigned.status} {unsigned.text[:200]}",
        )
        if shared_secret is not None:
            event = {"type": "verification", "messageId": f"verify-{uuid.uuid4()}"}
            reply = segment.send(event)
            yield Check(
                "a signed event is accepted: the function can read the stack's secrets",
                holds=reply.status == HTTPStatus.OK and reply.body.get("ignored") == 1,
                seen=f"{reply.status} {reply.text[:200]}",
            )
    finally:
        segment.close()
