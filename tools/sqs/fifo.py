"""An SQS FIFO queue in memory, whatever its messages are made of.

Time is the caller's: SQS has clocks of its own. Sources: the SQS developer guide on FIFO queues
(deduplication interval, message groups), on the visibility time-out, on dead-letter queues and on
message-move tasks; the API reference of each operation.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

Content = TypeVar("Content")

DEDUPE_SECONDS = 300.0
LONGEST_INVISIBLE = 43_200.0

CHANGED = threading.Condition()
"""Held by every operation on every queue, for some touch two; notified when a message is added or
shown."""

_numbers = itertools.count(1)


@dataclass(slots=True, eq=False)
class Stored(Generic[Content]):
    """A message at rest. `hidden_until` is in the past while it is visible. Times in seconds.

    `source`: the queue whose redrive policy moved it here, None where it was sent here.
    """

    message_id: str
    number: int
    group: str
    dedupe: str
    message: Content
    sent_at: float
    source: FifoQueue[Content] | None = None
    receive_count: int = 0
    receipt: str | None = None
    first_received_at: float = 0.0
    received_at: float = 0.0
    hidden_until: float = 0.0


@dataclass(kw_only=True, eq=False)
class FifoQueue(Generic[Content]):
    """Takes messages in, hands them out, hides, deletes, expires, redrives.

    `now` gives SQS's time; `visibility` and `retention` are in seconds. A message received
    `max_receives` times goes to `parking` instead of being received once more. `per_group`:
    whether a deduplication id counts within its group only (DeduplicationScope: messageGroup).
    """

    now: Callable[[], float]
    visibility: float = 360.0
    retention: float = 864_000.0
    max_receives: int | None = None
    parking: FifoQueue[Content] | None = None
    per_group: bool = True
    expired: list[Stored[Content]] = field(default_factory=list)
    """What SQS deleted silently because it was too old."""
    _messages: OrderedDict[str, Stored[Content]] = field(default_factory=OrderedDict)
    _groups: dict[str, list[Stored[Content]]] = field(default_factory=dict)
    _unlocks: list[tuple[float, int, str]] = field(default_factory=list)
    """A heap: when each group can be received next. Entries may be out of date."""
    _receipts: dict[str, Stored[Content]] = field(default_factory=dict)
    _deleted: set[str] = field(default_factory=set)
    _seen: dict[tuple[str, str], float] = field(default_factory=dict)

    def add(
        self,
        group: str,
        dedupe: str,
        message: Content,
        *,
        message_id: str | None = None,
        source: FifoQueue[Content] | None = None,
        receive_count: int = 0,
    ) -> None:
        """Take one message in, or drop it where its deduplication id is not five minutes old.

        SQS remembers the id whatever became of its message, and says that it took the second one.
        """
        with CHANGED:
            now, number = self.now(), next(_numbers)
            key = (group if self.per_group else "", dedupe)
            if now - self._seen.get(key, float("-inf")) < DEDUPE_SECONDS:
                return
            self._seen[key] = now
            id_ = message_id or str(uuid.UUID(int=number))
            self._messages[id_] = stored = Stored(
                id_, number, group, dedupe, message, now, source, receive_count
            )
            if group in self._groups:
                self._groups[group].append(stored)
            else:
                self._groups[group] = [stored]
                self._schedule(group)
            CHANGED.notify_all()

    def take(self, most: int = 10, visibility: float | None = None) -> list[Stored[Content]]:
        """ReceiveMessage: in order per group, none of a group that has a message in flight."""
        hidden = self.visibility if visibility is None else visibility
        with CHANGED:
            self._expire()
            taken: list[Stored[Content]] = []
            visited: list[str] = []
            while len(taken) < most and (group := self._next_group(visited)) is not None:
                visited.append(group)
                for stored in list(self._groups[group]):
                    if len(taken) == most:
                        break
                    if self.max_receives is not None and stored.receive_count >= self.max_receives:
                        self._park(stored)
                    else:
                        self._hand_out(stored, hidden)
                        taken.append(stored)
            # Only now: what is hidden for no time is handed out once in an answer all the same.
            for each in visited:
                self._schedule(each)
            return taken

    def holds(self, receipt: str) -> bool:
        """Whether a receipt is good: on a FIFO queue it dies with its visibility."""
        with CHANGED:
            self._expire()
            return self._held(receipt) is not None

    def hide(self, receipt: str, seconds: float) -> bool:
        """ChangeMessageVisibility; False where SQS refuses: 12 hours count from the receive."""
        with CHANGED:
            self._expire()
            stored, now = self._held(receipt), self.now()
            if stored is None or seconds < 0:
                return False
            if now + seconds > stored.received_at + LONGEST_INVISIBLE:
                return False
            self._hide_until(stored, now + seconds)
            return True

    def delete(self, receipt: str) -> bool:
        """DeleteMessage: False where the receipt is not good. A second time changes nothing."""
        with CHANGED:
            self._expire()
            stored = self._held(receipt)
            if stored is not None:
                self._remove(stored)
                self._deleted.add(receipt)
            return receipt in self._deleted

    def stored(self) -> list[Stored[Content]]:
        """All that rests here, in flight or not, in the order of arrival."""
        with CHANGED:
            self._expire()
            return list(self._messages.values())

    def depth(self) -> int:
        """How many messages rest here, in flight or not; costs nothing, however many."""
        with CHANGED:
            self._expire()
            return len(self._messages)

    def in_flight(self) -> list[Stored[Content]]:
        """What was received and is hidden, in the order of arrival."""
        with CHANGED:
            self._expire()
            hidden = [stored for stored in self._receipts.values() if self._in_flight(stored)]
            return sorted(hidden, key=lambda stored: stored.number)

    def next_visible(self) -> float | None:
        """Seconds until something can be received: 0 now, None never (the queue is empty)."""
        with CHANGED:
            self._expire()
            unlocks = [self._unlock(group) for group in self._groups]
            return max(0.0, min(unlocks) - self.now()) if unlocks else None

    def move_to(self, target: FifoQueue[Content] | None = None, most: int | None = None) -> int:
        """SQS's own redrive (StartMessageMoveTask): what is visible here, in order, how many moved.

        New message id, new sent time, receive count 0; body, attributes, group and deduplication id
        stay, and the target's deduplication applies. Without a target each message goes where the
        redrive policy took it from; raises LookupError at the first that was sent here directly.
        """
        with CHANGED:
            visible = [stored for stored in self.stored() if not self._in_flight(stored)][:most]
            for stored in visible:
                to = target or stored.source
                if to is None:
                    raise LookupError("CouldNotDetermineMessageSource")
                to.add(stored.group, stored.dedupe, stored.message)
                self._remove(stored)
            return len(visible)

    def hasten(self, finished: Mapping[str, int] | None) -> int:
        """Show what is hidden, as if its time were over; how many messages.

        `finished`: up to which receive a consumer is done with a message, by id; what it has
        received since stays in its hand. None: there is no consumer.
        """
        with CHANGED:
            waiting = [
                stored
                for stored in self.in_flight()
                if finished is None or stored.receive_count <= finished.get(stored.message_id, 0)
            ]
            for stored in waiting:
                self._hide_until(stored, self.now())
            return len(waiting)

    def empty(self) -> None:
        """PurgeQueue: forget every message. Deduplication ids stay used up."""
        with CHANGED:
            for forgotten in (self._messages, self._groups, self._unlocks, self._receipts):
                forgotten.clear()

    def _hide_until(self, stored: Stored[Content], when: float) -> None:
        stored.hidden_until = when
        self._schedule(stored.group)
        CHANGED.notify_all()

    def _hand_out(self, stored: Stored[Content], hidden: float) -> None:
        now = self.now()
        if stored.receipt is not None:
            del self._receipts[stored.receipt]
        stored.receive_count += 1
        stored.receipt = f"receipt-{next(_numbers)}"
        stored.first_received_at = stored.first_received_at or now
        stored.received_at, stored.hidden_until = now, now + hidden
        self._receipts[stored.receipt] = stored

    def _park(self, stored: Stored[Content]) -> None:
        """The redrive policy: same message id and count; a FIFO queue sets the sent time anew."""
        if self.parking is None:
            raise ValueError("max_receives without a parking queue")
        self._remove(stored)
        self.parking.add(
            stored.group,
            stored.dedupe,
            stored.message,
            message_id=stored.message_id,
            source=self,
            receive_count=stored.receive_count,
        )

    def _remove(self, stored: Stored[Content]) -> None:
        del self._messages[stored.message_id]
        if stored.receipt is not None:
            del self._receipts[stored.receipt]
        group = self._groups[stored.group]
        group.remove(stored)
        if not group:
            del self._groups[stored.group]
        self._schedule(stored.group)
        CHANGED.notify_all()

    def _held(self, receipt: str) -> Stored[Content] | None:
        stored = self._receipts.get(receipt)
        return stored if stored is not None and self._in_flight(stored) else None

    def _next_group(self, visited: Collection[str]) -> str | None:
        """A group with no message in flight, the one that could be received the longest."""
        while self._unlocks and self._unlocks[0][0] <= self.now():
            _, _, group = heapq.heappop(self._unlocks)
            if group in visited or group not in self._groups:
                continue
            if self._unlock(group) <= self.now():
                return group
        return None

    def _schedule(self, group: str) -> None:
        if group in self._groups:
            head = self._groups[group][0]
            heapq.heappush(self._unlocks, (self._unlock(group), head.number, group))

    def _unlock(self, group: str) -> float:
        return max(stored.hidden_until for stored in self._groups[group])

    def _in_flight(self, stored: Stored[Content]) -> bool:
        return self.now() < stored.hidden_until

    def _expire(self) -> None:
        """Delete what is too old, as SQS does: silently, and in flight or not."""
        now = self.now()
        while self._messages:
            oldest = next(iter(self._messages.values()))
            if now - oldest.sent_at <= self.retention:
                return
            self._remove(oldest)
            self.expired.append(oldest)
