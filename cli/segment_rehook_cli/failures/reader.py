"""A queue, read once from start to end, in portions.

SQS hides a message that it hands out, and its receipt is valid while the message is hidden. So a
portion is small enough to be dealt with before it shows again. Messages that stay in the queue stay
hidden until the reading ends; otherwise SQS would hand them out again instead of those behind
them. A message that is handed out twice all the same is recognised by its id. The reading ends when
SQS hands out no more messages, or a long run of messages that were read before or came after the
start.

Lambda reads the dead-letter queue at the same time. So this one is read for a short time only, and
its messages are hidden for a short time: also if this process is killed, they are visible again
after that. A message that is hidden holds back its group, so no order changes. The messages of a
group are made visible from the last one to the first one, so that SQS hands out none of them before
all are visible. A message that waits for its next try is hidden, so it can't be read, nor can those
behind it in its group.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from segment_rehook.delivery.ports import Clock
from segment_rehook.delivery.queues.transport import MAX_BATCH_ENTRIES
from segment_rehook_cli.failures.held_messages import HeldMessages
from segment_rehook_cli.failures.holding import Holding
from segment_rehook_cli.failures.message import FailedMessage, QueueName
from segment_rehook_cli.failures.refusals import Refusals
from segment_rehook_cli.stack.aws_errors import describe_error
from segment_rehook_cli.stack.botocore_errors import aws_error_classes

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["MAX_PORTION_MESSAGES", "QueueReader"]

MAX_PORTION_MESSAGES: Final = 500
MAX_PORTION_BYTES: Final = 64 * 1024 * 1024
# How long a call waits for a message. A call that does not wait asks only some of SQS's servers.
POLL_SECONDS: Final = 1
# After so many empty answers in a row the queue counts as empty.
MAX_EMPTY_POLLS: Final = 2
MAX_HIDDEN_SECONDS: Final = 43_000
# So many messages that are not new do not end the reading of a small queue.
MIN_STALE_MESSAGES: Final = 100


class QueueReader:
    """One reading of a queue.

    `started_at` is SQS's time when it began, in seconds since 1970. `expected` is about how many
    messages the queue held then, and `hidden` how many of them were hidden. `hidden_seconds` is for
    how long a message that is read stays hidden. `held_until` is when the current portion shows
    again, by the clock's `monotonic`. `out_of_time`: the reading ended before the queue was empty.
    `portion` is how many messages a portion has at most. The constructor raises what boto3 raises;
    later errors are added to `refusals`.
    """

    def __init__(
        self,
        client: SQSClient,
        url: str,
        clock: Clock,
        refusals: Refusals,
        *,
        name: QueueName = QueueName.PARKED,
        holding: Holding | None = None,
        portion: int = MAX_PORTION_MESSAGES,
    ) -> None:
        self.name = name
        self._client = client
        self._url = url
        self._clock = clock
        self._refusals = refusals
        self._portion_messages = portion
        holding = holding or Holding()
        self.expected, self.hidden, self.started_at = self._count()
        wanted = holding.hidden + int(self.expected * holding.per_message)
        self.hidden_seconds = min(wanted, MAX_HIDDEN_SECONDS)
        self.held_until = 0.0
        self.out_of_time = False
        self._reading = holding.reading
        self._last_read = float("inf")
        self._held = HeldMessages(client, url, refusals)
        self._seen: set[str] = set()
        # How many messages of the start were read; how many messages in a row were not new; how
        # many answers in a row were empty.
        self._due = self._stale = self._empty = 0
        self._ended = False
        # By group: messages at the end of an answer that was full. There may be more of the group,
        # which SQS gives out only after these.
        self._cut: dict[str, list[FailedMessage]] = {}
        self._opened = False

    @property
    def left(self) -> int:
        """How many of the messages that were read are still in the queue."""
        return len(self._held)

    @property
    def due(self) -> int:
        """How many messages were read that were in the queue at the start."""
        return self._due

    def unread(self) -> int:
        """Return about how many messages could not be read.

        It is the smaller of two estimates, from the count at the start and from the count now: SQS
        counts approximately. An interruption ends the counting, and nothing else: the caller is at
        its summary.
        """
        now = self.expected
        with suppress(KeyboardInterrupt, *aws_error_classes()):
            now, _, _ = self._count()
        return max(min(self.expected - self._due, now - self.left), 0)

    def portions(self) -> Iterator[list[FailedMessage]]:
        """Read all messages; each portion is sorted by age, oldest first.

        A portion must be dealt with before `held_until`. A message that is neither deleted nor made
        visible stays hidden until `close`.
        """
        if self._reading is not None:
            self._last_read = self._clock.monotonic() + self._reading
        while portion := self._portion():
            yield sorted(portion, key=lambda each: each.message.sent_at)

    def delete(self, messages: Sequence[FailedMessage], consequence: str) -> int:
        """Delete messages and return how many SQS deleted; see `HeldMessages.delete`."""
        deleted = self._held.delete(messages, consequence)
        self._ended |= self._held.delete_failed
        self._poll_again()
        return deleted

    def make_visible(self, messages: Sequence[FailedMessage]) -> None:
        """Make messages visible at once, so that they are read again as new."""
        self._held.show(messages, self.hidden_seconds)
        self._held.forget(messages)
        self._seen.difference_update(each.id for each in messages)
        self._due -= len(messages)
        self._poll_again()

    def close(self) -> None:
        """Make visible every message that was read and not deleted."""
        self._held.show_all(self.hidden_seconds)

    def _poll_again(self) -> None:
        """Poll at least once more: messages behind these in their groups can be read now."""
        self._empty = min(self._empty, MAX_EMPTY_POLLS - 1)

    def _portion(self) -> list[FailedMessage]:
        found: list[FailedMessage] = []
        size = 0
        start = self._clock.monotonic()
        while not self._ended and (self._empty < MAX_EMPTY_POLLS or self._opened_cut_group()):
            asked = self._clock.monotonic()
            late = asked > start + self.hidden_seconds / 4
            room = self._portion_messages - len(found)
            if found and (late or room <= 0 or size >= MAX_PORTION_BYTES):
                break
            if asked >= self._last_read:
                self._ended = self.out_of_time = True
                break
            batch = self._receive(most := min(room, MAX_BATCH_ENTRIES))
            self._note_cut_group(batch, most)
            new = [each for each in batch if each.id not in self._seen]
            due = sum(each.message.sent_at <= self.started_at for each in new)
            self._held.add(batch)
            self._seen |= {each.id for each in new}
            self._due += due
            self._empty = 0 if batch else self._empty + 1
            if self._opened:  # one answer has all that SQS gives of the group
                self._opened, self._empty = False, MAX_EMPTY_POLLS
            self._stale = 0 if due else self._stale + len(batch)
            if self._stale > max(self._due, MIN_STALE_MESSAGES):
                self._ended = True
            if not found:
                self.held_until = asked + self.hidden_seconds
            found += new
            size += sum(len(each.message.body) for each in new)
        return found

    def _note_cut_group(self, batch: Sequence[FailedMessage], most: int) -> None:
        """Remember the last group of a full answer, unless the answer has no other group."""
        if self._reading is None or len(batch) < most:
            return
        last = batch[-1].message.group
        part = [each for each in batch if each.message.group == last]
        if len(part) < len(batch):
            self._cut[last] = part

    def _opened_cut_group(self) -> bool:
        """Make one group that was cut off visible, so that SQS gives its first ten messages."""
        if not self._cut or self._due + self.hidden >= self.expected:
            return False
        _, part = self._cut.popitem()
        self._held.show(part, self.hidden_seconds)
        self._opened = True
        return True

    def _receive(self, most: int) -> list[FailedMessage]:
        try:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=most,
                VisibilityTimeout=self.hidden_seconds,
                WaitTimeSeconds=POLL_SECONDS,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
                # If the answer is lost and the call is repeated, SQS gives the same messages.
                ReceiveRequestAttemptId=uuid.uuid4().hex,
            )
        except aws_error_classes() as error:
            self._refusals.add("ReceiveMessage", describe_error(error), messages=0)
            self._ended = True
            return []
        return [FailedMessage.from_sqs(self.name, raw) for raw in answer.get("Messages", [])]

    def _count(self) -> tuple[int, int, float]:
        """Return about how many messages the queue holds, how many are hidden, and SQS's time."""
        answer = self._client.get_queue_attributes(
            QueueUrl=self._url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        attributes = answer["Attributes"]
        hidden = int(attributes["ApproximateNumberOfMessagesNotVisible"])
        number = int(attributes["ApproximateNumberOfMessages"]) + hidden
        return number, hidden, _time_at_sqs(answer, self._clock.now())


def _time_at_sqs(answer: Any, otherwise: float) -> float:
    """Return the end of the second in the answer's Date: this machine's clock may be wrong."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp() + 1
    except ValueError:
        return otherwise
