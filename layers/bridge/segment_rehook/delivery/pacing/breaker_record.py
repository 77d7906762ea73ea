"""The breaker's record, as all environments share it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRecord:
    """The breaker's shared state. No record, or `open_until` 0: closed. Times in epoch seconds.

    `probing_until`: until then one environment may make a call and tell its outcome. `trips` grows
    with each failed probe, and makes the next pause longer.
    """

    nonce: str
    open_until: float
    probing_until: float = 0.0
    trips: int = 0
    reason: str = ""
