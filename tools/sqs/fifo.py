"""An SQS FIFO queue in memory, for messages of any type.

The caller supplies the time. Sources: the SQS developer guide on FIFO queues (deduplication
interval, message groups), on the visibility time-out, on dead-letter queues and on message-move
tasks; the API reference of each operation.
"""

from __future__ import annotations

import itertools
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic

from tools.sqs.messages import Content, Messages, Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["CHANGED", "FifoQueue", "Stored"]

DEDUPLICATION_SECONDS = 300.0
MAX_INVISIBLE_SECONDS = 43_200.0
"""The longest time that a message can be hidden, counted from its receive."""

CHANGED = threading.Condition()
"""Every operation on any queue holds it, because some operations touch two queues.

It is notified when a message is added, shown or removed.
"""

_numbers = itertools.count(1)


@dataclass(kw_only=True, eq=False)
class FifoQueue(Generic[Content]):
    """A queue that takes, hands out, hides, deletes, expires and redrives messages.

    `now` returns SQS's time; `visibility` and `retention` are in seconds. A message that was
    received `max_receives` times goes to `parking` instead of being received once more.
    `per_group`: a deduplication id counts within its group only (DeduplicationScope: messageGroup).
    """

    now: Callable[[], float]
    visibility: float = 360.0
    retention: float = 864_000.0
    max_receives: int | None = None
    parking: FifoQueue[Content] | None = None
    per_group: bool = True
    expired: list[Stored[Content]] = field(default_factory=list)
    """The messages that were deleted because they were older than the retention."""
    _deleted: set[str] = field(default_factory=set)
    _seen: dict[tuple[str, str], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._messages: Messages[Content] = Messages(self.now)

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
        """Add one message, or drop it if its deduplication id was used in the last five minutes.

        As in SQS, the id counts as used even if its message is gone, and the caller is not told.
        """
        with CHANGED:
            now, number = self.now(), next(_numbers)
            key = (group if self.per_group else "", dedupe)
            if now - self._seen.get(key, float("-inf")) < DEDUPLICATION_SECONDS:
                return
            self._seen[key] = now
            id_ = message_id or str(uuid.UUID(int=number))
            self._messages.add(
                Stored(id_, number, group, dedupe, message, now, source, receive_count)
            )
            CHANGED.notify_all()

    def take(self, most: int = 10, visibility: float | None = None) -> list[Stored[Content]]:
        """ReceiveMessage: up to `most` messages, in order, of groups without a message in flight.

        `visibility`: for how many seconds they are hidden, None for the queue's own time.
        """
        hidden = self.visibility if visibility is None else visibility
        with CHANGED:
            self._expire()
            taken: list[Stored[Content]] = []
            visited: list[str] = []
            while len(taken) < most and (group := self._messages.next_group(visited)) is not None:
                visited.append(group)
                for stored in self._messages.of_group(group):
                    if len(taken) == most:
                        break
                    if self.max_receives is not None and stored.receive_count >= self.max_receives:
                        self._park(stored)
                    else:
                        self._messages.hand_out(stored, hidden)
                        taken.append(stored)
            # Not before: a message that is hidden for 0 seconds is in one answer once only.
            for each in visited:
                self._messages.schedule(each)
            return taken

    def holds(self, receipt: str) -> bool:
        """Whether a receipt is valid: on a FIFO queue it is until the message is visible again."""
        with CHANGED:
            self._expire()
            return self._messages.held(receipt) is not None

    def hide(self, receipt: str, seconds: float) -> bool:
        """ChangeMessageVisibility; False if SQS refuses it.

        It refuses an invalid receipt, and an end more than twelve hours after the receive.
        """
        with CHANGED:
            self._expire()
            stored, now = self._messages.held(receipt), self.now()
            if stored is None or seconds < 0:
                return False
            if now + seconds > stored.received_at + MAX_INVISIBLE_SECONDS:
                return False
            self._hide_until(stored, now + seconds)
            return True

    def delete(self, receipt: str) -> bool:
        """DeleteMessage; False if the receipt is invalid. A second call changes nothing."""
        with CHANGED:
            self._expire()
            stored = self._messages.held(receipt)
            if stored is not None:
                self._remove(stored)
                self._deleted.add(receipt)
            return receipt in self._deleted

    def stored(self) -> list[Stored[Content]]:
        """All messages, in flight or not, in the order of arrival."""
        with CHANGED:
            self._expire()
            return self._messages.all()

    def depth(self) -> int:
        """The number of messages, in flight or not. It takes the same time for any number."""
        with CHANGED:
            self._expire()
            return len(self._messages)

    def in_flight(self) -> list[Stored[Content]]:
        """The messages that were received and are hidden, in the order of arrival."""
        with CHANGED:
            self._expire()
            return self._messages.in_flight()

    def next_visible(self) -> float | None:
        """Seconds until a message can be received: 0 for now, None if the queue is empty."""
        with CHANGED:
            self._expire()
            unlock = self._messages.next_unlock()
            return None if unlock is None else max(0.0, unlock - self.now())

    def move_to(self, target: FifoQueue[Content] | None = None, most: int | None = None) -> int:
        """StartMessageMoveTask: move the visible messages in order, and return how many.

        A moved message gets a new id, a new sent time and the receive count 0. It keeps its body,
        attributes, group and deduplication id, and the target's deduplication applies. Without a
        target each message goes back to the queue whose redrive policy moved it here. Raises
        LookupError at the first message that was sent here directly.
        """
        with CHANGED:
            visible = [each for each in self.stored() if not self._messages.is_hidden(each)][:most]
            for stored in visible:
                to = target or stored.source
                if to is None:
                    raise LookupError("CouldNotDetermineMessageSource")
                to.add(stored.group, stored.dedupe, stored.message)
                self._remove(stored)
            return len(visible)

    def hasten(self, finished: Mapping[str, int] | None) -> int:
        """Show hidden messages at once, as if their time had passed. Returns how many.

        `finished`: by message id, the number of receives that a consumer has finished with. A
        message that it has received since then stays hidden. None: there is no consumer.
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
        """PurgeQueue: delete every message. The deduplication ids stay used."""
        with CHANGED:
            self._messages.clear()

    def _hide_until(self, stored: Stored[Content], when: float) -> None:
        stored.hidden_until = when
        self._messages.schedule(stored.group)
        CHANGED.notify_all()

    def _park(self, stored: Stored[Content]) -> None:
        """Apply the redrive policy: id and receive count stay; the sent time is new."""
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
        self._messages.remove(stored)
        CHANGED.notify_all()

    def _expire(self) -> None:
        """Delete the messages that are too old, in flight or not; as in SQS, nobody is told."""
        if removed := self._messages.remove_older(self.retention):
            self.expired += removed
            CHANGED.notify_all()
