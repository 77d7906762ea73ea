"""Erases what is a person's: messages first, then records, then marks.

Each step can be made again, and what it needs is read anew. So a run that was ended at any moment
is completed by the next one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import typer

from segment_rehook.delivery.ports import Clock, LedgerUnavailable
from segment_rehook_cli.erasing.ledger_table import (
    UNDONE,
    LedgerTable,
    Mark,
    RecordFate,
    retries_end,
)
from segment_rehook_cli.failures.discarding import Discarding
from segment_rehook_cli.failures.message import FailedMessage, QueueName

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segment_rehook_cli.erasing.person import Person
    from segment_rehook_cli.failures.reader import QueueReader
    from segment_rehook_cli.failures.refusals import Refusals
    from segment_rehook_cli.failures.settling import DiscardingLedger

__all__ = ["Erasure"]

MARK_SECONDS: Final = 120.0
"""A message is sent within so many seconds after its user was marked: longer than ingest runs."""


@dataclass(slots=True, kw_only=True)
class Erasure:
    """One run.

    `start_reading`: starts to read a queue, and adds AWS's refusals to the ones that it is given.
    `deliveries`: of the person, as far as they are known; those of erased messages are added.
    The other members are what has become of it: `messages`, how many were deleted, by queue;
    `busy`, how many were left since they are being delivered; `unread`, about how many messages of
    anybody could not be read, by queue; `fates`, by delivery; `later`, from when the last business
    key can be deleted; `marks_left`; `interrupted`.
    """

    person: Person
    ledger: LedgerTable
    discarding: DiscardingLedger
    start_reading: Callable[[QueueName, Refusals], QueueReader]
    clock: Clock
    refusals: Refusals
    keep_keys: bool
    deliveries: set[str]
    messages: Counter[QueueName] = field(default_factory=Counter)
    busy: int = 0
    unread: dict[QueueName, int] = field(default_factory=dict)
    fates: dict[str, RecordFate] = field(default_factory=dict)
    later: float | None = None
    marks_cleared: int = 0
    marks_left: int = 0
    interrupted: bool = False
    notes: list[str] = field(default_factory=list)
    _read_from: float = 0.0

    def run(self, marks: Mapping[str, Mark]) -> None:
        """Do it all. `marks`: as they were before the queues were read."""
        try:
            self._erase_messages()
            self._erase_records()
            self._clear(marks)
        except KeyboardInterrupt:
            self.interrupted = True
        except typer.Exit:  # AWS does not let a queue be counted, which is told
            self.notes.append("ended before all was read")
        self.notes += [*self.refusals.lines(), *sorted(self.ledger.failures)]

    @property
    def complete(self) -> bool:
        """Whether nothing is left that a further run could erase."""
        undone = UNDONE & {*self.fates.values()}
        left = self.busy or any(self.unread.values()) or self.marks_left or undone
        return not (left or self.interrupted or self.refusals or self.notes)

    @property
    def _all_read(self) -> bool:
        """Whether no message of the person waits, as far as SQS tells."""
        return not (self.busy or self.refusals or self.unread.get(QueueName.WAITING))

    def _erase_messages(self) -> None:
        self._discard(QueueName.PARKED)
        # A reading of the dead-letter queue is short, and messages hide others behind them.
        while self._discard(QueueName.WAITING):
            pass

    def _discard(self, queue: QueueName) -> int:
        reader = self.start_reading(queue, self.refusals)
        if queue is QueueName.WAITING:
            self._read_from = self.clock.now()
        part = Discarding(
            reader=reader,
            chosen=self._is_theirs,
            sent_before=float("inf"),
            clock=self.clock,
            refusals=self.refusals,
            ledger=self.discarding,
        )
        try:
            part.run(lambda _number: None)
        finally:
            self.messages[queue] += part.discarded
            self.busy = part.busy
            self.unread[queue] = reader.unread()
        return 0 if self.refusals else part.discarded

    def _is_theirs(self, failed: FailedMessage) -> bool:
        theirs = self.person.owns(failed)
        if theirs and failed.header is not None:
            self.deliveries.add(failed.header.delivery)
        return theirs

    def _erase_records(self) -> None:
        try:
            records = self.ledger.read(self.deliveries)
        except LedgerUnavailable as error:
            self.notes.append(f"records were not erased: {error}")
            return
        self.fates = self.ledger.erase(records, keep_keys=self.keep_keys, all_read=self._all_read)
        ends = [
            retries_end(records[name], self.ledger.keep)
            for name, fate in self.fates.items()
            if fate is RecordFate.LATER
        ]
        self.later = max(ends, default=None)

    def _clear(self, marks: Mapping[str, Mark]) -> None:
        """Clear marks to which no message belongs any more.

        That is known of a mark that is older than any sending that may still be under way, if all
        waiting messages were read after that and none of the person is left.
        """
        if not marks:
            return
        try:
            there = self.ledger.read_marks(marks)
            for mark in there.values():
                settled = mark.name == marks[mark.user].name
                if self._all_read and settled and mark.put_at < self._read_from - MARK_SECONDS:
                    self.ledger.clear(mark)
            self.marks_left = len(self.ledger.read_marks(there))
        except LedgerUnavailable as error:
            self.notes.append(f"marks were not cleared: {error}")
            self.marks_left = len(marks)
        self.marks_cleared = len(marks) - self.marks_left
