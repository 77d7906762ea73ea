"""Sending parked messages back to the dead-letter queue, portion by portion.

A message is sent first and then deleted. If it is sent and not deleted, the next run sends it
again, and the ledger recognises the duplicate. Each message goes into its user's group, in order.
If SQS does not take a message, the user's later messages are held back, in later portions too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from segment_rehook.aws.sqs import batch_entry
from segment_rehook.delivery import ids
from segment_rehook.delivery.ports import Clock, QueueUnavailable
from segment_rehook.delivery.queues.sending import MAX_TRIES, Sender, UserMessages
from segment_rehook.delivery.queues.transport import Outgoing
from segment_rehook_cli.failures.message import FailedMessage
from segment_rehook_cli.failures.reader import QueueReader
from segment_rehook_cli.failures.refusals import Refusals
from segment_rehook_cli.stack.aws_errors import describe_code, describe_error
from segment_rehook_cli.stack.botocore_errors import aws_error_classes

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["DeadLetterQueue", "SendingBack"]

# Of the time that a portion is hidden, so much is kept for deleting what was sent.
DELETE_SECONDS: Final = 60
NOT_DELETED: Final = (
    "sent back, but not deleted from the parking lot (the ledger recognises the copies)"
)
NOT_SENT: Final = "not sent back"


class DeadLetterQueue:
    """The port `Queue`, for sending only. It remembers why SQS did not take a message."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url
        self._why: dict[str, str] = {}
        self._failed_calls = 0
        self._last_failure = ""

    @property
    def broken(self) -> bool:
        """Whether so many calls failed in a row that no further call is made."""
        return self._failed_calls >= MAX_TRIES

    def send(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Send with one SendMessageBatch; see `Queue.send`."""
        entries = [batch_entry(str(number), each) for number, each in enumerate(messages)]
        try:
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        except aws_error_classes() as error:
            self._failed_calls += 1
            self._last_failure = describe_error(error)
            self._why |= dict.fromkeys((each.dedupe for each in messages), self._last_failure)
            raise QueueUnavailable(self._last_failure) from error
        self._failed_calls = 0
        for failed in answer.get("Failed", []):
            self._why[messages[int(failed["Id"])].dedupe] = describe_code(failed["Code"])
        taken = {entry["Id"] for entry in answer.get("Successful", [])}
        return [entry["Id"] in taken for entry in entries]

    def change_visibility(self, delays: Mapping[str, int]) -> set[str]:
        """Return all receipts as refused: nothing is received from this queue."""
        return set(delays)

    def why_not(self, message: Outgoing) -> str | None:
        """Return why SQS did not take the message; None if the message was not sent to SQS."""
        if message.too_large:
            return "the message is larger than SQS takes"
        return self._why.get(message.dedupe, self._last_failure if self.broken else None)


@dataclass(slots=True)
class SendingBack:
    """One run of the command `failures redrive`.

    `chosen` decides whether a message is sent back. With `stored`, the stored request is delivered
    as it is; without, the event is mapped again. Messages that were parked after `parked_before`,
    in seconds since 1970, are left. `rate`: how many are sent in a second at most, None for no
    limit. The other members count messages: `sent`; `foreign`, not written by the bridge; `late`,
    parked too late; `behind`, held back, since an earlier message of the user was not sent.
    `out_of_order` counts calls in which SQS took a user's later message and not an earlier one.
    """

    reader: QueueReader
    target: DeadLetterQueue
    clock: Clock
    refusals: Refusals
    chosen: Callable[[FailedMessage], bool]
    parked_before: float
    stored: bool = False
    rate: float | None = None
    sent: int = 0
    foreign: int = 0
    late: int = 0
    behind: int = 0
    out_of_order: int = 0
    _stopped: set[str] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        """Whether every chosen message that was read was sent back and deleted."""
        return not (self.refusals or self.behind)

    def run(self, progress: Callable[[int], None]) -> None:
        """Send back all chosen messages.

        `progress` is called after each portion, with the number of messages that are sent back or
        left. However the run ends, messages that SQS took are deleted and the others become visible
        again. Raises KeyboardInterrupt if the person interrupts it.
        """
        done = 0
        try:
            for portion in self.reader.portions():
                begun, before = self.clock.monotonic(), self.sent
                go_on = self._send_back(self._by_user(portion))
                done += len(portion)
                progress(done)
                if not go_on:
                    return
                self._keep_rate(self.sent - before, begun)
        finally:
            self.reader.close()

    def _keep_rate(self, sent: int, begun: float) -> None:
        if self.rate is not None:
            self.clock.sleep(max(begun + sent / self.rate - self.clock.monotonic(), 0.0))

    def count(self, metric: str, value: int = 1) -> None:
        """Count what `Sender` counts, as its port `Counts`: OutOfOrder only."""
        del metric
        self.out_of_order += value

    def notes(self) -> Iterator[str]:
        """Return a line for each AWS error, and for each reason why messages were not sent."""
        yield from self.refusals.lines()
        for count, text in (
            (self.behind, "not sent back, because an earlier message of the same user was not"),
            (self.foreign, "left, because this bridge did not write them"),
            (self.late, "left, because they were parked after this command began"),
            (
                self.out_of_order,
                "calls in which SQS took a user's later message but not an earlier one",
            ),
        ):
            if count:
                yield f"{text}: {count}"

    def _by_user(self, portion: Sequence[FailedMessage]) -> dict[str, list[FailedMessage]]:
        """Return the messages to send, by user and in order, and count the others."""
        users: dict[str, list[FailedMessage]] = {}
        for each in portion:
            header = each.header
            if header is None:
                self.foreign += 1
            elif not self.chosen(each):
                continue
            elif each.message.sent_at > self.parked_before:
                # It may be one that this run sent back and that was given up again.
                self.late += 1
            elif header.user in self._stopped:
                self.behind += 1
            else:
                users.setdefault(header.user, []).append(each)
        return users

    def _send_back(self, users: Mapping[str, Sequence[FailedMessage]]) -> bool:
        """Send and delete; return whether the next portion can be sent."""
        lines = {
            user: UserMessages([_outgoing(each, stored=self.stored) for each in messages])
            for user, messages in users.items()
        }
        taken: list[FailedMessage] = []
        try:
            Sender(self.target, self).send(list(lines.values()), self._time_left)
        finally:
            for user, line in lines.items():
                pairs = zip(users[user], line.taken, strict=True)
                taken += [each for each, was_taken in pairs if was_taken]
            self.sent += self.reader.delete(taken, NOT_DELETED)
        waiting: list[FailedMessage] = []
        for user, line in lines.items():
            if line.stopped or self.target.broken:
                self._stopped.add(user)
                self._count_refused(line)
            else:
                waiting += users[user][line.taken.count(True) :]
        if waiting and not taken:
            self.refusals.add("SendMessageBatch", "too slow", NOT_SENT, len(waiting))
            return False
        if waiting:
            self.reader.make_visible(waiting)
        return not self.target.broken

    def _count_refused(self, line: UserMessages) -> None:
        for message, was_taken in zip(line.messages, line.taken, strict=True):
            if was_taken:
                continue
            if why := self.target.why_not(message):
                self.refusals.add("SendMessageBatch", why, NOT_SENT)
            else:
                self.behind += 1

    def _time_left(self) -> float:
        if self.target.broken:
            return 0.0
        return self.reader.held_until - DELETE_SECONDS - self.clock.monotonic()


def _outgoing(parked: FailedMessage, *, stored: bool) -> Outgoing:
    if parked.header is None:
        raise ValueError("a message that the bridge did not write can't be sent back")
    header = replace(parked.header, resend=stored)
    return Outgoing(
        group=header.user,
        dedupe=ids.sent_back_dedupe(parked.id),
        body=parked.message.body,
        attributes=header.attributes(),
    )
