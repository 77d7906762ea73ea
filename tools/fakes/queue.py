"""An SQS FIFO queue in memory, in high-throughput mode (deduplication per message group).

Time is the test's, but not a correction of its wall clock: SQS has clocks of its own. Sources: the
SQS developer guide on FIFO queues (deduplication interval, message groups), on the visibility
time-out, on dead-letter queues and on message-move tasks.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from segment_rehook.delivery.ports import Clock, QueueUnavailable
from segment_rehook.delivery.queues.transport import Outgoing, Received
from tools.fakes import sqs_rules
from tools.fakes.faults import Faults

DEDUPE_SECONDS = 300.0
LONGEST_INVISIBLE = 43_200.0

_numbers = itertools.count(1)


@dataclass(slots=True, eq=False)
class Stored:
    """A message at rest. `hidden_until` is in the past while it is visible."""

    message_id: str
    number: int
    message: Outgoing
    sent_at: float
    receive_count: int = 0
    receipt: str | None = None
    received_at: float = 0.0
    hidden_until: float = 0.0


@dataclass(kw_only=True)
class FakeQueue:
    """A `Queue`, and the other side of it: receive, delete, expiry, redrive.

    `visibility` and `retention` in seconds. A message received `max_receives` times goes to
    `parking` instead of being received once more. `refuse` picks entries of a send that SQS turns
    down, `refuse_visibility` receipts.
    """

    clock: Clock
    name: str = "queue"
    visibility: float = 360.0
    retention: float = 864_000.0
    max_receives: int | None = None
    parking: FakeQueue | None = None
    faults: Faults = field(default_factory=lambda: Faults(QueueUnavailable))
    refuse: Callable[[Outgoing], bool] = lambda _message: False
    refuse_visibility: Callable[[str], bool] = lambda _receipt: False
    expired: list[Stored] = field(default_factory=list)
    """What SQS deleted silently because it was too old."""
    _messages: OrderedDict[str, Stored] = field(default_factory=OrderedDict)
    _groups: dict[str, list[Stored]] = field(default_factory=dict)
    _unlocks: list[tuple[float, int, str]] = field(default_factory=list)
    """A heap: when each group can be received next. Entries may be out of date."""
    _receipts: dict[str, Stored] = field(default_factory=dict)
    _seen: dict[tuple[str, str], float] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._start = self.clock.now() - self.clock.monotonic()

    def send(self, messages: Sequence[Outgoing]) -> list[bool]:
        """SendMessageBatch."""
        if len(messages) > sqs_rules.MAX_BATCH_ENTRIES:
            raise ValueError(f"{len(messages)} messages in one call; at most 10")
        if not messages:
            return []
        return self.faults.run(f"{self.name}.send", messages, lambda: self._send(messages))

    def change_visibility(self, delays: Mapping[str, int]) -> set[str]:
        """ChangeMessageVisibilityBatch."""
        if len(delays) > sqs_rules.MAX_BATCH_ENTRIES:
            raise ValueError(f"{len(delays)} receipts in one call; at most 10")
        if not delays:
            return set()
        return self.faults.run(f"{self.name}.change_visibility", delays, lambda: self._hide(delays))

    def receive(self, most: int = 10) -> list[Received]:
        """ReceiveMessage: in order per group, none of a group that has a message in flight."""
        with self._lock:
            self._expire()
            taken: list[Received] = []
            while len(taken) < most and (group := self._next_group()) is not None:
                for stored in list(self._groups[group])[: most - len(taken)]:
                    if self.max_receives is not None and stored.receive_count >= self.max_receives:
                        self._park(stored)
                    else:
                        taken.append(self._take(stored))
                self._schedule(group)
            return taken

    def delete(self, receipt: str) -> bool:
        """DeleteMessage: False where the receipt is no longer good and nothing was deleted."""
        with self._lock:
            self._expire()
            stored = self._held(receipt)
            if stored is None:
                return False
            self._remove(stored)
            return True

    def stored(self) -> list[Stored]:
        """All that rests here, in flight or not, in the order of arrival."""
        with self._lock:
            self._expire()
            return list(self._messages.values())

    def in_flight(self) -> list[Stored]:
        """What was received and is hidden."""
        return [stored for stored in self.stored() if self._in_flight(stored)]

    def next_visible(self) -> float | None:
        """Seconds until something can be received: 0 now, None never (the queue is empty)."""
        with self._lock:
            self._expire()
            unlocks = [self._unlock(group) for group in self._groups]
            return max(0.0, min(unlocks) - self._now()) if unlocks else None

    def move_to(self, target: FakeQueue, most: int | None = None) -> int:
        """SQS's own redrive (StartMessageMoveTask): what is visible here, in order, how many moved.

        New message id, new sent time, receive count 0; body, attributes, group and deduplication id
        stay, and the target's deduplication applies.
        """
        with self._lock:
            visible = [stored for stored in self.stored() if not self._in_flight(stored)][:most]
            for stored in visible:
                target.accept(stored.message)
                self._remove(stored)
            return len(visible)

    def accept(self, message: Outgoing, message_id: str | None = None) -> None:
        """Take one message in, or drop it where its deduplication id is not five minutes old."""
        with self._lock:
            now, number = self._now(), next(_numbers)
            key = (message.group, message.dedupe)
            if now - self._seen.get(key, float("-inf")) < DEDUPE_SECONDS:
                return
            self._seen[key] = now
            stored = Stored(message_id or f"message-{number}", number, message, sent_at=now)
            self._messages[stored.message_id] = stored
            self._groups.setdefault(message.group, []).append(stored)
            self._schedule(message.group)

    def _send(self, messages: Sequence[Outgoing]) -> list[bool]:
        if sum(sqs_rules.octets(message) for message in messages) > sqs_rules.LARGEST:
            raise self.faults.error(f"{self.name}.send: BatchRequestTooLong")
        with self._lock:
            answers = []
            for message in messages:
                fine = sqs_rules.takes(message) and not self.refuse(message)
                if fine:
                    self.accept(message)
                answers.append(fine)
            return answers

    def _hide(self, delays: Mapping[str, int]) -> set[str]:
        with self._lock:
            self._expire()
            return {
                receipt for receipt, delay in delays.items() if not self._hidden(receipt, delay)
            }

    def _hidden(self, receipt: str, delay: int) -> bool:
        """Whether SQS hid it: it must be in flight, and 12 h count from the receive."""
        stored, now = self._held(receipt), self._now()
        if stored is None or self.refuse_visibility(receipt) or delay < 0:
            return False
        if now + delay > stored.received_at + LONGEST_INVISIBLE:
            return False
        stored.hidden_until = now + delay
        self._schedule(stored.message.group)
        return True

    def _take(self, stored: Stored) -> Received:
        now = self._now()
        if stored.receipt is not None:
            del self._receipts[stored.receipt]
        stored.receive_count += 1
        stored.receipt = f"receipt-{next(_numbers)}"
        stored.received_at, stored.hidden_until = now, now + self.visibility
        self._receipts[stored.receipt] = stored
        return Received(
            message_id=stored.message_id,
            receipt=stored.receipt,
            group=stored.message.group,
            body=stored.message.body,
            attributes=dict(stored.message.attributes),
            sent_at=stored.sent_at,
            receive_count=stored.receive_count,
        )

    def _park(self, stored: Stored) -> None:
        """The redrive policy: same message id; on FIFO queues the sent time starts anew."""
        if self.parking is None:
            raise ValueError(f"{self.name}: max_receives without a parking queue")
        self._remove(stored)
        self.parking.accept(stored.message, stored.message_id)

    def _remove(self, stored: Stored) -> None:
        del self._messages[stored.message_id]
        if stored.receipt is not None:
            del self._receipts[stored.receipt]
        group = self._groups[stored.message.group]
        group.remove(stored)
        if not group:
            del self._groups[stored.message.group]
        self._schedule(stored.message.group)

    def _held(self, receipt: str) -> Stored | None:
        """The message in flight under this receipt: a FIFO receipt dies with its visibility."""
        stored = self._receipts.get(receipt)
        return stored if stored is not None and self._in_flight(stored) else None

    def _next_group(self) -> str | None:
        """A group with no message in flight, the one that could be received the longest."""
        while self._unlocks and self._unlocks[0][0] <= self._now():
            _, _, group = heapq.heappop(self._unlocks)
            if group in self._groups and self._unlock(group) <= self._now():
                return group
        return None

    def _schedule(self, group: str) -> None:
        if group in self._groups:
            head = self._groups[group][0]
            heapq.heappush(self._unlocks, (self._unlock(group), head.number, group))

    def _unlock(self, group: str) -> float:
        return max(stored.hidden_until for stored in self._groups[group])

    def _in_flight(self, stored: Stored) -> bool:
        return self._now() < stored.hidden_until

    def _expire(self) -> None:
        """Delete what is too old, as SQS does: silently, and in flight or not."""
        now = self._now()
        while self._messages:
            oldest = next(iter(self._messages.values()))
            if now - oldest.sent_at <= self.retention:
                return
            self._remove(oldest)
            self.expired.append(oldest)

    def _now(self) -> float:
        return self._start + self.clock.monotonic()
