"""The built bridge on an SQS that implements message-move tasks; the sandbox's has none.

Both functions, ledger, secrets and Rehook are the sandbox's; both queues lie in ``local-aws-sqs``
(npm), made as the template says, and the sandbox's own event source takes from there.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tools.faults.load import DESTINATION
from tools.faults.variant import variant
from tools.sandbox import Sandbox
from tools.sandbox.build import build
from tools.sandbox.intrinsics import ACCOUNT, REGION
from tools.sandbox.poller import Poller
from tools.sandbox.sandbox import BUILT

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

HERE = Path(__file__).parent
NODE = shutil.which("node")
ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
QUEUES = ("ParkingLot", "DeadLetterQueue")  # the first is named by the second


@dataclass(slots=True)
class Bridge:
    """A running bridge, and what an operator has in hand. Queues by their logical ids."""

    box: Sandbox
    sqs: SQSClient
    destination: Path

    def url(self, queue: str) -> str:
        """What `$PARKING_LOT_URL` and its like hold."""
        return self.sqs.get_queue_url(QueueName=self.box.stack.queues[queue].name)["QueueUrl"]

    def arn(self, queue: str) -> str:
        """What `$PARKING_LOT_ARN` and its like hold."""
        return ARN + self.box.stack.queues[queue].name

    def deploy(self, destination: dict[str, Any]) -> None:
        """Change destination.json, and start with new processes."""
        self.destination.write_text(json.dumps(destination))
        for name, function in self.box.functions.items():
            self.box.kill(name)
            function.start()

    def parked(self) -> list[MessageTypeDef]:
        """A look into the parking lot that hides nothing, as docs/redrive.md has it."""
        messages = self.sqs.receive_message(
            QueueUrl=self.url("ParkingLot"),
            VisibilityTimeout=0,
            MaxNumberOfMessages=10,
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        # This server hands out what is hidden for no time several times in one answer.
        return list({message["MessageId"]: message for message in messages}.values())

    def waiting(self, queue: str) -> int:
        """How many messages a queue holds; this server counts those in flight among the rest."""
        attributes = self.sqs.get_queue_attributes(
            QueueUrl=self.url(queue), AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"])

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

    def other_parking_lot(self, message: MessageTypeDef) -> str:
        """Make another pair of queues, with a copy of a message in the parking lot; its name."""
        name = "other-parking-lot.fifo"
        url = self.sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})["QueueUrl"]
        policy = {"deadLetterTargetArn": f"{ARN}{name}", "maxReceiveCount": "1000"}
        self.sqs.create_queue(
            QueueName="other-dead-letters.fifo",
            Attributes={"FifoQueue": "true", "RedrivePolicy": json.dumps(policy)},
        )
        self.copy(message, url)
        return name

    def move(self, parking_lot: str, **more: Any) -> str:
        """Start SQS's own redrive out of a parking lot and see it end; how it ended."""
        source = ARN + parking_lot
        self.sqs.start_message_move_task(SourceArn=source, **more)
        end = time.monotonic() + 60
        while True:
            [task, *_] = self.sqs.list_message_move_tasks(SourceArn=source)["Results"]
            if task["Status"] != "RUNNING" or time.monotonic() > end:
                return task.get("FailureReason") or task["Status"]
            time.sleep(0.05)

    def send_back(self) -> None:
        """Redrive everything that is parked, and wait until redrive has dealt with it."""
        source = self.box.stack.queues["ParkingLot"].name
        assert self.move(source, DestinationArn=self.arn("DeadLetterQueue")) == "COMPLETED"
        self.box.wait_until(lambda: not self.waiting("DeadLetterQueue"), 60.0)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an SQS that can move messages."""
    assert NODE is not None
    with subprocess.Popen(
        [NODE, HERE / "server.js"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.kill()


@pytest.fixture(scope="module")
def running(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    """One bridge for all tests of a file."""
    build()
    folder = tmp_path_factory.mktemp("redrive")
    destination = folder / "destination.json"
    variables = {"AWS_ENDPOINT_URL_SQS": server, "DESTINATION_FILE": str(destination)}
    destination.write_text(json.dumps(DESTINATION))
    stack = folder / "stack"
    stack.mkdir()
    built = variant(BUILT, stack, variables=variables, destination=DESTINATION)
    sqs = boto3.client(
        "sqs",
        endpoint_url=server,
        region_name=REGION,
        aws_access_key_id="operator",
        aws_secret_access_key="any",
    )
    sqs.meta.events.register("before-parameter-build.sqs.ReceiveMessage", _old_name)
    with Sandbox(built=built) as box:
        bridge = Bridge(box, sqs, destination)
        for name in QUEUES:
            queue = box.stack.queues[name]
            attributes: Any = {
                key: json.dumps(value) if isinstance(value, dict | bool) else str(value)
                for key, value in queue.properties.items()
                if key not in {"QueueName", "Tags", "RedriveAllowPolicy"}
            }
            sqs.create_queue(QueueName=queue.name, Attributes=attributes)
        [source] = box.stack.event_sources
        poller = Poller(
            source,
            box.functions[source.function],
            sqs,
            bridge.url(source.queue),
            bridge.arn(source.queue),
        )
        poller.resume()
        yield bridge
        poller.close()
    sqs.close()


def _old_name(params: dict[str, Any], **_: object) -> None:
    """Ask as the server understands: it knows the system attributes by their older name only."""
    if names := params.get("MessageSystemAttributeNames"):
        params["AttributeNames"] = names


@pytest.fixture
def bridge(running: Bridge) -> Iterator[Bridge]:
    """The same; each test leaves both queues empty and Rehook well."""
    yield running
    assert (running.waiting("ParkingLot"), running.waiting("DeadLetterQueue")) == (0, 0)
    running.box.rehook.clear()
