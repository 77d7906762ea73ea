"""The breaker's record, as all environments share it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRecord:
    """The breaker's shared state. Times are in seconds of Unix time.

    `open_until`: 0 if the breaker is closed, as it is where there is no record. `probing_until`:
    until then the probe is one environment's. `trips`: grows by one with each failed probe, and
    makes the next pause longer. `reason`: the class of the reply that opened the breaker.
    """

    nonce: str
    open_until: float
    probing_until: float = 0.0
    trips: int = 0
    reason: str = ""
