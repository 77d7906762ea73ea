"""A delivery's record in the ledger, and every change that may be made to it.

A delivery is one event for one subscription. A write replaces the whole record, and only if the
record still has the nonce that the write names. Each write has a new nonce, so the nonce is the
version, and a late writer can't undo a newer write. The token grows by one with each claim.
Messages carry token and nonce of the claim under which they were sent.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec.structs import replace

# A lease counts as run out only so many seconds after its end, since two clocks may differ.
CLOCK_MARGIN = 5.0


class State(StrEnum):
    """The state of a delivery. If there is no record, the state is *absent*."""

    RELEASED = "released"
    CLAIMED = "claimed"
    QUEUED = "queued"
    DELIVERED = "delivered"
    PARKED = "parked"


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One item of the ledger.

    `content`: the event's fingerprint (see `ids.fingerprint`). `lease`: when the claim runs out;
    `expires_at`: when the record may be deleted; both in seconds of Unix time. `in_queue`: a
    message for this delivery is in the dead-letter queue; redrive holds it while the state is
    claimed. `parked_token`: the token under which the delivery was parked. Only a parked message
    that names it makes redrive deliver again. `crashes`: how many claimants in a row died.
    `doubtful`: a call under an earlier claim may have been acted on, and nobody knows. `reason`:
    why it was parked, or discarded. `request_id`: Rehook's id of the call that delivered it.
    """

    id: str
    state: State
    token: int
    nonce: str
    content: str
    expires_at: int
    lease: float = 0.0
    in_queue: bool = False
    parked_token: int | None = None
    crashes: int = 0
    doubtful: bool = False
    reason: str | None = None
    request_id: str | None = None

    def lease_ran_out(self, now: float) -> bool:
        """Whether the claim may be taken over. `now`: in Unix time, seconds."""
        return now > self.lease + CLOCK_MARGIN

    def in_doubt(self) -> Record:
        """Give the same claim after a call that Rehook may have acted on."""
        return replace(self, doubtful=True)

    def gives_way_to(self, content: str) -> bool:
        """Whether a mended event, which has another fingerprint, may replace this one.

        It may if this one was certainly never delivered and no message waits to deliver it.
        """
        at_rest = self.state in {State.PARKED, State.RELEASED}
        return at_rest and not self.doubtful and self.content != content


class Swap(msgspec.Struct, frozen=True):
    """The answer to a conditional write.

    `won`: it was made. `found`: if not, the record that is there, None if there is none.
    """

    won: bool
    found: Record | None = None


class RecordWriter(msgspec.Struct, frozen=True):
    """Makes the record that one write puts.

    `now`: in Unix time, seconds. `nonce`: new for this write. `keep`: seconds until the record
    expires.
    """

    now: float
    nonce: str
    keep: int

    def claim(
        self,
        delivery: str,
        content: str,
        was: Record | None,
        *,
        lease: float,
        by_redrive: bool = False,
        crashed: bool = False,
    ) -> Record:
        """Make a claim: the token grows by one. `lease`: in seconds from now.

        A claim that takes over another claim is doubtful, also if the earlier holder knew the
        outcome of its call: the ledger does not have it.
        """
        doubtful = was is not None and (was.doubtful or was.state is State.CLAIMED)
        return Record(
            id=delivery,
            state=State.CLAIMED,
            token=(was.token if was else 0) + 1,
            nonce=self.nonce,
            content=content,
            lease=self.now + lease,
            in_queue=by_redrive,
            parked_token=was.parked_token if was else None,
            crashes=(was.crashes if was else 0) + (1 if crashed else 0),
            doubtful=doubtful,
            expires_at=self._expiry(),
        )

    def deliver(self, mine: Record, request_id: str | None) -> Record:
        """Make the record of a delivery that was made. `request_id`: Rehook's id of the call."""
        return self._next(mine, state=State.DELIVERED, request_id=request_id, in_queue=False)

    def queue(self, mine: Record) -> Record:
        """Make the record of a delivery that waits in the dead-letter queue."""
        return self._next(mine, state=State.QUEUED, in_queue=True, crashes=0)

    def park(self, mine: Record, reason: str) -> Record:
        """Make the record of a delivery that was parked under the token of `mine`."""
        return self._next(
            mine,
            state=State.PARKED,
            reason=reason,
            parked_token=mine.token,
            in_queue=False,
            crashes=0,
        )

    def release(self, mine: Record, reason: str | None = None) -> Record:
        """Make the record of a delivery that is known to be undelivered and is stored nowhere.

        `reason`: why it is not to be delivered, None if somebody will try again.
        """
        return self._next(mine, state=State.RELEASED, reason=reason)

    def _next(self, mine: Record, **changes: object) -> Record:
        return replace(mine, nonce=self.nonce, lease=0.0, expires_at=self._expiry(), **changes)

    def _expiry(self) -> int:
        return int(self.now) + self.keep
