"""A queue with its other side: what Lambda's event source and an operator do with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from mypy_boto3_sqs import SQSClient
from mypy_boto3_sqs.literals import QueueAttributeNameType
from mypy_boto3_sqs.type_defs import MessageTypeDef

from segment_rehook.aws.sqs import SqsQueue, received
from segment_rehook.delivery.ports import Queue
from segment_rehook.delivery.queues.transport import Outgoing, Received
from tools.fakes.queue import FakeQueue
from tools.fakes.surroundings import FakeClock

VISIBILITY = 60
RETENTION = 864_000
MAX_RECEIVES = 3


class QueueBench(Protocol):
    """The port under test, and what a test does around it."""

    clock: FakeClock

    @property
    def queue(self) -> Queue:
        """The side that the bridge uses."""

    def receive(self) -> list[Received]:
        """Up to ten messages, as the redrive function gets them."""

    def receive_parked(self) -> list[Received]:
        """The same from the queue behind."""

    def delete(self, receipt: str) -> None:
        """What the event source does with a message that was handled."""


@dataclass
class FakeBench:
    """The fake, which is both sides in one."""

    clock: FakeClock
    queue: FakeQueue

    @classmethod
    def made(cls, clock: FakeClock) -> FakeBench:
        """With a queue behind it."""
        parking = FakeQueue(clock=clock, name="parking")
        queue = FakeQueue(
            clock=clock,
            visibility=VISIBILITY,
            retention=RETENTION,
            max_receives=MAX_RECEIVES,
            parking=parking,
        )
        return cls(clock, queue)

    def receive(self) -> list[Received]:
        """Receive."""
        return self.queue.receive()

    def receive_parked(self) -> list[Received]:
        """Receive from the queue behind."""
        assert self.queue.parking is not None
        return self.queue.parking.receive()

    def delete(self, receipt: str) -> None:
        """Delete."""
        self.queue.delete(receipt)


@dataclass
class MotoBench:
    """The adapter, and boto3's client for the other side."""

    clock: FakeClock
    queue: SqsQueue
    client: SQSClient
    url: str
    parking_url: str

    @classmethod
    def made(cls, client: SQSClient, clock: FakeClock, number: int) -> MotoBench:
        """Make both queues as the template makes them."""
        fifo: dict[QueueAttributeNameType, str] = {
            "FifoQueue": "true",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
            "MessageRetentionPeriod": str(RETENTION),
        }
        parking = client.create_queue(QueueName=f"parking-{number}.fifo", Attributes=fifo)
        answer = client.get_queue_attributes(
            QueueUrl=parking["QueueUrl"], AttributeNames=["QueueArn"]
        )
        policy = {
            "deadLetterTargetArn": answer["Attributes"]["QueueArn"],
            "maxReceiveCount": MAX_RECEIVES,
        }
        url = client.create_queue(
            QueueName=f"dead-letters-{number}.fifo",
            Attributes={
                **fifo,
                "VisibilityTimeout": str(VISIBILITY),
                "RedrivePolicy": json.dumps(policy),
            },
        )["QueueUrl"]
        return cls(clock, SqsQueue(client, url), client, url, parking["QueueUrl"])

    def receive(self) -> list[Received]:
        """Receive."""
        return self._receive(self.url)

    def receive_parked(self) -> list[Received]:
        """Receive from the queue behind."""
        return self._receive(self.parking_url)

    def delete(self, receipt: str) -> None:
        """Delete."""
        self.client.delete_message(QueueUrl=self.url, ReceiptHandle=receipt)

    def _receive(self, url: str) -> list[Received]:
        answer = self.client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=0,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [received(lambda_record(message)) for message in answer.get("Messages", [])]


def lambda_record(message: MessageTypeDef) -> Mapping[str, Any]:
    """What ReceiveMessage gives, in the spelling of Lambda's event source."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": cast("Mapping[str, str]", message["Attributes"]),
        "messageAttributes": {
            name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
            for name, value in message.get("MessageAttributes", {}).items()
        },
    }


def message(
    name: str, *, group: str = "user", dedupe: str | None = None, **attributes: str
) -> Outgoing:
    """A message whose body is its name."""
    return Outgoing(group=group, dedupe=dedupe or name, body=name, attributes=attributes)


def bodies(messages: list[Received]) -> list[str]:
    """The names of what came, in order."""
    return [each.body for each in messages]
