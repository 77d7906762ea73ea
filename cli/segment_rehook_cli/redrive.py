"""Sending given-up messages back to a dead-letter queue, portion by portion.

A message is sent first and deleted then. What is sent back and not deleted is sent back once more
with the next run, and recognised by the ledger. Each goes into its user's group, in order: one that
SQS does not take holds back its user's later ones, in later portions too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from segment_rehook.aws.errors import AWS_ERRORS
from segment_rehook.aws.sqs import batch_entry
from segment_rehook.delivery import ids
from segment_rehook.delivery.ports import Clock, QueueUnavailable
from segment_rehook.delivery.queues.message import Header
from segment_rehook.delivery.queues.sending import MAX_TRIES, Sender, UserMessages
from segment_rehook.delivery.queues.transport import Outgoing
from segment_rehook_cli.aws_errors import what_is_wrong, with_advice
from segment_rehook_cli.lot import Lot, ParkedMessage
from segment_rehook_cli.refusals import Refusals

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["Redrive", "Target"]

# Seconds of a portion's hiding that are kept for deleting what was sent.
FOR_DELETING: Final = 60
NOT_DELETED: Final = "sent back, and still parked too (harmless: the ledger knows them)"
NOT_SENT: Final = "not sent back"


class Target:
    """The port `Queue` as far as sending goes; it remembers why SQS did not take a message."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url
        self._why: dict[str, str] = {}
        self._failed_calls = 0
        self._last_failure = ""

    @property
    def broken(self) -> bool:
        """Whether whole calls fail one after the other: no other message will fare better."""
        return self._failed_calls >= MAX_TRIES

    def send(self, messages: Sequence[Outgoing]) -> list[bool]:
        """One SendMessageBatch, as `Queue.send`."""
        entries = [batch_entry(str(number), each) for number, each in enumerate(messages)]
        try:
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        except AWS_ERRORS as error:
            self._failed_calls += 1
            self._last_failure = what_is_wrong(error)
            self._why |= dict.fromkeys((each.dedupe for each in messages), self._last_failure)
            raise QueueUnavailable(self._last_failure) from error
        self._failed_calls = 0
        for failed in answer.get("Failed", []):
            self._why[messages[int(failed["Id"])].dedupe] = with_advice(failed["Code"])
        taken = {entry["Id"] for entry in answer.get("Successful", [])}
        return [entry["Id"] in taken for entry in entries]

    def change_visibility(self, delays: Mapping[str, int]) -> set[str]:
        """Nothing is received from this side, so no receipt is good."""
        return set(delays)

    def why_not(self, message: Outgoing) -> str | None:
        """Why SQS did not take the message; None where it was not asked."""
        if message.too_large:
            return "the message is larger than SQS takes"
        return self._why.get(message.dedupe, self._last_failure if self.broken else None)


@dataclass(slots=True)
class Redrive:
    """One run. `chosen` says of a message whether it is to be sent back.

    `stored`: have the stored request sent as it is, and not the event mapped anew.
    """

    lot: Lot
    target: Target
    clock: Clock
    refusals: Refusals
    chosen: Callable[[Header], bool]
    stored: bool = False
    sent: int = 0
    foreign: int = 0
    late: int = 0
    behind: int = 0
    out_of_order: int = 0
    _stopped: set[str] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        """Whether all was done of what was read and chosen."""
        return not (self.refusals or self.behind)

    def run(self, progress: Callable[[int], None]) -> None:
        """Send back all that is chosen; `progress` is told how many messages are dealt with.

        However it ends (`KeyboardInterrupt` is let through): what was taken is deleted, and what is
        left shows again.
        """
        dealt_with = 0
        try:
            for portion in self.lot.portions():
                users = self._by_user(portion)
                if not self._send_back(users):
                    return
                dealt_with += len(portion)
                progress(dealt_with)
        finally:
            self.lot.close()

    def notes(self) -> Iterator[str]:
        """What a person should know of what was left, a line for each kind."""
        yield from self.refusals.lines()
        for count, text in (
            (self.behind, "not sent back, as an earlier message of the user was not"),
            (self.foreign, "left, as they are no messages of this bridge"),
            (self.late, "left, as they were parked after this command began"),
            (self.out_of_order, "calls took a user's later message and not an earlier one"),
        ):
            if count:
                yield f"{text}: {count}"

    def _by_user(self, portion: Sequence[ParkedMessage]) -> dict[str, list[ParkedMessage]]:
        """What is to be sent of a portion, each user's in order; what is not is counted."""
        users: dict[str, list[ParkedMessage]] = {}
        for each in portion:
            header = each.header
            if header is None:
                self.foreign += 1
            elif not self.chosen(header):
                continue
            elif each.message.sent_at > self.lot.began:
                # Perhaps one that was sent back just now, and was given up again.
                self.late += 1
            elif header.user in self._stopped:
                self.behind += 1
            else:
                users.setdefault(header.user, []).append(each)
        return users

    def _send_back(self, users: Mapping[str, Sequence[ParkedMessage]]) -> bool:
        """Send and delete; whether it makes sense to go on."""
        lines = {
            user: UserMessages([_outgoing(each, stored=self.stored) for each in messages])
            for user, messages in users.items()
        }
        taken: list[ParkedMessage] = []
        try:
            Sender(self.target, _Telemetry(self)).send(list(lines.values()), self._time_left)
        finally:
            for user, line in lines.items():
                pairs = zip(users[user], line.taken, strict=True)
                taken += [each for each, was_taken in pairs if was_taken]
            self.sent += self.lot.delete(taken, NOT_DELETED)
        waiting: list[ParkedMessage] = []
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
            self.lot.forget(waiting)
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
        return self.lot.held_until - FOR_DELETING - self.clock.monotonic()


@dataclass(slots=True)
class _Telemetry:
    """The port `Telemetry`, for the one thing that `Sender` counts."""

    run: Redrive

    def outcome(self, line: Mapping[str, str | int | float | None]) -> None:
        """Nothing comes of an event here."""

    def warn(self, message: str, **fields: str | float | None) -> None:
        """`Sender` warns of nothing."""

    def count(self, _metric: str, value: int = 1) -> None:
        """OutOfOrder."""
        self.run.out_of_order += value


def _outgoing(parked: ParkedMessage, *, stored: bool) -> Outgoing:
    if parked.header is None:
        raise ValueError("only messages of this bridge are sent back")
    header = replace(parked.header, resend=stored)
    return Outgoing(
        group=header.user,
        dedupe=ids.sent_back_dedupe(parked.message.message_id),
        body=parked.message.body,
        attributes=header.attributes(),
    )
