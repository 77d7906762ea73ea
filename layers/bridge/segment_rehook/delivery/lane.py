"""One user's deliveries within a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segment_rehook.delivery.delivery import Delivery
    from segment_rehook.delivery.outcomes import Result, Stored


@dataclass(slots=True)
class Lane:
    """One user's deliveries in order, and how far they came."""

    user: str
    deliveries: Sequence[Delivery]
    results: list[Result] = field(default_factory=list)
    store_as: Stored | None = None
    """Why the rest is not delivered now; None while it may be."""
    failed: bool = False
    """Something could not be stored, so nothing later of this user is."""

    @property
    def rest(self) -> Sequence[Delivery]:
        """What has no result yet."""
        return self.deliveries[len(self.results) :]
