"""Sample events, what the tests' destination makes of them, and how Segment would sign them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from segment_rehook.delivery import ids
from segment_rehook.delivery.ingest.answer import HttpAnswer
from segment_rehook.rehook.destination import load
from segment_rehook.segment.jsontext import encode

DESTINATION = load(
    encode(
        {
            "subscriptions": [
                {
                    "id": "identify",
                    "actionSlug": "identifyUser",
                    "trigger": 'type = "identify"',
                    "settings": {
                        "source_id": {"@path": "$.userId"},
                        "metadata": {"@path": "$.traits"},
                    },
                },
                {
                    "id": "track",
                    "actionSlug": "trackEvent",
                    "trigger": 'type = "track" and event != "Order Completed"',
                    "settings": {
                        "source_id": {"@path": "$.userId"},
                        "event_name": {"@path": "$.event"},
                        "metadata": {"@path": "$.properties"},
                    },
                },
                {
                    "id": "order",
                    "actionSlug": "trackEvent",
                    "trigger": 'event = "Order Completed"',
                    "idempotencyKey": {"@path": "$.properties.order"},
                    "settings": {
                        "source_id": {"@path": "$.userId"},
                        "event_name": "order",
                        "metadata": {"@path": "$.properties"},
                    },
                },
            ]
        }
    )
)


BROKEN = load(
    encode(
        {
            "subscriptions": [
                {
                    "id": "track",
                    "actionSlug": "trackEvent",
                    "trigger": 'type = "track"',
                    "settings": {
                        "source_id": {"@path": "$.userId"},
                        "event_name": {"@template": {"@path": "$.nowhere"}},
                    },
                }
            ]
        }
    )
)
"""Its mapping throws on every event."""


TWICE = load(
    encode(
        {
            "subscriptions": [
                {
                    "id": name,
                    "actionSlug": "trackEvent",
                    "trigger": 'type = "track"',
                    "settings": {"event_name": name, "source_id": {"@path": "$.userId"}},
                }
                for name in ("one", "two")
            ]
        }
    )
)
"""Two subscriptions take each track event."""


def track(
    message: str | None = "m1", user: str = "u1", *, event: str = "Signed Up", **properties: Any
) -> dict[str, Any]:
    """A track event."""
    made: dict[str, Any] = {"type": "track", "event": event, "userId": user}
    if message is not None:
        made["messageId"] = message
    return {**made, "properties": {"of": message, **properties}}


def identify(message: str = "i1", user: str = "u1", **traits: Any) -> dict[str, Any]:
    """An identify event."""
    return {
        "type": "identify",
        "userId": user,
        "messageId": message,
        "traits": {"of": message, **traits},
    }


def order(message: str, number: str, user: str = "u1") -> dict[str, Any]:
    """An event whose business key, the order's number, counts instead of its messageId."""
    return track(message, user, event="Order Completed", order=number)


def delivery_of(event: Mapping[str, Any]) -> str:
    """The id of the delivery that DESTINATION makes of an event."""
    if event["type"] == "identify":
        return ids.delivery_id(event["messageId"], "identify")
    if event["event"] == "Order Completed":
        return ids.delivery_id(ids.business_key(event["properties"]["order"]), "order")
    return ids.delivery_id(event["messageId"], "track")


def body_of(events: Sequence[Mapping[str, Any]], *, batch: bool) -> bytes:
    """The request's body."""
    return encode([dict(event) for event in events]) if batch else encode(dict(events[0]))


def signature(signed: bytes, secret: str = "shared-1") -> str:
    """Segment's signature of a text."""
    return hmac.new(secret.encode(), signed, hashlib.sha1).hexdigest()


def signed(*events: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
    """Headers and body of a request, as Segment signs it: by its first event."""
    body = body_of(events, batch=len(events) != 1)
    return {"x-signature": signature(encode(dict(events[0])) if events else body)}, body


def outcomes(answer: HttpAnswer) -> list[Any]:
    """Each event's outcome, as the answer lists them."""
    events = answer.body["events"]
    assert isinstance(events, list)
    return [event["outcome"] for event in events if isinstance(event, dict)]


def reasons(answer: HttpAnswer) -> list[Any]:
    """Each delivery's reason, as the answer lists them."""
    events = answer.body["events"]
    assert isinstance(events, list)
    return [
        delivery.get("reason")
        for event in events
        if isinstance(event, dict) and isinstance(event["deliveries"], list)
        for delivery in event["deliveries"]
        if isinstance(delivery, dict)
    ]
