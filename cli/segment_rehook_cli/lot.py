"""A FIFO queue of messages that were given up, read once through, in portions.

SQS hides what it hands out, and the receipt of a hidden message is good until it shows again. So a
portion is small enough to be dealt with while it is hidden, and what is left where it is stays
hidden until the reading ends: else it would be handed out again and again, in place of what comes
behind it. How long that is grows with the queue. What is handed out again all the same is known by
its id, and a reading that finds nothing new in as many messages as it knows is at its end.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from segment_rehook.aws.sqs import received
from segment_rehook.delivery.ports import Clock
from segment_rehook.delivery.queues.message import Header, MessageUnreadable
from segment_rehook.delivery.queues.transport import MAX_BATCH_ENTRIES, Received
from segment_rehook_cli.aws_errors import what_is_wrong, with_advice
from segment_rehook_cli.botocore_errors import AWS_ERRORS
from segment_rehook_cli.refusals import Refusals

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import (
        ChangeMessageVisibilityBatchRequestEntryTypeDef,
        DeleteMessageBatchRequestEntryTypeDef,
    )

__all__ = ["Lot", "ParkedMessage"]

T = TypeVar("T")

PORTION_MOST: Final = 500
PORTION_BYTES: Final = 64 * 1024 * 1024
# Seconds that a poll waits for a message. A short poll asks some of SQS's servers only.
POLL_SECONDS: Final = 1
EMPTY_POLLS: Final = 2
# Seconds for which messages are hidden: at least, and more for each message of the queue.
HIDDEN_LEAST, HIDDEN_EACH, HIDDEN_MOST = 300, 0.1, 43_000
# So many messages that are not new do not end the reading of a small queue.
STALE_LEAST: Final = 100


@dataclass(frozen=True, slots=True)
class ParkedMessage:
    """One message of the queue. `header` is None where it is not one of the bridge's."""

    message: Received
    header: Header | None

    def shown(self, now: float) -> dict[str, str | int | None]:
        """What a person needs to decide; nothing of the event. `now` in epoch seconds."""
        header = self.header
        return {
            "delivery": header.delivery if header else None,
            "reason": header.reason if header else "unreadable",
            "detail": header.detail if header else "not a message of this bridge",
            "parkedSecondsAgo": max(int(now - self.message.sent_at), 0),
            "sqsMessageId": self.message.message_id,
        }


class Lot:
    """One reading of a queue. `began`: SQS's time when it began, in epoch seconds.

    `expected`: about how many messages there were then, the hidden ones too. `hidden`: seconds for
    which a message stays hidden. Raises what boto3 raises when the queue can't be asked for these;
    later refusals are noted in `refusals`.
    """

    def __init__(self, client: SQSClient, url: str, clock: Clock, refusals: Refusals) -> None:
        self._client = client
        self._url = url
        self._clock = clock
        self._refusals = refusals
        self.expected, self.began = self._count()
        self.hidden = min(HIDDEN_LEAST + int(self.expected * HIDDEN_EACH), HIDDEN_MOST)
        self.held_until = 0.0
        self._held: dict[str, str] = {}  # message id → receipt, of what was read and is still there
        self._seen: set[str] = set()
        self._due = self._stale = self._empty = 0
        self._ended = False

    @property
    def left(self) -> int:
        """How many of the messages that were read are still in the queue."""
        return len(self._held)

    def unread(self) -> int:
        """About how many there are that could not be read; 0 where both counts don't say so."""
        try:
            now, _ = self._count()
        except AWS_ERRORS:
            now = self.expected
        return max(min(self.expected - self._due, now - self.left), 0)

    def portions(self) -> Iterator[list[ParkedMessage]]:
        """All that can be read, oldest first in each portion; `held_until` is its time limit.

        What is neither deleted nor forgotten stays hidden until `close`.
        """
        while portion := self._portion():
            yield sorted(portion, key=lambda each: each.message.sent_at)

    def delete(self, messages: Sequence[ParkedMessage], consequence: str) -> int:
        """Delete messages; how many SQS deleted. `consequence` is noted of the others."""
        deleted = tried = 0
        for ten in _tens(messages):
            entries: list[DeleteMessageBatchRequestEntryTypeDef] = [
                {"Id": str(number), "ReceiptHandle": self._held[each.message.message_id]}
                for number, each in enumerate(ten)
            ]
            try:
                answer = self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
            except AWS_ERRORS as error:
                rest = len(messages) - tried
                self._refusals.add("DeleteMessageBatch", what_is_wrong(error), consequence, rest)
                self._ended = True
                break
            tried += len(ten)
            for failed in answer.get("Failed", []):
                why = with_advice(failed["Code"])
                self._refusals.add("DeleteMessageBatch", why, consequence)
            for done in answer.get("Successful", []):
                del self._held[ten[int(done["Id"])].message.message_id]
                deleted += 1
        # What stood behind them in their groups can be read now.
        self._empty = min(self._empty, EMPTY_POLLS - 1)
        return deleted

    def forget(self, messages: Sequence[ParkedMessage]) -> None:
        """Show messages again at once, to be read anew."""
        ids = [each.message.message_id for each in messages]
        self._show(ids)
        for id_ in ids:
            self._held.pop(id_, None)
        self._seen.difference_update(ids)
        self._due -= len(ids)
        self._empty = min(self._empty, EMPTY_POLLS - 1)

    def close(self) -> None:
        """Show again all that is left."""
        self._show(list(self._held))

    def _portion(self) -> list[ParkedMessage]:
        found: list[ParkedMessage] = []
        size = 0
        start = self._clock.monotonic()
        while not self._ended and self._empty < EMPTY_POLLS:
            asked = self._clock.monotonic()
            late = asked > start + self.hidden / 4
            if found and (late or len(found) >= PORTION_MOST or size >= PORTION_BYTES):
                break
            batch = self._receive()
            new = [each for each in batch if each.message.message_id not in self._seen]
            due = sum(each.message.sent_at <= self.began for each in new)
            self._held |= {each.message.message_id: each.message.receipt for each in batch}
            self._seen |= {each.message.message_id for each in new}
            self._due += due
            self._empty = 0 if batch else self._empty + 1
            self._stale = 0 if due else self._stale + len(batch)
            if self._stale > max(self._due, STALE_LEAST):
                self._ended = True
            if not found:
                self.held_until = asked + self.hidden
            found += new
            size += sum(len(each.message.body) for each in new)
        return found

    def _receive(self) -> list[ParkedMessage]:
        try:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=MAX_BATCH_ENTRIES,
                VisibilityTimeout=self.hidden,
                WaitTimeSeconds=POLL_SECONDS,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
                # A repeated call whose first answer was lost then gives the same messages.
                ReceiveRequestAttemptId=uuid.uuid4().hex,
            )
        except AWS_ERRORS as error:
            self._refusals.add("ReceiveMessage", what_is_wrong(error), messages=0)
            self._ended = True
            return []
        return [_parked(received(_as_record(raw))) for raw in answer.get("Messages", [])]

    def _show(self, ids: Sequence[str]) -> None:
        for ten in _tens(ids):
            entries: list[ChangeMessageVisibilityBatchRequestEntryTypeDef] = [
                {"Id": str(number), "ReceiptHandle": self._held[id_], "VisibilityTimeout": 0}
                for number, id_ in enumerate(ten)
            ]
            try:
                # A receipt that is refused is one of a message that shows already.
                self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
            except AWS_ERRORS as error:
                self._refusals.add(
                    "ChangeMessageVisibilityBatch",
                    what_is_wrong(error),
                    f"messages stay hidden for up to {self.hidden // 60 + 1} minutes",
                    len(ids),
                )
                return

    def _count(self) -> tuple[int, float]:
        answer = self._client.get_queue_attributes(
            QueueUrl=self._url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        number = sum(int(each) for each in answer["Attributes"].values())
        return number, _time_at_sqs(answer, self._clock.now())


def _parked(message: Received) -> ParkedMessage:
    try:
        return ParkedMessage(message, Header.read(message.attributes))
    except MessageUnreadable:
        return ParkedMessage(message, None)


def _time_at_sqs(answer: Any, otherwise: float) -> float:
    """From the answer's Date, to the end of that second: this machine's clock may be wrong."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp() + 1
    except ValueError:
        return otherwise


def _tens(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (
        items[start : start + MAX_BATCH_ENTRIES]
        for start in range(0, len(items), MAX_BATCH_ENTRIES)
    )


def _as_record(message: Any) -> dict[str, Any]:
    """A message as ReceiveMessage gives it, in the shape that Lambda hands records over."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"stringValue": value.get("StringValue")}
            for name, value in message.get("MessageAttributes", {}).items()
        },
    }
