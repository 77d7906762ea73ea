"""The event that an SQS event source passes to a function, and how it reads the answer.

These are pure functions. Source: AWS, "Handling errors for an SQS event source in Lambda". A failed
invocation or an unreadable answer means that every message has failed. Null, an empty object and
an empty list of failures mean success. An identifier that is empty, null or not of this batch means
that all have failed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_sqs.type_defs import MessageTypeDef

    from tools.sandbox.runtime_api import InvocationResult


def event_of(messages: Sequence[MessageTypeDef], queue_arn: str, region: str) -> dict[str, Any]:
    """Return the event for a batch of received messages."""
    return {"Records": [_record(message, queue_arn, region) for message in messages]}


def _record(message: MessageTypeDef, queue_arn: str, region: str) -> dict[str, Any]:
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {
            name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "stringValue": value.get("StringValue"),
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }


def settled(ids: Sequence[str], outcome: InvocationResult, *, partial_responses: bool) -> set[str]:
    """Return the ids of the messages that the event source deletes after an invocation."""
    if outcome.failed:
        return set()
    if not partial_responses:
        return set(ids)
    try:
        answer = json.loads(outcome.payload or b"null")
    except ValueError:
        return set()
    failed = _failures(answer)
    if failed is None or not failed <= set(ids):
        return set()
    return set(ids) - failed


def _failures(answer: object) -> set[str] | None:
    """Return the identifiers reported as failed, None if the report cannot be read."""
    match answer:
        case None | {"batchItemFailures": None | []}:
            return set()
        case {"batchItemFailures": [*failures]}:
            identifiers = [
                each.get("itemIdentifier") if isinstance(each, dict) else None for each in failures
            ]
            if all(isinstance(identifier, str) for identifier in identifiers):
                return {str(identifier) for identifier in identifiers}
            return None
        case dict() if not answer:
            return set()
        case _:
            return None
