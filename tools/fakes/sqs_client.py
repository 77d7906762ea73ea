"""A fake of boto3's SQS client over queues in memory: with latency, errors and the test's clock.

It has the operations that the command line calls. Tests use it for tens of thousands of calls,
which take minutes through the library and moto. A short poll often finds nothing, as in SQS, which
asks only some of its servers then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, cast

from botocore.exceptions import ClientError
from mypy_boto3_sqs import SQSClient

from segment_rehook.delivery.queues.transport import Outgoing, Received
from tools.fakes.queue import FakeQueue
from tools.fakes.surroundings import FakeClock
from tools.sqs import rules


@dataclass
class FakeSqs:
    """Queues by URL.

    `seconds`: how long each call takes. `refuse`: error codes by the names of the operations that
    fail with them. `before` is called with the operation's name before each call.
    """

    clock: FakeClock
    queues: Mapping[str, FakeQueue]
    seconds: float = 0.0
    refuse: dict[str, str] = field(default_factory=dict)
    before: Callable[[str], None] = lambda _name: None
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # A correction of the test's wall clock does not change SQS's clock.
        self._start = self.clock.now() - self.clock.monotonic()

    @property
    def client(self) -> SQSClient:
        """The fake with the type that the code under test expects."""
        return cast("SQSClient", self)

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: Sequence[str]) -> Any:  # noqa: N803 — the library's names
        """Return the numbers of visible and of hidden messages."""
        self._call("GetQueueAttributes")
        queue = self.queues[QueueUrl]
        hidden = len(queue.in_flight())
        counts = {
            "ApproximateNumberOfMessages": str(len(queue.stored()) - hidden),
            "ApproximateNumberOfMessagesNotVisible": str(hidden),
        }
        date = formatdate(self._start + self.clock.monotonic(), usegmt=True)
        return {
            "Attributes": {name: counts[name] for name in AttributeNames},
            "ResponseMetadata": {"HTTPHeaders": {"date": date}},
        }

    def receive_message(self, **asked: Any) -> Any:
        """Return up to ten messages; three of four short polls find none."""
        self._call("ReceiveMessage")
        if not asked.get("WaitTimeSeconds") and self.calls.count("ReceiveMessage") % 4:
            return {}
        queue = self.queues[asked["QueueUrl"]]
        messages = queue.receive(asked["MaxNumberOfMessages"], asked.get("VisibilityTimeout"))
        if not messages:
            self.clock.advance(asked["WaitTimeSeconds"])
        return {"Messages": [_message(each) for each in messages]}

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Any]) -> Any:  # noqa: N803 — as above
        """Send each entry by itself."""
        self._call("SendMessageBatch")
        _within_a_call(Entries)
        messages = [_outgoing(each) for each in Entries]
        if rules.too_long(messages):
            raise ClientError({"Error": {"Code": "BatchRequestTooLong"}}, "SendMessageBatch")
        taken = self.queues[QueueUrl].send(messages)
        return _answer(
            {each["Id"]: done for each, done in zip(Entries, taken, strict=True)}, "Refused"
        )

    def delete_message_batch(self, *, QueueUrl: str, Entries: Sequence[Any]) -> Any:  # noqa: N803 — as above
        """Delete each entry by itself; an invalid receipt deletes nothing."""
        self._call("DeleteMessageBatch")
        _within_a_call(Entries)
        queue = self.queues[QueueUrl]
        done = {each["Id"]: queue.delete(each["ReceiptHandle"]) for each in Entries}
        return _answer(done, "ReceiptHandleIsInvalid")

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: Sequence[Any]) -> Any:  # noqa: N803 — as above
        """Change each entry by itself."""
        self._call("ChangeMessageVisibilityBatch")
        _within_a_call(Entries)
        delays = {each["ReceiptHandle"]: each["VisibilityTimeout"] for each in Entries}
        refused = self.queues[QueueUrl].change_visibility(delays)
        done = {each["Id"]: each["ReceiptHandle"] not in refused for each in Entries}
        return _answer(done, "ReceiptHandleIsInvalid")

    def _call(self, name: str) -> None:
        self.before(name)
        self.calls.append(name)
        self.clock.advance(self.seconds)
        if code := self.refuse.get(name):
            raise ClientError({"Error": {"Code": code, "Message": "bob may not"}}, name)


def _answer(done: Mapping[str, bool], code: str) -> Any:
    return {
        "Successful": [{"Id": id_} for id_, fine in done.items() if fine],
        "Failed": [{"Id": id_, "Code": code} for id_, fine in done.items() if not fine],
    }


def _within_a_call(entries: Sequence[Any]) -> None:
    if not 1 <= len(entries) <= rules.MAX_BATCH_ENTRIES:
        raise ValueError(f"{len(entries)} entries in one call")


def _message(message: Received) -> Any:
    return {
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "Attributes": {
            "MessageGroupId": message.group,
            "SentTimestamp": str(int(message.sent_at * 1000)),
            "ApproximateReceiveCount": str(message.receive_count),
        },
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value}
            for name, value in message.attributes.items()
        },
    }


def _outgoing(entry: Any) -> Outgoing:
    return Outgoing(
        group=entry["MessageGroupId"],
        dedupe=entry["MessageDeduplicationId"],
        body=entry["MessageBody"],
        attributes={
            name: value["StringValue"] for name, value in entry["MessageAttributes"].items()
        },
    )
