"""The parking lot, read once from start to end, in portions.

SQS hides a message that it hands out, and its receipt is valid while the message is hidden. So a
portion is small enough to be sent back before it shows again. Messages that stay in the queue stay
hidden until the reading ends; otherwise SQS would hand them out again instead of those behind
them. So the messages of a larger queue are hidden for longer. A message that is handed out twice
all the same is recognised by its id. The reading ends when SQS hands out no more messages, or a
long run of messages that were read before or were parked after the start.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from segment_rehook.delivery.ports import Clock
from segment_rehook.delivery.queues.transport import MAX_BATCH_ENTRIES
from segment_rehook_cli.aws_errors import describe_code, describe_error
from segment_rehook_cli.botocore_errors import AWS_ERRORS
from segment_rehook_cli.parked_message import ParkedMessage
from segment_rehook_cli.refusals import Refusals

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import (
        ChangeMessageVisibilityBatchRequestEntryTypeDef,
        DeleteMessageBatchRequestEntryTypeDef,
    )

__all__ = ["ParkingLotReader"]

T = TypeVar("T")

MAX_PORTION_MESSAGES: Final = 500
MAX_PORTION_BYTES: Final = 64 * 1024 * 1024
# How long a call waits for a message. A call that does not wait asks only some of SQS's servers.
POLL_SECONDS: Final = 1
# After so many empty answers in a row the queue counts as empty.
MAX_EMPTY_POLLS: Final = 2
# For how long messages are hidden: the minimum, and more for each message in the queue.
MIN_HIDDEN_SECONDS, HIDDEN_SECONDS_PER_MESSAGE, MAX_HIDDEN_SECONDS = 300, 0.1, 43_000
# So many messages that are not new do not end the reading of a small queue.
MIN_STALE_MESSAGES: Final = 100


class ParkingLotReader:
    """One reading of the queue.

    `started_at` is SQS's time when it began, in seconds since 1970. `expected` is about how many
    messages the queue held then, hidden ones included. `hidden_seconds` is for how long a message
    that is read stays hidden. `held_until` is when the current portion shows again, by the clock's
    `monotonic`. The constructor raises what boto3 raises; later errors are added to `refusals`.
    """

    def __init__(self, client: SQSClient, url: str, clock: Clock, refusals: Refusals) -> None:
        self._client = client
        self._url = url
        self._clock = clock
        self._refusals = refusals
        self.expected, self.started_at = self._count()
        wanted = MIN_HIDDEN_SECONDS + int(self.expected * HIDDEN_SECONDS_PER_MESSAGE)
        self.hidden_seconds = min(wanted, MAX_HIDDEN_SECONDS)
        self.held_until = 0.0
        self._receipts: dict[str, str] = {}  # by message id, of what was read and is not deleted
        self._seen: set[str] = set()
        # How many messages of the start were read; how many messages in a row were not new; how
        # many answers in a row were empty.
        self._due = self._stale = self._empty = 0
        self._ended = False

    @property
    def left(self) -> int:
        """How many of the messages that were read are still in the queue."""
        return len(self._receipts)

    def unread(self) -> int:
        """Return about how many messages could not be read.

        It is the smaller of two estimates, from the count at the start and from the count now: SQS
        counts approximately.
        """
        try:
            now, _ = self._count()
        except AWS_ERRORS:
            now = self.expected
        return max(min(self.expected - self._due, now - self.left), 0)

    def portions(self) -> Iterator[list[ParkedMessage]]:
        """Read all messages; each portion is sorted by age, oldest first.

        A portion must be dealt with before `held_until`. A message that is neither deleted nor made
        visible stays hidden until `close`.
        """
        while portion := self._portion():
            yield sorted(portion, key=lambda each: each.message.sent_at)

    def delete(self, messages: Sequence[ParkedMessage], consequence: str) -> int:
        """Delete messages and return how many SQS deleted.

        For the others a refusal is added, with `consequence` as what became of them.
        """
        deleted = tried = 0
        for batch in _batches(messages):
            entries: list[DeleteMessageBatchRequestEntryTypeDef] = [
                {"Id": str(number), "ReceiptHandle": self._receipts[each.id]}
                for number, each in enumerate(batch)
            ]
            try:
                answer = self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
            except AWS_ERRORS as error:
                rest = len(messages) - tried
                self._refusals.add("DeleteMessageBatch", describe_error(error), consequence, rest)
                self._ended = True
                break
            tried += len(batch)
            for failed in answer.get("Failed", []):
                why = describe_code(failed["Code"])
                self._refusals.add("DeleteMessageBatch", why, consequence)
            for done in answer.get("Successful", []):
                del self._receipts[batch[int(done["Id"])].id]
                deleted += 1
        self._poll_again()
        return deleted

    def make_visible(self, messages: Sequence[ParkedMessage]) -> None:
        """Make messages visible at once, so that they are read again as new."""
        ids = [each.id for each in messages]
        self._show(ids)
        for id_ in ids:
            self._receipts.pop(id_, None)
        self._seen.difference_update(ids)
        self._due -= len(ids)
        self._poll_again()

    def close(self) -> None:
        """Make visible every message that was read and not deleted."""
        self._show(list(self._receipts))

    def _poll_again(self) -> None:
        """Poll at least once more: messages behind these in their groups can be read now."""
        self._empty = min(self._empty, MAX_EMPTY_POLLS - 1)

    def _portion(self) -> list[ParkedMessage]:
        found: list[ParkedMessage] = []
        size = 0
        start = self._clock.monotonic()
        while not self._ended and self._empty < MAX_EMPTY_POLLS:
            asked = self._clock.monotonic()
            late = asked > start + self.hidden_seconds / 4
            full = len(found) >= MAX_PORTION_MESSAGES or size >= MAX_PORTION_BYTES
            if found and (late or full):
                break
            batch = self._receive()
            new = [each for each in batch if each.id not in self._seen]
            due = sum(each.message.sent_at <= self.started_at for each in new)
            self._receipts |= {each.id: each.message.receipt for each in batch}
            self._seen |= {each.id for each in new}
            self._due += due
            self._empty = 0 if batch else self._empty + 1
            self._stale = 0 if due else self._stale + len(batch)
            if self._stale > max(self._due, MIN_STALE_MESSAGES):
                self._ended = True
            if not found:
                self.held_until = asked + self.hidden_seconds
            found += new
            size += sum(len(each.message.body) for each in new)
        return found

    def _receive(self) -> list[ParkedMessage]:
        try:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=MAX_BATCH_ENTRIES,
                VisibilityTimeout=self.hidden_seconds,
                WaitTimeSeconds=POLL_SECONDS,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
                # If the answer is lost and the call is repeated, SQS gives the same messages.
                ReceiveRequestAttemptId=uuid.uuid4().hex,
            )
        except AWS_ERRORS as error:
            self._refusals.add("ReceiveMessage", describe_error(error), messages=0)
            self._ended = True
            return []
        return [ParkedMessage.from_sqs(raw) for raw in answer.get("Messages", [])]

    def _show(self, ids: Sequence[str]) -> None:
        for batch in _batches(ids):
            entries: list[ChangeMessageVisibilityBatchRequestEntryTypeDef] = [
                {"Id": str(number), "ReceiptHandle": self._receipts[id_], "VisibilityTimeout": 0}
                for number, id_ in enumerate(batch)
            ]
            try:
                # SQS refuses the receipt of a message that is visible already; that is no error.
                self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
            except AWS_ERRORS as error:
                self._refusals.add(
                    "ChangeMessageVisibilityBatch",
                    describe_error(error),
                    f"messages stay hidden for up to {self.hidden_seconds // 60 + 1} minutes",
                    len(ids),
                )
                return

    def _count(self) -> tuple[int, float]:
        """Return about how many messages the queue holds, and SQS's time."""
        answer = self._client.get_queue_attributes(
            QueueUrl=self._url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        number = sum(int(each) for each in answer["Attributes"].values())
        return number, _time_at_sqs(answer, self._clock.now())


def _time_at_sqs(answer: Any, otherwise: float) -> float:
    """Return the end of the second in the answer's Date: this machine's clock may be wrong."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp() + 1
    except ValueError:
        return otherwise


def _batches(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (
        items[start : start + MAX_BATCH_ENTRIES]
        for start in range(0, len(items), MAX_BATCH_ENTRIES)
    )
