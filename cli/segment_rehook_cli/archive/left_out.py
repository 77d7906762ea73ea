"""What a replay's plan leaves out of what is chosen: said before the run, and kept with its job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from segment_rehook_cli.archive.standing import EventStanding
from segment_rehook_cli.terminal.counting import counted

if TYPE_CHECKING:
    from segment_rehook_cli.archive.planning import ArchivePlan
    from segment_rehook_cli.archive.replay_options import ReplayOptions

__all__ = ["LeftOutCounts"]


@dataclass(frozen=True, slots=True)
class LeftOutCounts:
    """How many events, by why they are left out. Nobody knows that those of `total` are delivered.

    `kept_by_business_key`: they were delivered, and can't be repeated.
    """

    beyond_ledger: int = 0
    too_large: int = 0
    kept_by_business_key: int = 0

    @classmethod
    def of_plan(cls, plan: ArchivePlan, options: ReplayOptions) -> Self:
        """Count what the plan does not send by these options."""
        sends_new = not options.again and not options.beyond_ledger
        return cls(
            beyond_ledger=plan.standings[EventStanding.BEYOND_LEDGER] if sends_new else 0,
            too_large=plan.too_large,
            kept_by_business_key=plan.kept_by_business_key,
        )

    @property
    def total(self) -> int:
        """Count the events that are not known to be delivered, and are not sent."""
        return self.beyond_ledger + self.too_large

    def lines(self) -> Iterator[str]:
        """Say each reason that there is, with its number."""
        if self.beyond_ledger:
            yield (
                f"{_events_are(self.beyond_ledger)} left out: nobody can know what was delivered "
                "longer ago than LedgerDays; --beyond-ledger sends such events too"
            )
        if self.too_large:
            yield f"{_events_are(self.too_large)} left out: larger than MaxBodyBytes"
        if self.kept_by_business_key:
            kept = counted(self.kept_by_business_key, "event")
            yield f"{kept} can't be repeated: the ledger has the idempotencyKey"


def _events_are(number: int) -> str:
    return counted(number, "event is", "events are")
