"""Makes one delivery of a request: what it claims, the call, and what follows the call.

A failure of one delivery does not end the request. A delivery that can't be made now is stored. It
fails only if it can't be stored either.
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

    from segment_rehook.delivery.caller import Called, Caller
    from segment_rehook.delivery.delivery import Delivery
    from segment_rehook.delivery.ingest.user_marks import WaitingUsers
    from segment_rehook.delivery.ledger.claims import Claim, Claims
    from segment_rehook.delivery.ledger.record import Record
    from segment_rehook.delivery.pacing.breaker import Permit
    from segment_rehook.delivery.queues.sending import Sender

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
    """Makes one request's deliveries. Thread-safe for different deliveries.

    `park_unknown`: whether a call that may not be repeated is parked when its outcome is unknown.
    """

    claims: Claims
    caller: Caller
    waiting: WaitingUsers
    dead_letters: Sender
    parking_lot: Sender
    park_unknown: bool

    def wanted(self, delivery: Delivery) -> Wanted:
        """Give the claim that the delivery needs before its call."""
        now = self.claims.clock.now
        return Wanted(
            delivery.id,
            delivery.content,
            lambda found: claim_rules.ingest(found, delivery.content, now()),
        )

    def found(self, verdict: Verdict) -> Progress:
        """Say what follows for a delivery that was not claimed. `verdict`: why it was not."""
        if verdict is Verdict.CLAIMED:
            return Progress(None, store_rest=Stored.CLAIMED_ELSEWHERE)
        behind = verdict is Verdict.QUEUED and self.waiting.ordered
        return Progress(FOUND[verdict], store_rest=Stored.USER_WAITING if behind else None)

    def call(
        self, delivery: Delivery, claim: Claim, permit: Permit, time_left: Callable[[], float]
    ) -> Progress:
        """Call Rehook under `claim`, or park the delivery without a call; say what follows.

        `time_left`: gives the seconds that are left for calls. Raises ValueError if the claim was
        not taken.
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
        called = self.caller.call(permit, claim.mine, delivery.request, delivery.action, time_left)
        return self._after(delivery, claim.mine, called)

    def _after(self, delivery: Delivery, mine: Record, called: Called) -> Progress:
        reply = called.reply
        if leaves_doubt(reply, delivery.action):
            mine = mine.in_doubt()
        match after_call(reply, delivery.action, park_unknown=self.park_unknown):
            case Settle(request_id):
                return Progress(
                    Result(
                        Outcome.DELIVERED, request_id=request_id, milliseconds=called.milliseconds
                    ),
                    settlement=self.claims.delivered(mine, request_id),
                )
            case Park() as park:
                return self._park(delivery, mine, park, called)
            case Retry(reason, undelivered):
                return self._store(delivery, mine, reason, called, undelivered=undelivered)

    def _store(
        self,
        delivery: Delivery,
        mine: Record,
        reason: Stored,
        called: Called,
        *,
        undelivered: bool,
    ) -> Progress:
        """Store the delivery so that redrive tries it again: mark, then send, then settle.

        `undelivered`: whether it is known that Rehook has not acted on the call. A delivery that is
        too large for a message fails.
        """
        sent = False
        if delivery.fits_a_message():  # else no mark is put, since no message would clear it
            mark = self.waiting.mark([delivery.user])
            letter = delivery.letter(reason, token=mine.token, nonce=mine.nonce, mark=mark)
            message = letter.for_dead_letters(ordered=self.waiting.ordered)
            sent = self.dead_letters.send_one(message)
        released = self.claims.released(mine) if undelivered else None
        return Progress(
            Result(
                Outcome.STORED if sent else Outcome.FAILED,
                reason,
                code=called.reply.code,
                milliseconds=called.milliseconds,
            ),
            store_rest=Stored.USER_WAITING if self.waiting.ordered else None,
            fail_rest=not sent,
            settlement=self.claims.queued(mine) if sent else released,
        )

    def _park(
        self, delivery: Delivery, mine: Record, park: Park, called: Called | None = None
    ) -> Progress:
        """Send the delivery to the parking lot, then settle. `called`: None if no call was made."""
        code = called.reply.code if called else None
        request_id = called.reply.request_id if called else None
        took = called.milliseconds if called else None
        detail = park.detail or None
        letter = delivery.letter(park.reason, token=mine.token, nonce=mine.nonce)
        message = letter.for_parking(park.reason, " ".join(filter(None, (code, detail))))
        if self.parking_lot.send_one(message):
            parked = Result(Outcome.PARKED, park.reason, request_id, code, detail, took)
            return Progress(parked, settlement=self.claims.parked(mine, park.reason))
        released = self.claims.released(mine) if park.undelivered else None
        if message.too_large:
            dropped = Result(Outcome.DROPPED, Dropped.TOO_LARGE, request_id, code, detail, took)
            return Progress(dropped, settlement=released)
        failed = Result(Outcome.FAILED, park.reason, milliseconds=took)
        return Progress(failed, fail_rest=True, settlement=released)
