"""The events that are measured with: the same ones each time, made from a seed.

Two thirds are track calls, one third identify calls, each of a user of its own, with the full
`context` that Segment's analytics.js sends. They are `size` bytes long on average.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from typing import Any, Final

SECRET: Final = "shared-1"  # noqa: S105 — made up, as in the fakes
SIZE: Final = 1_600
"""Bytes of an event on average."""

CITIES = ("Pune", "Mumbai", "Köln", "São Paulo", "New York", "Nairobi")
AGENT = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/129.0.0.0 Safari/537.36"
)


def events(
    count: int, *, size: int = SIZE, unread: int = 0, users: int | None = None
) -> list[dict[str, Any]]:
    """Make events. `unread`: bytes more of `context`, which neither subscription reads.

    `users`: how many there are; None: as many as events.
    """
    numbers = random.Random(10)
    made = [_event(n, numbers, size, unread) for n in range(count)]
    return [each | {"userId": f"user-{n % (users or count)}"} for n, each in enumerate(made)]


def text(event: object) -> bytes:
    """The JSON text as a browser's library writes it: no blanks, and no escapes beyond ASCII."""
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def signed(body: bytes) -> dict[str, str]:
    """Headers of a request with this body."""
    signature = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    return {"content-type": "application/json", "x-signature": signature}


def gateway_event(body: bytes, now: float) -> dict[str, Any]:
    """The request as API Gateway's HTTP API hands it to a function, payload format 2.0."""
    return {
        "version": "2.0",
        "routeKey": "POST /segment",
        "rawPath": "/segment",
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "content-length": str(len(body)),
            "host": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "user-agent": "Segment.io/1.0",
            "x-amzn-trace-id": "Root=1-66b5c2a4-5d1f3a0e1b2c3d4e5f6a7b8c",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            **signed(body),
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "http": {
                "method": "POST",
                "path": "/segment",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "Segment.io/1.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "POST /segment",
            "stage": "$default",
            "timeEpoch": int(now * 1000),
        },
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def _event(number: int, numbers: random.Random, size: int, unread: int) -> dict[str, Any]:
    event = _call(number, numbers) | _envelope(number, numbers)
    short = size + numbers.randrange(-200, 201) - len(text(event))
    campaign = event["context"]["campaign"]
    campaign["content"] += _letters(numbers, max(short, 0))
    if unread:
        campaign["term"] = _letters(numbers, unread)
    return event


def _call(number: int, numbers: random.Random) -> dict[str, Any]:
    if number % 3 == 2:  # noqa: PLR2004 — the third of each three
        return {
            "type": "identify",
            "traits": {
                "email": f"user{number}@example.com",
                "first_name": "Asha",
                "city": numbers.choice(CITIES),
                "age": numbers.randrange(18, 90),
                "plan": "pro",
                "referral_code": f"REF{number:05}",
                "address": {"street": "Karve Road 7", "postalCode": "411004", "country": "IN"},
            },
        }
    products: list[dict[str, Any]] = [
        {
            "sku": f"G-{numbers.randrange(100)}",
            "quantity": numbers.randrange(1, 4),
            "price": numbers.randrange(100, 90_000) / 100,
        }
        for _ in range(numbers.randrange(1, 4))
    ]
    return {
        "type": "track",
        "event": "Order Completed",
        "properties": {
            "order_id": f"{numbers.getrandbits(48):012x}",
            "total": round(sum(each["price"] for each in products), 2),
            "currency": "INR",
            "coupon": None,
            "first_order": numbers.random() < 0.2,  # noqa: PLR2004 — one in five
            "products": products,
        },
    }


def _envelope(number: int, numbers: random.Random) -> dict[str, Any]:
    times = {
        name: f"2026-01-15T10:02:00.{numbers.randrange(1_000):03}Z"
        for name in ("timestamp", "sentAt", "receivedAt", "originalTimestamp")
    }
    return {
        "messageId": f"ajs-next-{numbers.getrandbits(64):016x}-{number}",
        "anonymousId": f"{numbers.getrandbits(128):032x}",
        "channel": "client",
        "context": {
            "ip": "203.0.113.7",
            "locale": "en-IN",
            "timezone": "Asia/Kolkata",
            "userAgent": AGENT,
            "library": {"name": "analytics.js", "version": "npm:next-1.81.0"},
            "page": {
                "path": "/checkout/thanks",
                "referrer": "https://shop.example/checkout",
                "search": "?step=3",
                "title": "Thank you",
                "url": "https://shop.example/checkout/thanks?step=3",
            },
            "screen": {"width": 1512, "height": 982, "density": 2},
            "campaign": {"name": "spring", "source": "mail", "medium": "email", "content": ""},
            "consent": {"categoryPreferences": {"Advertising": True, "Analytics": True}},
        },
        "integrations": {"All": True},
        "version": 2,
        **times,
    }


def _letters(numbers: random.Random, count: int) -> str:
    return "".join(numbers.choices("abcdefghijklmnopqrstuvwxyz ", k=count))
