"""A delivery's record in the ledger, and every change that may be made to it.

A delivery is one event for one subscription. Its record is replaced whole, and only by a writer
that names the nonce it replaces: the nonce is new with every write, so it is the version, and a
late, dead or thawed writer can undo nothing. The token grows by one with each claim; messages
carry it, so that a message can be matched with the claim it was sent under.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec.structs import replace

# Two clocks may disagree: a lease counts as run out only this many seconds after its end.
CLOCK_MARGIN = 5.0


class State(StrEnum):
    """Where a delivery stands. No record at all is the sixth state, *absent*."""

    RELEASED = "released"
    CLAIMED = "claimed"
    QUEUED = "queued"
    DELIVERED = "delivered"
    PARKED = "parked"


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One item of the ledger.

    `lease` and `expires_at` are seconds since the epoch. `in_queue` says that a message for this
    delivery is in the dead-letter queue: at rest, or, of a claim, in redrive's hands.
    `parked_token` is the token under which it was parked: only a parked message that names it may
    open the delivery again. `content` is the fingerprint of the event (see `ids.fingerprint`).
    `doubtful`: a call under an earlier claim may have been acted on, and nobody knows.
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
        """Whether the claim may be taken over, clocks' disagreement allowed for."""
        return now > self.lease + CLOCK_MARGIN

    def in_doubt(self) -> Record:
        """The same claim, after a call that may have been acted on."""
        return replace(self, doubtful=True)

    def gives_way_to(self, content: str) -> bool:
        """Whether a mended event, which has another fingerprint, may take this one's place.

        Only where this one was certainly never delivered, and no message waits to deliver it.
        """
        at_rest = self.state in {State.PARKED, State.RELEASED}
        return at_rest and not self.doubtful and self.content != content


class Swap(msgspec.Struct, frozen=True):
    """What a conditional write came to: won, or the record found in its place (None: absent)."""

    won: bool
    found: Record | None = None


class RecordWriter(msgspec.Struct, frozen=True):
    """Writes the next record: what every write needs apart from the record it replaces.

    `now` in seconds since the epoch, `nonce` new for this write, `keep` in seconds.
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
        """The TAKE of the protocol: state claimed, token + 1, a lease of `lease` seconds.

        What came of the call of a claim that is taken over is in doubt, also where its holder knew
        it: that could not be recorded.
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
        """Settled: Rehook has it. `request_id` is Rehook's name for the call."""
        return self._next(mine, state=State.DELIVERED, request_id=request_id, in_queue=False)

    def queue(self, mine: Record) -> Record:
        """Known to be undelivered, and a message for it rests in the dead-letter queue."""
        return self._next(mine, state=State.QUEUED, in_queue=True, crashes=0)

    def park(self, mine: Record, reason: str) -> Record:
        """Given up: a message that was parked under this token rests in the parking lot."""
        return self._next(
            mine,
            state=State.PARKED,
            reason=reason,
            parked_token=mine.token,
            in_queue=False,
            crashes=0,
        )

    def release(self, mine: Record) -> Record:
        """Known to be undelivered, and stored nowhere: whoever meets it next may take it."""
        return self._next(mine, state=State.RELEASED)

    def _next(self, mine: Record, **changes: object) -> Record:
        return replace(mine, nonce=self.nonce, lease=0.0, expires_at=self._expiry(), **changes)

    def _expiry(self) -> int:
        return int(self.now) + self.keep
