"""What a stack has of a person, as it is found before anything is erased."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segment_rehook.delivery import ids
from segment_rehook_cli.erasing.ledger_table import Mark
from segment_rehook_cli.failures.message import FailedMessage, QueueName

if TYPE_CHECKING:
    from segment_rehook.delivery.ledger.record import Record
    from segment_rehook_cli.erasing.person import Person

__all__ = ["Findings", "Unreached"]


@dataclass(slots=True)
class Findings:
    """What was found of a person.

    `messages`: the person's, by queue and SQS's id: the delivery's id and the reason. `named`: how
    many messages of other people have one of the ids in them. `records`: of the person's
    deliveries, by delivery. `marks`: by user. `lines`: how many lines of the log are about the
    person, None if the log was not read. `notes`: what could not be read, and why.
    `gaps`: how much of log and ledger could not be read.
    """

    messages: dict[QueueName, dict[str, tuple[str, str]]] = field(
        default_factory=lambda: {QueueName.PARKED: {}, QueueName.WAITING: {}}
    )
    named: int = 0
    records: dict[str, Record] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)
    lines: int | None = None
    unread: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    complete: bool = True
    gaps: int = 0

    @property
    def deliveries(self) -> set[str]:
        """The deliveries that messages name."""
        return {each for found in self.messages.values() for each, _ in found.values()}

    @property
    def readable(self) -> bool:
        """Whether log and ledger could be read. The queues are read again by the erasure."""
        return not self.gaps

    @property
    def erasable(self) -> int:
        """How many messages, records and marks there are."""
        found = sum(map(len, self.messages.values()))
        return found + len(self.records) + len(self.marks)

    def add(self, failed: FailedMessage, person: Person) -> None:
        """Look at one message."""
        if person.owns(failed):
            delivery = failed.header.delivery if failed.header else ""
            self.messages[failed.queue][failed.id] = delivery, failed.reason
        elif person.is_named_in(failed):
            self.named += 1

    def rows(self, person: Person) -> list[dict[str, Any]]:
        """Return a row for each message, record and mark, without the person's ids."""
        rows: list[dict[str, Any]] = [
            {
                "found": f"{queue.value} message",
                "delivery": person.masked(delivery),
                "state": reason,
            }
            for queue, found in self.messages.items()
            for delivery, reason in found.values()
        ]
        rows += [
            {
                "found": "ledger record",
                "delivery": person.masked(record.id),
                "state": record.state.value,
                "businessKey": ids.has_business_key(record.id),
            }
            for record in self.records.values()
        ]
        return rows + [{"found": "mark", "delivery": None, "state": None} for _ in self.marks]

    def incomplete(self, note: str) -> None:
        """Note what could not be read."""
        self.complete = False
        self.gaps += 1
        self.notes.append(note)


@dataclass(frozen=True, slots=True)
class Unreached:
    """A place that the command does not erase from. `until`: in Unix time, None if not known."""

    place: str
    what: str
    until: float | None = None
