"""The settings of delivery and their defaults. All times are in seconds.

An operator sets some of them as parameters of the template; `aws/settings.py` reads those. The
protocol fixes the leases and `listens`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HOUR: Final = 3_600
DAY: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSettings:
    """The settings of both functions.

    `call_timeout`: limits one call to Rehook as a whole. `lease`: for how long nobody else may take
    over a claim; longer than the function's time-out. `workers`: how many calls to Rehook are made
    side by side. `ordered`: whether events wait for the earlier ones of their user. `park_unknown`:
    whether a reward that may have been given is parked instead of repeated. `ledger_keep`: how long
    the ledger keeps a record. `breaker_threshold`: how many failures in a row open the breaker.
    `senders`: how many calls to SQS are made side by side.
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
    """The settings of ingest.

    `budget`: the time from API Gateway's time stamp of a request to the answer. `listens`: how long
    an answer can be late and still reach Segment, whose Webhooks (Actions) destination waits for
    ten seconds. `max_body_bytes`: larger requests are refused. `batches_need_token`: whether a
    batch is refused without a token or a signature over the whole of it.
    """

    call_timeout: float = 2.0
    lease: float = 30.0
    budget: float = 4.0
    listens: float = 9.0
    max_body_bytes: int = 6_000_000
    batches_need_token: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveSettings(SharedSettings):
    """The settings of redrive. A call may take longer than in ingest, since no request waits.

    `give_up_after`: the age in the queue after which the next try is the last one.
    `queue_retention`: the age at which SQS deletes a message.
    """

    call_timeout: float = 10.0
    lease: float = 90.0
    give_up_after: int = 72 * HOUR
    queue_retention: int = 10 * DAY

    @property
    def hard_stop(self) -> int:
        """The age after which an event is parked without a further try."""
        return self.queue_retention - DAY
