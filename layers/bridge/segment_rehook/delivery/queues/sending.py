"""Sending messages to SQS: whole requests' worth at once, each user's in their order.

A call takes ten messages, and SQS may take some and refuse others. So a call holds one message of
a user at most, and a user's next one is sent when the last was taken: a refusal then stops that
user and nobody else. Only where a user has so many that this can't end in time, ten of theirs go
in one call; if SQS then takes a later one and refuses an earlier one, those two change places
(counted as `OutOfOrder`).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segment_rehook.delivery.ports import QueueUnavailable
from segment_rehook.delivery.queues.transport import MAX_BATCH_ENTRIES, MAX_MESSAGE_BYTES, Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segment_rehook.delivery.ports import Queue, Telemetry

# What one call may take, in seconds: a first guess, for judging what fits into a budget.
CALL_SECONDS = 0.03
MAX_TRIES = 2


@dataclass(slots=True)
class Line:
    """One user's messages in order, and which of them SQS has taken."""

    messages: Sequence[Outgoing]
    taken: list[bool] = field(init=False)
    stopped: bool = False

    def __post_init__(self) -> None:
        self.taken = [False] * len(self.messages)

    @property
    def waiting(self) -> int:
        """How many are still to be sent."""
        return 0 if self.stopped else self.taken.count(False)


Entry = tuple[Line, int]


@dataclass(slots=True)
class Sender:
    """Sends lines of messages to one queue. `senders`: calls that are made side by side."""

    queue: Queue
    telemetry: Telemetry
    senders: int = 8

    def seconds_for(self, waiting: int, longest: int) -> float:
        """What storing `waiting` messages may take, `longest` of them one user's."""
        calls = waiting / MAX_BATCH_ENTRIES / self.senders
        return CALL_SECONDS * max(calls, longest / MAX_BATCH_ENTRIES)

    def send(self, lines: Sequence[Line], time_left: Callable[[], float]) -> None:
        """Send them all, or as many as the time allows; each line then says what was taken."""
        while time_left() > 0 and (open_lines := [line for line in lines if line.waiting]):
            calls = _calls(open_lines, time_left())
            if len(calls) == 1:
                self._call(calls[0])
                continue
            with ThreadPoolExecutor(self.senders) as pool:
                list(pool.map(lambda call: self._call(call) if time_left() > 0 else None, calls))

    def send_one(self, message: Outgoing) -> bool:
        """Send one message; False where it is not known to be taken."""
        line = Line([message])
        if not message.too_large:
            self._call([(line, 0)])
        return line.taken[0]

    def _call(self, call: list[Entry]) -> None:
        """Send up to ten, and once more what was not taken; then stop the lines that are left."""
        for _ in range(MAX_TRIES):
            try:
                answer = self.queue.send([line.messages[index] for line, index in call])
            except QueueUnavailable:
                continue  # what it may have taken all the same is recognised by its dedupe id
            for (line, index), was_taken in zip(call, answer, strict=True):
                line.taken[index] = was_taken
            call = [(line, index) for line, index in call if not line.taken[index]]
            if any(True in line.taken[index:] for line, index in call):
                self.telemetry.count("OutOfOrder")
            if not call:
                return
        for line, _ in call:
            line.stopped = True


def _calls(lines: list[Line], seconds: float) -> list[list[Entry]]:
    """The next calls: one message a line, or more where one at a time would take too long."""
    longest = max(line.waiting for line in lines)
    room = max(MAX_BATCH_ENTRIES // len(lines), 1) if longest * CALL_SECONDS > seconds else 1
    calls: list[list[Entry]] = [[]]
    size = 0
    for line in lines:
        first = line.taken.index(False)
        for index in range(first, min(first + room, len(line.messages))):
            bytes_ = line.messages[index].size()
            if line.messages[index].too_large:
                line.stopped = True  # SQS would refuse the whole call
                break
            if calls[-1] and (
                len(calls[-1]) == MAX_BATCH_ENTRIES or size + bytes_ > MAX_MESSAGE_BYTES
            ):
                if index > first:
                    break  # one line's messages never go in two calls side by side
                calls.append([])
                size = 0
            calls[-1].append((line, index))
            size += bytes_
    return [call for call in calls if call]
