"""The two queues: batches whose entries succeed or fail one by one, and Lambda's SQS records.

A send that the library repeats is harmless: the deduplication id is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segment_rehook.aws.errors import AwsError
from segment_rehook.delivery.ports import QueueUnavailable
from segment_rehook.delivery.queues.transport import MAX_BATCH_ENTRIES, Received

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

    from segment_rehook.delivery.queues.transport import Outgoing


class SqsQueue:
    """The port `Queue`."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Make one SendMessageBatch; give for each message whether SQS took it."""
        _within_a_batch(len(messages))
        if not messages:
            return []
        entries = [batch_entry(str(number), message) for number, message in enumerate(messages)]
        try:
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        except AwsError as error:
            raise QueueUnavailable(f"SendMessageBatch: {error.code}") from error
        taken = {entry["Id"] for entry in answer.get("Successful", [])}
        return [entry["Id"] in taken for entry in entries]

    def change_visibility(self, delays: Mapping[str, int]) -> set[str]:
        """Make one ChangeMessageVisibilityBatch; give the receipts that SQS refused."""
        _within_a_batch(len(delays))
        if not delays:
            return set()
        receipts = {str(number): receipt for number, receipt in enumerate(delays)}
        try:
            answer = self._client.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": id_, "ReceiptHandle": receipt, "VisibilityTimeout": delays[receipt]}
                    for id_, receipt in receipts.items()
                ],
            )
        except AwsError as error:
            raise QueueUnavailable(f"ChangeMessageVisibilityBatch: {error.code}") from error
        done = {entry["Id"] for entry in answer.get("Successful", [])}
        return {receipt for id_, receipt in receipts.items() if id_ not in done}


def received(record: Mapping[str, Any]) -> Received:
    """Read a record of Lambda's SQS event. The body is not parsed."""
    attributes = record["attributes"]
    return Received(
        message_id=record["messageId"],
        receipt=record["receiptHandle"],
        group=attributes["MessageGroupId"],
        body=record["body"],
        attributes={
            name: attribute["stringValue"]
            for name, attribute in record.get("messageAttributes", {}).items()
            if attribute.get("stringValue") is not None
        },
        sent_at=int(attributes["SentTimestamp"]) / 1000,
        receive_count=int(attributes["ApproximateReceiveCount"]),
    )


def batch_entry(id_: str, message: Outgoing) -> SendMessageBatchRequestEntryTypeDef:
    """Write one entry of a SendMessageBatch; `id_` is unique within the call."""
    return {
        "Id": id_,
        "MessageBody": message.body,
        "MessageGroupId": message.group,
        "MessageDeduplicationId": message.dedupe,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value}
            for name, value in message.attributes.items()
        },
    }


def _within_a_batch(entries: int) -> None:
    if entries > MAX_BATCH_ENTRIES:
        raise ValueError(f"{entries} entries in one call; SQS takes at most {MAX_BATCH_ENTRIES}")
