"""The messages that are in a FIFO queue: their groups, their receipts and their visibility."""

from __future__ import annotations

import heapq
import itertools
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

Content = TypeVar("Content")
Content_contra = TypeVar("Content_contra", contravariant=True)

_receipt_numbers = itertools.count(1)


class Target(Protocol[Content_contra]):
    """A queue to which a message can be moved."""

    def add(self, group: str, dedupe: str, message: Content_contra) -> None:
        """Add one message."""


@dataclass(slots=True, eq=False)
class Stored(Generic[Content]):
    """A message in a queue. Times are in seconds; it is visible from `hidden_until` on.

    `number` rises with the time of arrival. `source`: the queue whose redrive policy moved the
    message here, None if it was sent here.
    """

    message_id: str
    number: int
    group: str
    dedupe: str
    message: Content
    sent_at: float
    source: Target[Content] | None = None
    receive_count: int = 0
    receipt: str | None = None
    first_received_at: float = 0.0
    received_at: float = 0.0
    hidden_until: float = 0.0


class Messages(Generic[Content]):
    """Messages in the order of arrival. `now` returns the time of the queue."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._all: OrderedDict[str, Stored[Content]] = OrderedDict()
        self._groups: dict[str, list[Stored[Content]]] = {}
        self._unlocks: list[tuple[float, int, str]] = []
        """A heap of the times from which each group can be received; entries may be outdated."""
        self._receipts: dict[str, Stored[Content]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def all(self) -> list[Stored[Content]]:
        """All of them, in flight or not."""
        return list(self._all.values())

    def of_group(self, group: str) -> list[Stored[Content]]:
        """The messages of one group."""
        return list(self._groups[group])

    def in_flight(self) -> list[Stored[Content]]:
        """The messages that were received and are hidden."""
        hidden = [each for each in self._receipts.values() if self.is_hidden(each)]
        return sorted(hidden, key=lambda each: each.number)

    def is_hidden(self, stored: Stored[Content]) -> bool:
        """Whether a message is hidden now."""
        return self._now() < stored.hidden_until

    def held(self, receipt: str) -> Stored[Content] | None:
        """Return the message of a receipt; None if it is invalid or the message visible again."""
        stored = self._receipts.get(receipt)
        return stored if stored is not None and self.is_hidden(stored) else None

    def add(self, stored: Stored[Content]) -> None:
        """Add a message at the end of its group."""
        self._all[stored.message_id] = stored
        if stored.group in self._groups:
            self._groups[stored.group].append(stored)
        else:
            self._groups[stored.group] = [stored]
            self.schedule(stored.group)

    def remove(self, stored: Stored[Content]) -> None:
        """Remove a message and its receipt."""
        del self._all[stored.message_id]
        if stored.receipt is not None:
            del self._receipts[stored.receipt]
        group = self._groups[stored.group]
        group.remove(stored)
        if group:
            self.schedule(stored.group)
        else:
            del self._groups[stored.group]

    def remove_older(self, seconds: float) -> list[Stored[Content]]:
        """Remove the messages that are older than so many seconds, and return them."""
        removed = []
        now = self._now()
        while self._all:
            oldest = next(iter(self._all.values()))
            if now - oldest.sent_at <= seconds:
                break
            self.remove(oldest)
            removed.append(oldest)
        return removed

    def clear(self) -> None:
        """Remove every message."""
        self._all.clear()
        self._groups.clear()
        self._unlocks.clear()
        self._receipts.clear()

    def hand_out(self, stored: Stored[Content], hidden: float) -> None:
        """Give a message a new receipt and hide it for so many seconds.

        Its group is to be scheduled afterwards.
        """
        now = self._now()
        if stored.receipt is not None:
            del self._receipts[stored.receipt]
        stored.receive_count += 1
        stored.receipt = f"receipt-{next(_receipt_numbers)}"
        stored.first_received_at = stored.first_received_at or now
        stored.received_at, stored.hidden_until = now, now + hidden
        self._receipts[stored.receipt] = stored

    def schedule(self, group: str) -> None:
        """Note anew from when on a group can be received."""
        if group in self._groups:
            head = self._groups[group][0]
            heapq.heappush(self._unlocks, (self._unlock(group), head.number, group))

    def next_group(self, visited: Collection[str]) -> str | None:
        """Return the group that could be received for the longest time, None if none can be.

        A group with a hidden message cannot be received. Groups in `visited` are passed over. A
        group is not returned again until it is scheduled.
        """
        now = self._now()
        while self._unlocks and self._unlocks[0][0] <= now:
            _, _, group = heapq.heappop(self._unlocks)
            if group not in visited and group in self._groups and self._unlock(group) <= now:
                return group
        return None

    def next_unlock(self) -> float | None:
        """The first time at which a group can be received, None if there is no message."""
        return min(map(self._unlock, self._groups), default=None)

    def _unlock(self, group: str) -> float:
        return max(stored.hidden_until for stored in self._groups[group])
