"""One user's deliveries within a request, and how far they came."""

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
    """What came of one delivery, and what follows for the later ones of its user.

    `result`: None where it is stored together with the later ones. `store_rest`: why those are
    stored; None where they are delivered. `fail_rest`: this one could not be stored, so that they
    must not be either. `settlement`: how its claim ends, to be written before the next one begins.
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
    """One user's deliveries in order.

    `store_as`: why the rest is not delivered now; None while it may be. `failed`: something could
    not be stored, so nothing later of this user is. `unused`: the claim of the next delivery, where
    it was not called under it; its message names it.
    """

    user: str
    deliveries: Sequence[Delivery]
    results: list[Result] = field(default_factory=list)
    store_as: Stored | None = None
    failed: bool = False
    unused: Record | ClaimUnknown | None = None

    @property
    def rest(self) -> Sequence[Delivery]:
        """What has no result yet."""
        return self.deliveries[len(self.results) :]

    @property
    def open(self) -> bool:
        """Whether its next delivery is to be delivered now."""
        done = len(self.results) == len(self.deliveries)
        return not done and self.store_as is None and not self.failed

    @property
    def next(self) -> Delivery:
        """Its next delivery. Raises IndexError where there is none."""
        return self.deliveries[len(self.results)]

    @property
    def claimed_under(self) -> tuple[int, str]:
        """Token and nonce of the next delivery's claim; 0 and "" where it has none."""
        return (self.unused.token, self.unused.nonce) if self.unused else (0, "")

    def advance(self, progress: Progress) -> None:
        """Take in what came of the next one."""
        if progress.result is not None:
            self.results.append(progress.result)
        self.store_as, self.failed = progress.store_rest, progress.fail_rest
