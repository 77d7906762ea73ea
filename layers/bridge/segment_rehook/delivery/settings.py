"""The figures that delivery works with, and their defaults. Times in seconds.

What an operator may set comes from the template's parameters (`aws/settings.py` reads them); the
leases and `listens` are the protocol's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HOUR: Final = 3_600
DAY: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSettings:
    """What both functions need.

    `call_timeout`: for one call to Rehook, all of it. `lease`: how long a claim is safe from
    others; longer than the function's time-out. `workers`: calls side by side. `ordered`: events
    wait for the earlier ones of their user. `park_unknown`: a reward that may have been given is
    parked, not repeated. `ledger_keep`: how long a delivery is remembered. `breaker_threshold`:
    failures in a row that open the breaker. `senders`: calls to SQS side by side.
    """

    call_timeout: float
    lease: float
    workers: int = 16
    ordered: bool = True
    park_unknown: bool = False
    ledger_keep: int = 45 * DAY
    breaker_threshold: int = 5
    senders: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestSettings(SharedSettings):
    """`budget` runs from the request's own time to its answer.

    `listens`: after so long Segment's Webhooks (Actions) destination, which waits for ten, may be
    gone. `batches_need_token`: a batch needs a token, or a signature over the whole of it.
    """

    call_timeout: float = 2.0
    lease: float = 30.0
    budget: float = 4.0
    listens: float = 9.0
    max_body_bytes: int = 6_000_000
    batches_need_token: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveSettings(SharedSettings):
    """A call may take longer here, since nobody waits for it.

    `give_up_after`: the age in the queue at which a failing event is parked. `queue_retention`: the
    age at which SQS deletes it.
    """

    call_timeout: float = 10.0
    lease: float = 90.0
    give_up_after: int = 72 * HOUR
    queue_retention: int = 10 * DAY

    @property
    def hard_stop(self) -> int:
        """The age at which an event is parked without a further try."""
        return self.queue_retention - DAY
