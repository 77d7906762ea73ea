"""The sample events as Lambda gets them, for ``sam local invoke`` and for readers.

The payloads under ``events/`` are written by hand, as Segment sends them. Each one results in the
API Gateway event of its signed request and, if it is delivered, in the SQS event of its dead
letter. The same payloads always result in the same bytes.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from segment_rehook.delivery import ids
from segment_rehook.delivery.delivery import Delivery
from segment_rehook.delivery.queues.origin import Origin
from segment_rehook.rehook.destination import load
from segment_rehook.rehook.plan import Call
from segment_rehook.segment.event import Event
from tools.sandbox import batch, gateway
from tools.sandbox.intrinsics import ACCOUNT, REGION
from tools.sandbox.segment import encode, sign

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

EVENTS: Final = Path(__file__).parents[2] / "events"
WRAPPED: Final = EVENTS / "lambda"

SHARED_SECRET: Final = "sample-shared-secret"  # noqa: S105 — public, it protects nothing
"""The secret of the samples' signatures; a stack accepts them if its secrets contain it."""

_RECEIVED_AT: Final = datetime(2026, 1, 15, 10, 15, tzinfo=UTC)
_QUEUE: Final = "segment-rehook-dead-letters"


def payloads() -> dict[str, Any]:
    """Return the samples by name, in alphabetical order: each an event or a list of events."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(EVENTS.glob("*.json"))}


def wrapped() -> dict[str, Any]:
    """Return every Lambda event by its file name."""
    events: dict[str, Any] = {}
    for name, payload in payloads().items():
        events[f"ingest-{name}.json"] = _ingest(name, payload)
        if isinstance(payload, dict) and (letter := _dead_letter(name, payload)) is not None:
            events[f"redrive-{name}.json"] = letter
    return events


def text(event: Any) -> str:
    """Return the text of an event's file."""
    return json.dumps(event, indent=2, ensure_ascii=False) + "\n"


def _ingest(name: str, payload: Any) -> dict[str, Any]:
    body = encode(payload)
    signed = encode(payload[0]) if isinstance(payload, list) else body
    headers = [
        ("host", "abcdefghij.execute-api.us-east-1.amazonaws.com"),
        ("content-type", "application/json"),
        ("user-agent", "Segment (Actions)"),
        ("x-signature", sign(SHARED_SECRET, signed)),
    ]
    request = gateway.Request("POST", "/segment", headers, body, client="203.0.113.10")
    return gateway.event_of(request, "POST /segment", f"sample-{name}", _RECEIVED_AT)


def _dead_letter(name: str, payload: dict[str, Any]) -> dict[str, Any] | None:
    event = Event.parse(encode(payload))
    key = ids.event_key(event)
    destination = load(None)
    planned = destination.plan(event, _RECEIVED_AT.timestamp())
    calls = [each for each in planned if isinstance(each, Call)]
    if key is None or not calls:
        return None
    origin = Origin(f"sample-{name}", destination.version, event.message_id)
    letter = Delivery.of(event, key, calls[0], origin).letter("unavailable")
    outgoing = letter.for_dead_letters(ordered=True)
    milliseconds = str(int(_RECEIVED_AT.timestamp() * 1000))
    message: MessageTypeDef = {
        "MessageId": f"sample-{name}",
        "ReceiptHandle": f"sample-{name}",
        "Body": outgoing.body,
        "MD5OfBody": "",
        "Attributes": {
            "ApproximateFirstReceiveTimestamp": milliseconds,
            "ApproximateReceiveCount": "1",
            "MessageDeduplicationId": outgoing.dedupe,
            "MessageGroupId": outgoing.group,
            "SenderId": "AIDASAMPLE",
            "SentTimestamp": milliseconds,
            "SequenceNumber": "18849496460467696128",
        },
        "MessageAttributes": {
            attribute: {"DataType": "String", "StringValue": value}
            for attribute, value in outgoing.attributes.items()
        },
    }
    return batch.event_of([message], f"arn:aws:sqs:{REGION}:{ACCOUNT}:{_QUEUE}.fifo", REGION)
