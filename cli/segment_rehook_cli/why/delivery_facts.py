"""What was found of one delivery: its lines in the log, its record in the ledger, its messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segment_rehook.delivery.ledger.record import Record
from segment_rehook_cli.failures.message import QueueName
from segment_rehook_cli.log.logged_outcome import LoggedOutcome
from segment_rehook_cli.log.time_window import DAY

__all__ = ["DeliveryFacts", "Keeping", "Sighting"]


LOG_DAYS, LEDGER_DAYS = 30, 45
"""The template's defaults."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how many days a stack keeps its log and the ledger's records."""

    log_days: int = LOG_DAYS
    ledger_days: int = LEDGER_DAYS

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Keeping:
        """Read a stack's parameters; one that is missing, or no number, has the default."""
        log, ledger = parameters.get("LogRetentionDays", ""), parameters.get("LedgerDays", "")
        return cls(
            int(log) if log.isdecimal() else LOG_DAYS,
            int(ledger) if ledger.isdecimal() else LEDGER_DAYS,
        )

    def written_at(self, record: Record) -> float:
        """When a record was last written, in seconds of Unix time.

        It follows from its expiry. If LedgerDays was changed since, it is wrong by the difference.
        """
        return record.expires_at - self.ledger_days * DAY


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message of the delivery that was seen in a queue.

    `sent_at`: when it came there, in seconds of Unix time. `was_parked`: the bridge has parked it
    (in the dead-letter queue: it was sent back). `detail`: Rehook's text, or the bridge's.
    """

    queue: QueueName
    reason: str
    sent_at: float
    was_parked: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFacts:
    """All that was found of one delivery. `lines`: oldest first.

    `looked`: whether the parking lot was read to the end. Of the dead-letter queue only messages
    are seen that do not wait for their next try.
    """

    delivery: str
    subscription: str
    lines: Sequence[LoggedOutcome] = ()
    record: Record | None = None
    sightings: Sequence[Sighting] = ()
    looked: bool = False
