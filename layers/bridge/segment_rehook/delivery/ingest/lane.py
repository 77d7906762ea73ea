"""One user's deliveries within a request, and the results that they have so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segment_rehook.delivery.delivery import Delivery
    from segment_rehook.delivery.ledger.claims import ClaimUnknown, Settlement
    from segment_rehook.delivery.ledger.record import Record
    from segment_rehook.delivery.outcomes import Result, Stored


class Progress(msgspec.Struct, frozen=True):
    """What came of one delivery, and what follows for the later ones of its lane.

    `result`: None if this delivery is stored together with the later ones. `store_rest`: the reason
    for which the later ones are stored; None if they are delivered. `fail_rest`: this delivery
    could not be stored, so the later ones must not be stored either. `settlement`: is written
    before the lane's next delivery is claimed; None if there is nothing to write.
    """

    result: Result | None
    store_rest: Stored | None = None
    fail_rest: bool = False
    settlement: Settlement | None = None

    def __post_init__(self) -> None:
        if self.result is None and self.store_rest is None:
            raise ValueError("a delivery without a result is stored with the rest: say why")


@dataclass(slots=True)
class Lane:
    """One user's deliveries in order, and the results of the first of them.

    `user`: a hash. `store_as`: the reason for which the rest is stored; None while deliveries are
    made. `failed`: a delivery could not be stored, so the rest is not stored either. `unused`: a
    claim of the next delivery under which no call was made. The message that stores the delivery
    names this claim, so redrive can take it over at once.
    """

    user: str
    deliveries: Sequence[Delivery]
    results: list[Result] = field(default_factory=list)
    store_as: Stored | None = None
    failed: bool = False
    unused: Record | ClaimUnknown | None = None

    @property
    def rest(self) -> Sequence[Delivery]:
        """The deliveries that have no result yet."""
        return self.deliveries[len(self.results) :]

    @property
    def open(self) -> bool:
        """Whether there is a next delivery, and it is to be made now."""
        done = len(self.results) == len(self.deliveries)
        return not done and self.store_as is None and not self.failed

    @property
    def next(self) -> Delivery:
        """The first delivery without a result. Raises IndexError if there is none."""
        return self.deliveries[len(self.results)]

    @property
    def claimed_under(self) -> tuple[int, str]:
        """Token and nonce of the unused claim; 0 and "" if there is none."""
        return (self.unused.token, self.unused.nonce) if self.unused else (0, "")

    def advance(self, progress: Progress) -> None:
        """Take over what came of the next delivery."""
        if progress.result is not None:
            self.results.append(progress.result)
        self.store_as, self.failed = progress.store_rest, progress.fail_rest
