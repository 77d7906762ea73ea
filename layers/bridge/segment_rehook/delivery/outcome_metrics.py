"""Counts what waits and what was given up, by reason: the same for both functions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from segment_rehook.delivery.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segment_rehook.delivery.outcomes import Result
    from segment_rehook.delivery.ports import Telemetry

BY_REASON = {Outcome.STORED: "DeliveriesStored", Outcome.PARKED: "DeliveriesParked"}


def count_waiting(telemetry: Telemetry, results: Iterable[Result]) -> None:
    """Count the deliveries that were stored or parked, each with its reason as a dimension."""
    waiting = [
        (BY_REASON[result.outcome], str(result.reason))
        for result in results
        if result.outcome in BY_REASON
    ]
    if waiting:  # a Counter takes as long as all else here
        for (metric, reason), value in Counter(waiting).items():
            telemetry.count(metric, value, reason=reason)
