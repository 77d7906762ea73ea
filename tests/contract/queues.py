"""A queue with its other side: what Lambda's event source and an operator do with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from botocore.exceptions import ClientError
from mypy_boto3_sqs import SQSClient
from mypy_boto3_sqs.literals import QueueAttributeNameType
from mypy_boto3_sqs.type_defs import MessageTypeDef

from segment_rehook.aws.errors import AwsError
from segment_rehook.aws.sqs import SqsQueue, received
from segment_rehook.delivery.ports import Queue
from segment_rehook.delivery.queues.transport import Outgoing, Received
from tools.fakes.queue import FakeQueue
from tools.fakes.sqs_client import FakeSqs
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

    @property
    def parking(self) -> Queue:
        """The same of the queue behind."""

    def receive(self, visibility: int = VISIBILITY) -> list[Received]:
        """Up to ten messages, as the redrive function gets them."""

    def receive_parked(self) -> list[Received]:
        """The same from the queue behind."""

    def delete(self, receipt: str) -> bool:
        """What the event source does with a message that was handled; whether SQS did it."""

    def move_back(self) -> str | None:
        """StartMessageMoveTask from the queue behind to the first; why it failed."""

    def move_home(self) -> str | None:
        """The same without a destination: to wherever a message was before it was parked."""


@dataclass
class FakeBench:
    """The fake, which is both sides in one."""

    clock: FakeClock
    queue: FakeQueue
    parking: FakeQueue

    @classmethod
    def made(cls, clock: FakeClock) -> FakeBench:
        """With a queue behind it."""
        parking = FakeQueue(clock=clock, name="parking", visibility=VISIBILITY, retention=RETENTION)
        queue = FakeQueue(
            clock=clock,
            visibility=VISIBILITY,
            retention=RETENTION,
            max_receives=MAX_RECEIVES,
            parking=parking,
        )
        return cls(clock, queue, parking)

    def receive(self, visibility: int = VISIBILITY) -> list[Received]:
        """Receive."""
        return self.queue.receive(visibility=visibility)

    def receive_parked(self) -> list[Received]:
        """Receive from the queue behind."""
        return self.parking.receive()

    def delete(self, receipt: str) -> bool:
        """Delete."""
        return self.queue.delete(receipt)

    def move_back(self) -> str | None:
        """Move."""
        self.parking.move_to(self.queue)
        return None

    def move_home(self) -> str | None:
        """Move without a destination."""
        try:
            self.parking.move_to()
        except LookupError as error:
            return str(error)
        return None


@dataclass
class ClientBench:
    """The adapter on `adapted`, and the client for the other side.

    `wait`: seconds that a receive waits.
    """

    clock: FakeClock
    adapted: SQSClient
    client: SQSClient
    url: str
    parking_url: str
    wait: int = 0

    @property
    def queue(self) -> SqsQueue:
        """The adapter."""
        return SqsQueue(self.adapted, self.url)

    @property
    def parking(self) -> SqsQueue:
        """The adapter for the queue behind."""
        return SqsQueue(self.adapted, self.parking_url)

    def receive(self, visibility: int = VISIBILITY) -> list[Received]:
        """Receive."""
        return self._receive(self.url, visibility)

    def receive_parked(self) -> list[Received]:
        """Receive from the queue behind."""
        return self._receive(self.parking_url, VISIBILITY)

    def delete(self, receipt: str) -> bool:
        """Delete."""
        answer = self.client.delete_message_batch(
            QueueUrl=self.url, Entries=[{"Id": "1", "ReceiptHandle": receipt}]
        )
        return not answer.get("Failed")

    def _receive(self, url: str, visibility: int) -> list[Received]:
        answer = self.client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=visibility,
            WaitTimeSeconds=self.wait,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [received(lambda_record(message)) for message in answer.get("Messages", [])]


@dataclass
class RaisingAsFunctions:
    """A client of the library's that raises what the functions' own clients raise."""

    client: SQSClient

    def __getattr__(self, method: str) -> Callable[..., Any]:
        """The client's method, its errors translated."""

        def call(**arguments: Any) -> Any:
            try:
                return getattr(self.client, method)(**arguments)
            except ClientError as error:
                raise AwsError(str(error.response["Error"]["Code"])) from error

        return call


@dataclass
class FakeClientBench(ClientBench):
    """On the fake of the library's client, which has no move tasks."""

    behind: FakeBench = field(kw_only=True)

    @classmethod
    def made(cls, clock: FakeClock) -> FakeClientBench:
        """Over both fakes."""
        fakes = FakeBench.made(clock)
        sqs = FakeSqs(clock, {"queue": fakes.queue, "parking": fakes.parking})
        # A short poll of this client mostly finds nothing.
        adapted = cast("SQSClient", RaisingAsFunctions(sqs.client))
        return cls(clock, adapted, sqs.client, "queue", "parking", wait=1, behind=fakes)

    def move_back(self) -> str | None:
        """Move past the client."""
        return self.behind.move_back()

    def move_home(self) -> str | None:
        """Move past the client."""
        return self.behind.move_home()


@dataclass
class ServerBench(ClientBench):
    """On the functions' client, the library's, and the sandbox's server."""

    @classmethod
    def made(
        cls, adapted: SQSClient, client: SQSClient, clock: FakeClock, number: int
    ) -> ServerBench:
        """Make both queues as the template makes them."""
        fifo: dict[QueueAttributeNameType, str] = {
            "FifoQueue": "true",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
            "MessageRetentionPeriod": str(RETENTION),
            "VisibilityTimeout": str(VISIBILITY),
        }
        parking = client.create_queue(QueueName=f"parking-{number}.fifo", Attributes=fifo)
        policy = {
            "deadLetterTargetArn": arn_of(client, parking["QueueUrl"]),
            "maxReceiveCount": MAX_RECEIVES,
        }
        url = client.create_queue(
            QueueName=f"dead-letters-{number}.fifo",
            Attributes={**fifo, "RedrivePolicy": json.dumps(policy)},
        )["QueueUrl"]
        return cls(clock, adapted, client, url, parking["QueueUrl"])

    def move_back(self) -> str | None:
        """Move."""
        return self._move(DestinationArn=arn_of(self.client, self.url))

    def move_home(self) -> str | None:
        """Move without a destination."""
        return self._move()

    def _move(self, **destination: Any) -> str | None:
        source = arn_of(self.client, self.parking_url)
        self.client.start_message_move_task(SourceArn=source, **destination)
        [task] = self.client.list_message_move_tasks(SourceArn=source)["Results"]
        return task.get("FailureReason")


def arn_of(client: SQSClient, url: str) -> str:
    """A queue's ARN."""
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return answer["Attributes"]["QueueArn"]


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
