"""The sample events as Lambda gets them.

The payloads under ``events/`` are written by hand, as Segment sends them. From each come the API
Gateway event of its signed request and, for those that are delivered, the SQS event of its dead
letter: for ``sam local invoke``, and to read. The same payloads give the same files, byte for byte.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from segment_rehook.delivery import ids
from segment_rehook.delivery.delivery import Delivery
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

SHARED_SECRET: Final = "sample-shared-secret"  # noqa: S105 — published, guards nothing
"""What the samples are signed with; a stack takes them if its ``shared-secrets`` hold it."""

_RECEIVED_AT: Final = datetime(2026, 1, 15, 10, 15, tzinfo=UTC)
_QUEUE: Final = "segment-rehook-dead-letters"


def payloads() -> dict[str, Any]:
    """The samples by name, in alphabetical order: an event each, or a list of them."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(EVENTS.glob("*.json"))}


def wrapped() -> dict[str, Any]:
    """Every Lambda event, by file name."""
    events: dict[str, Any] = {}
    for name, payload in payloads().items():
        events[f"ingest-{name}.json"] = _ingest(name, payload)
        if isinstance(payload, dict) and (letter := _dead_letter(name, payload)) is not None:
            events[f"redrive-{name}.json"] = letter
    return events


def text(event: Any) -> str:
    """As it stands in its file."""
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
    planned = load(None).plan(event, _RECEIVED_AT.timestamp())
    calls = [each for each in planned if isinstance(each, Call)]
    if key is None or not calls:
        return None
    letter = Delivery.of(event, key, calls[0]).letter("unavailable")
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
