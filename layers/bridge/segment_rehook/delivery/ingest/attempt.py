"""One delivery as Segment sends it: what is claimed, what is called, and what follows.

None of its failures is the request's: what can't be delivered is stored, and only what can't be
stored either fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.delivery.after_call import (
    Park,
    Retry,
    Settle,
    after_call,
    after_crash,
    leaves_doubt,
)
from segment_rehook.delivery.ingest.lane import Progress
from segment_rehook.delivery.ledger import claim_rules
from segment_rehook.delivery.ledger.claim_rules import Verdict
from segment_rehook.delivery.ledger.claims import Wanted
from segment_rehook.delivery.outcomes import Dropped, Outcome, Parked, Result, Stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.delivery.caller import Caller
    from segment_rehook.delivery.delivery import Delivery
    from segment_rehook.delivery.ingest.user_marks import WaitingUsers
    from segment_rehook.delivery.ledger.claims import Claim, Claims
    from segment_rehook.delivery.ledger.record import Record
    from segment_rehook.delivery.pacing.breaker import Permit
    from segment_rehook.delivery.queues.sending import Sender
    from segment_rehook.rehook.reply import Reply

FOUND = {
    Verdict.DELIVERED: Result(Outcome.DUPLICATE, Outcome.DELIVERED),
    Verdict.PARKED: Result(Outcome.DUPLICATE, Outcome.PARKED),
    Verdict.QUEUED: Result(Outcome.STORED, Stored.ALREADY_QUEUED),
    Verdict.CONFLICT: Result(
        Outcome.DROPPED,
        Dropped.ID_CONFLICT,
        detail="another event was sent under this id, and was or may be delivered: give each event "
        "its own messageId",
    ),
}


@dataclass(slots=True)
class IngestAttempts:
    """Makes one request's deliveries, on several threads.

    `park_unknown`: the operator's policy for calls with an unknown outcome.
    """

    claims: Claims
    caller: Caller
    waiting: WaitingUsers
    dead_letters: Sender
    parking_lot: Sender
    park_unknown: bool

    def wanted(self, delivery: Delivery) -> Wanted:
        """What is to be claimed before the delivery is called."""
        now = self.claims.clock.now
        return Wanted(
            delivery.id,
            delivery.content,
            lambda found: claim_rules.ingest(found, delivery.content, now()),
        )

    def found(self, verdict: Verdict) -> Progress:
        """Say what becomes of a delivery that was not claimed."""
        if verdict is Verdict.CLAIMED:
            return Progress(None, store_rest=Stored.CLAIMED_ELSEWHERE)
        behind = verdict is Verdict.QUEUED and self.waiting.ordered
        return Progress(FOUND[verdict], store_rest=Stored.USER_WAITING if behind else None)

    def call(
        self, delivery: Delivery, claim: Claim, permit: Permit, time_left: Callable[[], float]
    ) -> Progress:
        """Make a claimed delivery. `time_left`: seconds for calls.

        Raises ValueError if the claim was not taken.
        """
        if claim.mine is None:
            raise ValueError("the delivery is not claimed")
        if claim.verdict is Verdict.TAKE_CRASHED and (
            park := after_crash(delivery.action, park_unknown=self.park_unknown)
        ):
            return self._park(delivery, claim.mine, park)
        if delivery.request is None:
            return self._park(
                delivery, claim.mine, Park(Parked.MAPPING_ERROR, delivery.fault or "")
            )
        reply = self.caller.call(permit, claim.mine, delivery.request, delivery.action, time_left)
        return self._after(delivery, claim.mine, reply)

    def _after(self, delivery: Delivery, mine: Record, reply: Reply) -> Progress:
        if leaves_doubt(reply, delivery.action):
            mine = mine.in_doubt()
        match after_call(reply, delivery.action, park_unknown=self.park_unknown):
            case Settle(request_id):
                return Progress(
                    Result(Outcome.DELIVERED, request_id=request_id),
                    settlement=self.claims.delivered(mine, request_id),
                )
            case Park() as park:
                return self._park(delivery, mine, park, reply)
            case Retry(reason, undelivered):
                return self._store(delivery, mine, reason, reply.code, undelivered=undelivered)

    def _store(
        self,
        delivery: Delivery,
        mine: Record,
        reason: Stored,
        code: str | None,
        *,
        undelivered: bool,
    ) -> Progress:
        """Have it tried again: mark → send → ledger. A delivery that fits no message fails."""
        sent = False
        if delivery.fits_a_message():  # and no mark otherwise: no message would ever clear it
            mark = self.waiting.mark([delivery.user])
            letter = delivery.letter(reason, token=mine.token, nonce=mine.nonce, mark=mark)
            message = letter.for_dead_letters(ordered=self.waiting.ordered)
            sent = self.dead_letters.send_one(message)
        released = self.claims.released(mine) if undelivered else None
        return Progress(
            Result(Outcome.STORED if sent else Outcome.FAILED, reason, code=code),
            store_rest=Stored.USER_WAITING if self.waiting.ordered else None,
            fail_rest=not sent,
            settlement=self.claims.queued(mine) if sent else released,
        )

    def _park(
        self, delivery: Delivery, mine: Record, park: Park, reply: Reply | None = None
    ) -> Progress:
        """Give it up: send → ledger. `reply`: Rehook's, where it was called."""
        code = reply.code if reply else None
        request_id = reply.request_id if reply else None
        detail = park.detail or None
        letter = delivery.letter(park.reason, token=mine.token, nonce=mine.nonce)
        message = letter.for_parking(park.reason, " ".join(filter(None, (code, detail))))
        if self.parking_lot.send_one(message):
            parked = Result(Outcome.PARKED, park.reason, request_id, code, detail)
            return Progress(parked, settlement=self.claims.parked(mine, park.reason))
        released = self.claims.released(mine) if park.undelivered else None
        if message.too_large:
            dropped = Result(Outcome.DROPPED, Dropped.TOO_LARGE, request_id, code, detail)
            return Progress(dropped, settlement=released)
        failed = Result(Outcome.FAILED, park.reason)
        return Progress(failed, fail_rest=True, settlement=released)
