"""How long a stack's stores keep what they have, and how long Segment sends an event again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from segment_rehook_cli.terminal.durations import DAY, HOUR

if TYPE_CHECKING:
    from segment_rehook.delivery.ledger.record import Record

__all__ = [
    "DEAD_LETTER_DAYS",
    "LEDGER_DAYS",
    "LOG_DAYS",
    "PARKED_DAYS",
    "SEGMENT_RETRY_SECONDS",
    "Keeping",
]

LOG_DAYS, LEDGER_DAYS = 30, 45
"""The template's defaults."""

DEAD_LETTER_DAYS, PARKED_DAYS = 10, 14
"""For how long the queues keep a message: the template's. A test holds them to it."""

SEGMENT_RETRY_SECONDS: Final = 4 * HOUR
"""For so long Segment sends an event again, with the signature of its first try."""


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
