"""What the bridge takes for granted of SQS FIFO queues, tried on a queue made for it.

The sandbox's SQS passes the same checks, so that a difference between it and AWS shows up here.
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


def probe(sqs: SQSClient) -> Iterator[Check]:
    """Make a queue, try it, delete it; some ten seconds and twenty requests."""
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
        yield from _Probe(sqs, url).run()
    finally:
        sqs.delete_queue(QueueUrl=url)


class _Probe:
    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def run(self) -> Iterator[Check]:
        self._send(("a", "1"), ("a", "2"), ("b", "1"))
        first = self._receive(1)
        group = _groups(first)[0]
        others = self._receive(10)
        yield Check(
            "a group is kept back while one of its messages is in flight",
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
            "a message made visible comes again first, and counts its receives",
            holds=[each["MessageId"] for each in again] == [message["MessageId"]]
            and again[0]["Attributes"]["ApproximateReceiveCount"] == "2",
            seen=str([each.get("Attributes") for each in again]),
        )
        yield Check(
            "who held it before can no longer postpone it",
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
            "a dedupe id counts within its group only",
            holds=sorted(_groups(received)) == ["c", "d"],
            seen=str(_groups(received)),
        )
        for message in received:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        self._send(("c", "same"), ("c", "another"))
        ids = [each["Attributes"]["MessageDeduplicationId"] for each in self._receive(10)]
        yield Check(
            "a dedupe id counts for five minutes, also after its message was deleted",
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

    def _receive(self, most: int) -> list[Any]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=most,
            WaitTimeSeconds=2,
            MessageSystemAttributeNames=["All"],
        )
        return list(answer.get("Messages", []))


def _groups(messages: list[Any]) -> list[str]:
    return [message["Attributes"]["MessageGroupId"] for message in messages]
