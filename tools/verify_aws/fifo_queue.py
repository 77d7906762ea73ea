"""Checks on a new FIFO queue that SQS behaves as the bridge needs it.

The sandbox's SQS must pass the same checks, so a difference between it and AWS is seen here.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tools.verify_aws.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef


def fifo_queue(sqs: SQSClient) -> Iterator[Check]:
    """Create a queue, check it, delete it. Takes some ten seconds and twenty requests."""
    url = sqs.create_queue(
        QueueName=f"segment-rehook-verify-{uuid.uuid4().hex[:12]}.fifo",
        Attributes={
            "FifoQueue": "true",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
            "VisibilityTimeout": "60",
        },
    )["QueueUrl"]
    try:
        yield from _Checks(sqs, url).run()
    finally:
        sqs.delete_queue(QueueUrl=url)


class _Checks:
    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def run(self) -> Iterator[Check]:
        self._send(("a", "1"), ("a", "2"), ("b", "1"))
        first = self._receive(1)
        group = _groups(first)[0]
        others = self._receive(10)
        yield Check(
            "no message of a group is received while another of it is in flight",
            holds=group not in _groups(others) and bool(others),
            seen=f"{group} in flight, received of {_groups(others)}",
        )
        yield from self._handles(first[0])
        yield from self._dedupe()

    def _handles(self, message: MessageTypeDef) -> Iterator[Check]:
        old = message["ReceiptHandle"]
        self._sqs.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=old, VisibilityTimeout=0
        )
        again = self._receive(1)
        yield Check(
            "a message that was made visible is received first, and its receives are counted",
            holds=[each["MessageId"] for each in again] == [message["MessageId"]]
            and again[0]["Attributes"]["ApproximateReceiveCount"] == "2",
            seen=str([each.get("Attributes") for each in again]),
        )
        yield Check(
            "an old receipt handle can't change the visibility",
            holds=self._refuses(old),
            seen="the old receipt handle was taken",
        )

    def _refuses(self, handle: str) -> bool:
        try:
            self._sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=handle, VisibilityTimeout=30
            )
        except ClientError:
            return True
        return False

    def _dedupe(self) -> Iterator[Check]:
        self._send(("c", "same"), ("d", "same"))
        received = self._receive(10)
        yield Check(
            "a deduplication id counts within its group only",
            holds=sorted(_groups(received)) == ["c", "d"],
            seen=str(_groups(received)),
        )
        for message in received:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        self._send(("c", "same"), ("c", "another"))
        ids = [each["Attributes"]["MessageDeduplicationId"] for each in self._receive(10)]
        yield Check(
            "a deduplication id still counts after its message was deleted",
            holds=ids == ["another"],
            seen=str(ids),
        )

    def _send(self, *messages: tuple[str, str]) -> None:
        for group, dedupe in messages:
            self._sqs.send_message(
                QueueUrl=self._url,
                MessageBody="{}",
                MessageGroupId=group,
                MessageDeduplicationId=dedupe,
            )

    def _receive(self, count: int) -> list[Any]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=count,
            WaitTimeSeconds=2,
            MessageSystemAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))


def _groups(messages: list[Any]) -> list[str]:
    return [message["Attributes"]["MessageGroupId"] for message in messages]
