"""Discarding messages of one queue: parked ones are deleted, waiting ones are ended first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from segment_rehook.delivery.queues.transport import MAX_BATCH_ENTRIES
from segment_rehook_cli.failures.message import FailedMessage, QueueName

if TYPE_CHECKING:
    from segment_rehook.delivery.ports import Clock
    from segment_rehook_cli.failures.reader import QueueReader
    from segment_rehook_cli.failures.refusals import Refusals
    from segment_rehook_cli.failures.settling import DiscardingLedger

__all__ = ["Discarding"]

# Of the time that messages are hidden, so much is kept for the ledger and for deleting, in seconds.
MARGIN_SECONDS: Final = 10
_KEPT: Final = "not deleted"
_ENDED: Final = "not deleted, but recorded as discarded: redrive deletes them"


@dataclass(slots=True, kw_only=True)
class Discarding:
    """One run over one queue.

    `ledger` is needed for the dead-letter queue only. Messages that came after `sent_before`, in
    seconds since 1970, are left. The other members count messages: `discarded`; `late`, sent after
    that; `busy`, left since a function holds them or the ledger did not answer.
    """

    reader: QueueReader
    chosen: Callable[[FailedMessage], bool]
    sent_before: float
    clock: Clock
    refusals: Refusals
    ledger: DiscardingLedger | None = None
    discarded: int = 0
    late: int = 0
    busy: int = 0
    _waiting_users: set[str] = field(default_factory=set)

    def run(self, progress: Callable[[int], None]) -> None:
        """Discard all chosen messages. `progress` is called with how many were dealt with.

        However the run ends, the other messages become visible again. Raises KeyboardInterrupt.
        """
        done = 0
        try:
            for portion in self.reader.portions():
                self._discard(portion)
                done += len(portion)
                progress(done)
        finally:
            self.reader.close()

    def notes(self) -> Iterator[str]:
        """Return a line for each reason why messages were left, and for what went wrong."""
        if self.late:
            yield f"left, because they came after this command began: {self.late}"
        if self.busy:
            why = self.ledger.unavailable if self.ledger else None
            text = f"the ledger gave no answer ({why})" if why else "they are being delivered"
            yield f"left, because {text}: {self.busy}"
        if self.ledger and self.ledger.stale_marks:
            yield (
                "marks of users that could not be cleared (the next event of each of these users "
                f"goes through the queue): {self.ledger.stale_marks}"
            )

    def _discard(self, portion: Sequence[FailedMessage]) -> None:
        wanted: list[FailedMessage] = []
        for each in portion:
            if not self.chosen(each):
                self._stays(each)
            elif each.message.sent_at > self.sent_before:
                self.late += 1
                self._stays(each)
            else:
                wanted.append(each)
        if self.reader.name is not QueueName.WAITING:
            self.discarded += self.reader.delete(wanted, _KEPT)
            return
        for start in range(0, len(wanted), MAX_BATCH_ENTRIES):
            if self.clock.monotonic() > self.reader.held_until - MARGIN_SECONDS:
                self.reader.make_visible(wanted[start:])
                return
            self._end(wanted[start : start + MAX_BATCH_ENTRIES])

    def _end(self, messages: Sequence[FailedMessage]) -> None:
        """End deliveries in the ledger, and then delete their messages."""
        if self.ledger is None:
            raise ValueError("waiting messages can't be discarded without the ledger")
        known = [(each, each.header) for each in messages if each.header is not None]
        ended = self.ledger.end([header for _, header in known])
        # What the bridge did not write has no delivery.
        deletable = [each for each in messages if each.header is None]
        for (each, header), may_delete in zip(known, ended, strict=True):
            if not may_delete:
                self.busy += 1
                self._stays(each)
                continue
            deletable.append(each)
            if header.user not in self._waiting_users:
                self.ledger.clear_mark(header)
        self.discarded += self.reader.delete(deletable, _ENDED)

    def _stays(self, failed: FailedMessage) -> None:
        """Keep the mark of its user: it says that events of the user wait, as this one does."""
        if failed.header is not None:
            self._waiting_users.add(failed.header.user)
