"""Sends the messages of many users to SQS, and keeps each user's messages in order.

A call takes up to ten messages, and SQS may take some of them and refuse others. So a call holds
at most one message of a user, and the user's next message is sent after SQS has taken the one
before: a refusal then stops that user and no other. Where a user has so many messages that this
would take longer than the time allows, a call holds up to ten of that user's messages. If SQS then
takes a later one and refuses an earlier one, the two change places (counted as `OutOfOrder`).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segment_rehook.delivery.ports import QueueUnavailable
from segment_rehook.delivery.queues.transport import MAX_BATCH_ENTRIES, MAX_MESSAGE_BYTES, Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segment_rehook.delivery.ports import Counts, Queue

# How long one call is assumed to take, for estimates of what fits into the time that is left.
CALL_SECONDS = 0.03
# How often one call is made at most.
MAX_TRIES = 2


@dataclass(slots=True)
class UserMessages:
    """One user's messages in order, and which of them SQS has taken.

    `stopped`: one was refused, or is too large, so those behind it are not sent.
    """

    messages: Sequence[Outgoing]
    taken: list[bool] = field(init=False)
    stopped: bool = False

    def __post_init__(self) -> None:
        self.taken = [False] * len(self.messages)

    @property
    def waiting(self) -> int:
        """How many are still to be sent."""
        return 0 if self.stopped else self.taken.count(False)


_Entry = tuple[UserMessages, int]


@dataclass(slots=True)
class Sender:
    """Sends users' messages to one queue. `senders`: calls that are made side by side."""

    queue: Queue
    telemetry: Counts
    senders: int = 8

    def seconds_for(self, waiting: int, longest: int) -> float:
        """Estimate how long sending takes: `waiting` messages, at most `longest` of one user."""
        calls = waiting / MAX_BATCH_ENTRIES / self.senders
        return CALL_SECONDS * max(calls, longest / MAX_BATCH_ENTRIES)

    def send(self, users: Sequence[UserMessages], time_left: Callable[[], float]) -> None:
        """Send all messages, or as many as the time allows (seconds), and set their `taken`."""
        while time_left() > 0 and (unfinished := [user for user in users if user.waiting]):
            calls = _calls(unfinished, time_left())
            if len(calls) == 1:
                self._call(calls[0])
                continue
            with ThreadPoolExecutor(self.senders) as pool:
                list(pool.map(lambda call: self._call(call) if time_left() > 0 else None, calls))

    def send_one(self, message: Outgoing) -> bool:
        """Send one message; False where it is not known whether SQS has taken it."""
        user = UserMessages([message])
        if not message.too_large:
            self._call([(user, 0)])
        return user.taken[0]

    def _call(self, call: list[_Entry]) -> None:
        """Send up to ten messages, and those not taken once more; then stop their users."""
        for _ in range(MAX_TRIES):
            try:
                answer = self.queue.send([user.messages[index] for user, index in call])
            except QueueUnavailable:
                continue  # the deduplication ids tell SQS what it has taken already
            for (user, index), was_taken in zip(call, answer, strict=True):
                user.taken[index] = was_taken
            call = [(user, index) for user, index in call if not user.taken[index]]
            if any(True in user.taken[index:] for user, index in call):
                self.telemetry.count("OutOfOrder")
            if not call:
                return
        for user, _ in call:
            user.stopped = True


def _calls(users: list[UserMessages], seconds: float) -> list[list[_Entry]]:
    """Fill the next calls: one message a user, or more where that would take too long."""
    longest = max(user.waiting for user in users)
    room = max(MAX_BATCH_ENTRIES // len(users), 1) if longest * CALL_SECONDS > seconds else 1
    calls: list[list[_Entry]] = [[]]
    size = 0
    for user in users:
        first = user.taken.index(False)
        for index in range(first, min(first + room, len(user.messages))):
            bytes_ = user.messages[index].size()
            if user.messages[index].too_large:
                user.stopped = True  # SQS would refuse the whole call
                break
            if calls[-1] and (
                len(calls[-1]) == MAX_BATCH_ENTRIES or size + bytes_ > MAX_MESSAGE_BYTES
            ):
                if index > first:
                    break  # one user's messages never go in two calls side by side
                calls.append([])
                size = 0
            calls[-1].append((user, index))
            size += bytes_
    return [call for call in calls if call]
