"""The breaker's record, as all environments share it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRecord:
    """The breaker's shared truth. Absent, or `open_until` 0: closed. Times: seconds, epoch.

    `probing_until`: one environment may try a call and has until then to say what came of it.
    `trips` grows with each failed probe, and lengthens the pause.
    """

    nonce: str
    open_until: float
    probing_until: float = 0.0
    trips: int = 0
    reason: str = ""
