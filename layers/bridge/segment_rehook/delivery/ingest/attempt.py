"""One delivery as Segment sends it: claimed, called, and settled, stored or parked.

None of its failures is the request's: what can't be delivered is stored, and only what can't be
stored either fails.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segment_rehook.delivery.after_call import (
    Park,
    Retry,
    Settle,
    after_call,
    after_crash,
    leaves_doubt,
)
from segment_rehook.delivery.ledger import claim_rules
from segment_rehook.delivery.ledger.claim_rules import Verdict
from segment_rehook.delivery.ledger.claims import ClaimUnknown
from segment_rehook.delivery.outcomes import Dropped, Outcome, Parked, Result, Stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.delivery.caller import Caller
    from segment_rehook.delivery.delivery import Delivery
    from segment_rehook.delivery.ingest.user_marks import WaitingUsers
    from segment_rehook.delivery.ledger.claims import Claims
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


@dataclass(frozen=True, slots=True)
class Progress:
    """What came of one delivery, and what follows for the later ones of its user.

    `result`: None where it is stored together with the later ones. `store_rest`: why those are
    stored; None where they are delivered. `fail_rest`: this one could not be stored, so that they
    must not be either.
    """

    result: Result | None
    store_rest: Stored | None = None
    fail_rest: bool = False

    def __post_init__(self) -> None:
        if self.result is None and self.store_rest is None:
            raise ValueError("a delivery without a result is stored with the rest: say why")


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

    def deliver(
        self, delivery: Delivery, permit: Permit, time_left: Callable[[], float]
    ) -> Progress:
        """Make one delivery. `time_left`: seconds for calls."""
        clock = self.claims.clock
        try:
            claim = self.claims.claim(
                delivery.id,
                delivery.content,
                lambda found: claim_rules.ingest(found, delivery.content, clock.now()),
            )
        except ClaimUnknown as unknown:
            # The claim may have landed. A message that names it lets redrive take it over without
            # waiting, and without taking this for a call that may have been made.
            self.waiting.ledger_down = True
            sent = self._send(delivery, Stored.LEDGER_UNAVAILABLE, unknown.token, unknown.nonce)
            return self._stored(Stored.LEDGER_UNAVAILABLE, sent=sent)
        if claim.mine is None:
            return self._found(claim.verdict)
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
            mine = replace(mine, doubtful=True)
        match after_call(reply, delivery.action, park_unknown=self.park_unknown):
            case Settle(request_id):
                self.claims.settle_delivered(mine, request_id)
                return Progress(Result(Outcome.DELIVERED, request_id=request_id))
            case Park() as park:
                return self._park(delivery, mine, park, reply)
            case Retry(reason, undelivered):
                sent = self._send(delivery, reason, mine.token, mine.nonce)
                if sent:
                    self.claims.settle_queued(mine)
                elif undelivered:
                    self.claims.release(mine)
                return self._stored(reason, sent=sent, code=reply.code)

    def _send(self, delivery: Delivery, reason: Stored, token: int, nonce: str) -> bool:
        if not delivery.fits_a_message():
            return False  # and no mark: no message would ever clear it
        mark = self.waiting.mark([delivery.user])
        letter = delivery.letter(reason, token=token, nonce=nonce, mark=mark)
        return self.dead_letters.send_one(letter.for_dead_letters(ordered=self.waiting.ordered))

    def _stored(self, reason: Stored, *, sent: bool, code: str | None = None) -> Progress:
        return Progress(
            Result(Outcome.STORED if sent else Outcome.FAILED, reason, code=code),
            store_rest=Stored.USER_WAITING if self.waiting.ordered else None,
            fail_rest=not sent,
        )

    def _found(self, verdict: Verdict) -> Progress:
        if verdict is Verdict.CLAIMED:
            return Progress(None, store_rest=Stored.CLAIMED_ELSEWHERE)
        behind = verdict is Verdict.QUEUED and self.waiting.ordered
        return Progress(FOUND[verdict], store_rest=Stored.USER_WAITING if behind else None)

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
            self.claims.settle_parked(mine, park.reason)
            return Progress(Result(Outcome.PARKED, park.reason, request_id, code, detail))
        if park.undelivered:
            self.claims.release(mine)
        if message.too_large:
            dropped = Result(Outcome.DROPPED, Dropped.TOO_LARGE, request_id, code, detail)
            return Progress(dropped)
        return Progress(Result(Outcome.FAILED, park.reason), fail_rest=True)
