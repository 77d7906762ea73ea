"""For how long a dead letter that must wait is hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.delivery.ledger.record import CLOCK_MARGIN
from segment_rehook.delivery.pacing import backoff

if TYPE_CHECKING:
    from segment_rehook.delivery.ports import Randomness
    from segment_rehook.delivery.stack_parameters import Instructions


@dataclass(frozen=True, slots=True)
class Pauses:
    """Gives the seconds for one message, of this age in seconds, and received so many times."""

    age: float
    receives: int
    randomness: Randomness

    def retry(self, *, throttled: bool = False, at_least: float | None = None) -> int:
        """Give the seconds until the next try. See `backoff.delay`."""
        return backoff.delay(
            age=self.age, throttled=throttled, at_least=at_least, randomness=self.randomness
        )

    def claimed(self, lease_left: float) -> int:
        """Give the seconds until another invocation's claim may be taken over."""
        return backoff.whole(lease_left + CLOCK_MARGIN + 1.0)

    def paused(self, instructions: Instructions) -> int:
        """Give the seconds until it is looked at again, while nothing is delivered."""
        return backoff.while_paused(
            age=self.age,
            receives=self.receives,
            cutover=instructions.announces_cutover,
            randomness=self.randomness,
        )
