"""One delivery as Segment sends it: claimed, called, and settled, stored or parked.

None of its failures is the request's: what can't be delivered is stored, and only what can't be
stored either fails.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.delivery import meet
from segment_rehook.delivery.courier import STORED_AS, ClaimUnknown, Courier
from segment_rehook.delivery.meet import Verdict
from segment_rehook.delivery.outcomes import Dropped, Parked, Result, Stored, Terminal
from segment_rehook.rehook.reply import Outcome, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.delivery.breaker import Permit
    from segment_rehook.delivery.delivery import Delivery
    from segment_rehook.delivery.dispatch import Dispatch
    from segment_rehook.delivery.lane import Lane
    from segment_rehook.delivery.order import Waiting
    from segment_rehook.delivery.record import Record

MET = {
    Verdict.DELIVERED: Result(Terminal.DUPLICATE, Terminal.DELIVERED),
    Verdict.PARKED: Result(Terminal.DUPLICATE, Terminal.PARKED),
    Verdict.QUEUED: Result(Terminal.STORED, Stored.ALREADY_QUEUED),
    Verdict.CONFLICT: Result(
        Terminal.DROPPED,
        Dropped.ID_CONFLICT,
        detail="another event was sent under this id, and was or may be delivered: give each event "
        "its own messageId",
    ),
}


@dataclass(slots=True)
class Live:
    """Makes one request's deliveries, on several threads."""

    courier: Courier
    waiting: Waiting
    dead_letters: Dispatch
    parking: Dispatch

    def deliver(
        self, lane: Lane, delivery: Delivery, permit: Permit, time_left: Callable[[], float]
    ) -> Result | None:
        """One delivery's result; None if it is to be stored with the rest."""
        clock = self.courier.clock
        try:
            taken = self.courier.claim(
                delivery.id,
                delivery.content,
                lambda found: meet.live(found, delivery.content, clock.now()),
            )
        except ClaimUnknown as unknown:
            # The claim may have landed. A message that names it lets redrive take it over without
            # waiting, and without taking this for a call that may have been made.
            self.waiting.ledger_down = True
            reason = Stored.LEDGER_UNAVAILABLE
            sent = self._send(lane, delivery, reason, unknown.token, unknown.nonce)
            return self._stored(lane, reason, sent=sent)
        if taken.mine is None:
            return self._met(lane, taken.verdict)
        if taken.verdict is Verdict.TAKE_CRASHED and not self.courier.repeats(delivery.action):
            return self._park(lane, delivery, taken.mine, Parked.OUTCOME_UNKNOWN, "claimant died")
        if delivery.request is None:
            return self._park(lane, delivery, taken.mine, Parked.MAPPING_ERROR, delivery.fault)
        reply = self.courier.call(permit, taken.mine, delivery.request, delivery.action, time_left)
        mine = self.courier.doubted(taken.mine, reply, delivery.action)
        return self._after(lane, delivery, mine, reply)

    def _after(self, lane: Lane, delivery: Delivery, mine: Record, reply: Reply) -> Result:
        if reply.outcome is Outcome.DELIVERED:
            self.courier.settle_delivered(mine, reply)
            return Result(Terminal.DELIVERED, request_id=reply.request_id)
        if reply.outcome is Outcome.REJECTED:
            return self._park(lane, delivery, mine, Parked.REJECTED, reply.said, reply)
        if reply.outcome is Outcome.UNKNOWN and not self.courier.repeats(delivery.action):
            return self._park(lane, delivery, mine, Parked.OUTCOME_UNKNOWN, reply.said, reply)
        reason = STORED_AS[reply.outcome]
        sent = self._send(lane, delivery, reason, mine.token, mine.nonce)
        if sent:
            self.courier.settle_queued(mine)
        elif reply.outcome is not Outcome.UNKNOWN:
            self.courier.release(mine)
        return self._stored(lane, reason, sent=sent, code=reply.code)

    def _send(self, lane: Lane, delivery: Delivery, reason: Stored, token: int, nonce: str) -> bool:
        if not delivery.fits_a_message():
            return False  # and no mark: no message would ever clear it
        mark = self.waiting.put([lane.user])
        letter = delivery.letter(reason, token=token, nonce=nonce, mark=mark)
        return self.dead_letters.send_one(letter.for_dead_letters(ordered=self.waiting.on))

    def _met(self, lane: Lane, verdict: Verdict) -> Result | None:
        if verdict is Verdict.CLAIMED:
            lane.store_as = Stored.CLAIMED_ELSEWHERE
            return None
        if verdict is Verdict.QUEUED:
            lane.store_as = Stored.USER_WAITING if self.waiting.on else None
        return MET[verdict]

    def _park(
        self,
        lane: Lane,
        delivery: Delivery,
        mine: Record,
        reason: Parked,
        detail: str | None,
        reply: Reply | None = None,
    ) -> Result:
        code = reply.code if reply else None
        request_id = reply.request_id if reply else None
        letter = delivery.letter(reason, token=mine.token, nonce=mine.nonce)
        message = letter.for_parking(reason, " ".join(filter(None, (code, detail))))
        if self.parking.send_one(message):
            self.courier.settle_parked(mine, reason)
            return Result(Terminal.PARKED, reason, request_id, code, detail or None)
        if reason is not Parked.OUTCOME_UNKNOWN:
            self.courier.release(mine)
        if message.too_large:
            return Result(Terminal.DROPPED, Dropped.TOO_LARGE, request_id, code, detail or None)
        lane.failed = True
        return Result(Terminal.FAILED, reason)

    def _stored(self, lane: Lane, reason: Stored, *, sent: bool, code: str | None = None) -> Result:
        lane.failed = not sent
        if self.waiting.on:
            lane.store_as = Stored.USER_WAITING
        return Result(Terminal.STORED if sent else Terminal.FAILED, reason, code=code)
