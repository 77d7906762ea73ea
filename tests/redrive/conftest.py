"""The built bridge in the sandbox, and what an operator does with its queues."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tools.faults.load import DESTINATION
from tools.sandbox import Sandbox
from tools.sandbox.build import build
from tools.sandbox.intrinsics import ACCOUNT, REGION

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import (
        ListMessageMoveTasksResultEntryTypeDef,
        MessageTypeDef,
    )

ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"


@dataclass(slots=True)
class Bridge:
    """A running bridge, and what an operator has in hand. Queues by their logical ids."""

    box: Sandbox
    destination: Path

    @property
    def sqs(self) -> SQSClient:
        """What `aws sqs` is."""
        return self.box.sqs

    def url(self, queue: str) -> str:
        """What `$PARKING_LOT_URL` and its like hold."""
        return self.box.queue(queue).url

    def arn(self, queue: str) -> str:
        """What `$PARKING_LOT_ARN` and its like hold."""
        return ARN + self.box.stack.queues[queue].name

    def deploy(self, destination: dict[str, Any]) -> None:
        """Change destination.json, and start with new processes."""
        self.destination.write_text(json.dumps(destination))
        self.box.reload()

    def parked(self) -> list[MessageTypeDef]:
        """A look into the parking lot that hides nothing, as docs/redrive.md has it."""
        return self.sqs.receive_message(
            QueueUrl=self.url("ParkingLot"),
            VisibilityTimeout=0,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
        ).get("Messages", [])

    def waiting(self, queue: str) -> int:
        """How many messages a queue holds, those in flight among them."""
        return len(self.box.queue(queue).messages())

    def copy(self, message: MessageTypeDef, url: str) -> None:
        """Send a message that was received to a queue once more."""
        self.sqs.send_message(
            QueueUrl=url,
            MessageBody=message["Body"],
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value["StringValue"]}
                for name, value in message["MessageAttributes"].items()
            },
            MessageGroupId="copy",
            MessageDeduplicationId="copy",
        )

    def move(self, **more: Any) -> str:
        """Start SQS's own redrive out of the parking lot and see it end; how it ended."""
        source = self.arn("ParkingLot")
        self.sqs.start_message_move_task(SourceArn=source, **more)

        def latest() -> ListMessageMoveTasksResultEntryTypeDef:
            return self.sqs.list_message_move_tasks(SourceArn=source)["Results"][0]

        self.box.wait_until(lambda: latest()["Status"] != "RUNNING", 60.0)
        return latest().get("FailureReason") or latest()["Status"]

    def send_back(self) -> None:
        """Redrive everything that is parked, and wait until redrive has dealt with it."""
        assert self.move(DestinationArn=self.arn("DeadLetterQueue")) == "COMPLETED"
        self.box.wait_until(lambda: not self.waiting("DeadLetterQueue"), 60.0)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    """One bridge for all tests of a file."""
    build()
    destination = tmp_path_factory.mktemp("redrive") / "destination.json"
    destination.write_text(json.dumps(DESTINATION))
    with Sandbox(destination=destination) as box:
        yield Bridge(box, destination)


@pytest.fixture
def bridge(running: Bridge) -> Iterator[Bridge]:
    """The same; each test leaves both queues empty and Rehook well."""
    yield running
    assert (running.waiting("ParkingLot"), running.waiting("DeadLetterQueue")) == (0, 0)
    running.box.rehook.clear()
