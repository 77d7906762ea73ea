"""One dead letter: claims it, delivers it, and says what SQS must do with the message."""

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
from segment_rehook.delivery.ledger.claims import ClaimUnknown, Wanted
from segment_rehook.delivery.outcomes import Outcome, Parked, Result, Stored
from segment_rehook.delivery.ports import LedgerUnavailable
from segment_rehook.delivery.queues.message import Header, MessageUnreadable, read_body
from segment_rehook.delivery.redrive.before_cutover import DISCARDED, discard
from segment_rehook.delivery.redrive.disposition import CallKind, Delete, Disposition, Hide
from segment_rehook.delivery.redrive.letter_call import letter_call, maps_anew
from segment_rehook.delivery.redrive.pauses import Pauses
from segment_rehook.rehook.plan import Call
from segment_rehook.rehook.reply import ReplyClass

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.delivery.caller import Called, Caller
    from segment_rehook.delivery.ledger.claims import Claim, Claims, Settlement
    from segment_rehook.delivery.ledger.record import Record
    from segment_rehook.delivery.pacing.breaker import Permit
    from segment_rehook.delivery.pacing.pace import Pace
    from segment_rehook.delivery.ports import UserMarks
    from segment_rehook.delivery.queues.parking_lot import ParkingLot
    from segment_rehook.delivery.queues.transport import Received
    from segment_rehook.delivery.stack_parameters import Instructions
    from segment_rehook.rehook.destination import Destination

# A message is parked when the process has died so many times during its delivery.
MAX_CRASHES = 3


@dataclass(slots=True, kw_only=True)
class RedriveAttempts:
    """Attempts the delivery of each message.

    `give_up_after` and `hard_stop` are ages of a message in the queue, in seconds. After
    `give_up_after` the next try is the last one. After `hard_stop`, a day before SQS would delete
    the message silently, no try is made. `park_unknown`: the operator's policy for calls with an
    unknown outcome.
    """

    claims: Claims
    caller: Caller
    marks: UserMarks
    parking_lot: ParkingLot
    destination: Destination
    pace: Pace
    give_up_after: float
    hard_stop: float
    park_unknown: bool

    def attempt(
        self, message: Received, time_left: Callable[[], float], instructions: Instructions
    ) -> Disposition:
        """Attempt one delivery. `time_left`: gives the seconds that are left for calls."""
        return _Attempt(self, message, time_left).run(instructions)


class _Attempt:
    """One attempt at one message."""

    def __init__(
        self, redrive: RedriveAttempts, message: Received, time_left: Callable[[], float]
    ) -> None:
        self._redrive = redrive
        self._claims = redrive.claims
        self._caller = redrive.caller
        self._now = redrive.claims.clock.now
        self._message = message
        self._time_left = time_left
        self._age = self._now() - message.sent_at
        self._pauses = Pauses(self._age, message.receive_count, redrive.claims.randomness)
        self._unmarked = False
        self._called: CallKind | None = None

    def run(self, instructions: Instructions) -> Disposition:
        return replace(self._disposition(instructions), called=self._called)

    def _disposition(self, instructions: Instructions) -> Disposition:
        try:
            header = Header.read(self._message.attributes)
        except MessageUnreadable as error:
            return self._foreign(str(error))
        if instructions.paused and not self._expired:
            return Hide(Result(Outcome.STORED, Stored.PAUSED), self._pauses.paused(instructions))
        if self._time_left() < self._caller.timeout:
            return Hide(Result(Outcome.STORED, Stored.OVER_BUDGET), 0)
        disposition = self._decided(header, instructions)
        if isinstance(disposition, Delete):
            self._unmark(header)
        return disposition

    def _decided(self, header: Header, instructions: Instructions) -> Disposition:
        try:
            if discarded := discard(self._claims, header, self._message, instructions):
                return self._found(header, discarded)
            with self._caller.breaker.permit() as permit:
                return self._permitted(header, permit)
        except ClaimUnknown:
            return Hide(Result(Outcome.STORED, Stored.LEDGER_UNAVAILABLE), self._pauses.retry())

    @property
    def _expired(self) -> bool:
        return self._age > self._redrive.hard_stop

    def _permitted(self, header: Header, permit: Permit) -> Disposition:
        if not permit.allowed and not self._expired:
            pause = self._pauses.retry(at_least=permit.wait)
            return Hide(Result(Outcome.STORED, Stored.BREAKER_OPEN), pause)
        # The wait comes before the claim: a claimant that dies counts as one that has called.
        ahead = self._redrive.pace.wait(self._time_left() - self._caller.timeout)
        if ahead:
            pause = self._pauses.retry(throttled=True, at_least=ahead)
            return Hide(Result(Outcome.STORED, Stored.THROTTLED), pause)
        wanted = Wanted(
            header.delivery,
            header.content,
            lambda found: claim_rules.redrive(found, header, self._now()),
            by_redrive=True,
        )
        # A message that was sent under a claim has a record, which is queued as a rule.
        claim = (self._claims.claim_queued if header.nonce else self._claims.claim)(wanted)
        if claim.mine is None:
            return self._found(header, claim)
        return self._claimed(header, permit, claim.mine, claim.verdict)

    def _claimed(
        self, header: Header, permit: Permit, mine: Record, verdict: Verdict
    ) -> Disposition:
        crashed = verdict is Verdict.TAKE_CRASHED
        call = self._call_of(header, mine, crashed=crashed)
        if isinstance(call, Park):
            # For any reason of parking: it is not known whether the dead claimant has called.
            return self._park(header, mine, replace(call, undelivered=not crashed))
        called = self._caller.call(permit, mine, call.request, call.action, self._time_left)
        self._redrive.pace.heard(called.reply)
        return self._after(header, mine, called, call.action)

    def _call_of(self, header: Header, mine: Record, *, crashed: bool) -> Call | Park:
        """Give the call, or why the message is parked instead."""
        if mine.crashes >= MAX_CRASHES:
            return Park(Parked.CRASHES, header.detail)
        try:
            letter = read_body(header, self._message)
        except MessageUnreadable as error:
            return Park(Parked.UNREADABLE, str(error))
        destination, mapping = self._redrive.destination, letter.origin.mapping
        if maps_anew(letter):
            mapping = destination.version
        self._called = CallKind(letter.action, mapping)
        park_unknown = self._redrive.park_unknown
        if crashed and (park := after_crash(letter.action, park_unknown=park_unknown)):
            return park
        if self._expired:
            return Park(Parked.EXPIRED, header.detail)
        call = letter_call(letter, destination)
        if isinstance(call, Call):
            self._called = CallKind(call.action, mapping)
        return call

    def _after(self, header: Header, mine: Record, called: Called, action: str) -> Disposition:
        reply, took = called.reply, called.milliseconds
        if leaves_doubt(reply, action):
            mine = mine.in_doubt()
        # A message is given up only after a try, also if it has waited behind another all the time.
        last_try = self._age > self._redrive.give_up_after
        park_unknown = self._redrive.park_unknown
        match after_call(reply, action, park_unknown=park_unknown, last_try=last_try):
            case Settle(request_id):
                self._end(header, self._claims.delivered(mine, request_id))
                delivered = Result(Outcome.DELIVERED, request_id=request_id, milliseconds=took)
                return Delete(delivered)
            case Park() as park:
                return self._park(header, mine, park, called)
            case Retry(reason):
                throttled = reply.kind is ReplyClass.THROTTLED
                pause = self._pauses.retry(throttled=throttled, at_least=reply.retry_after)
                stored = Result(Outcome.STORED, reason, code=reply.code, milliseconds=took)
                return Hide(stored, pause, mine)

    def _found(self, header: Header, claim: Claim) -> Disposition:
        if claim.mine is not None:
            return Delete(DISCARDED)
        if claim.verdict is Verdict.CLAIMED:
            lease_left = max(claim.found.lease - self._now(), 0.0) if claim.found else 0.0
            pause = self._pauses.claimed(lease_left)
            return Hide(Result(Outcome.STORED, Stored.CLAIMED_ELSEWHERE), pause)
        if claim.verdict is Verdict.CONFLICT:
            if self._redrive.parking_lot.conflict(
                header, self._message, "its id is another event's"
            ):
                return Delete(Result(Outcome.PARKED, Parked.ID_CONFLICT))
            return Hide(Result(Outcome.STORED, Stored.PARKING_FAILED), self._pauses.retry())
        # It was delivered before, or this is an old copy of a message that is parked.
        return Delete(Result(Outcome.DUPLICATE, claim.verdict.name.lower()))

    def _park(
        self, header: Header, mine: Record, park: Park, called: Called | None = None
    ) -> Disposition:
        """Send to the parking lot, settle, then delete. `called`: None if no call was made."""
        code = called.reply.code if called else None
        took = called.milliseconds if called else None
        text = " ".join(filter(None, (code, park.detail)))
        if self._redrive.parking_lot.send(header, self._message, mine, park.reason, text):
            self._end(header, self._claims.parked(mine, park.reason))
            request_id = called.reply.request_id if called else None
            return Delete(Result(Outcome.PARKED, park.reason, request_id, code, None, took))
        # An unknown outcome keeps its claim, so that the next claimant knows of it.
        known = mine if park.undelivered else None
        failed = Result(Outcome.STORED, Stored.PARKING_FAILED, None, code, None, took)
        return Hide(failed, self._pauses.retry(), known)

    def _foreign(self, why: str) -> Disposition:
        """Park a message that the bridge did not write: an operator must look at it."""
        if self._redrive.parking_lot.foreign(self._message, why):
            return Delete(Result(Outcome.PARKED, Parked.UNREADABLE))
        return Hide(Result(Outcome.STORED, Stored.PARKING_FAILED), self._pauses.retry())

    def _end(self, header: Header, settlement: Settlement) -> None:
        """Settle the claim, and clear the mark in the same call: see docs/protocol.md."""
        if header.mark:
            self._unmarked = self._claims.settle_and_clear(settlement, header.user, header.mark)
        else:
            self._claims.settle(settlement)

    def _unmark(self, header: Header) -> None:
        if self._unmarked or not header.mark:
            return
        try:
            self._redrive.marks.clear(header.user, header.mark)
        except LedgerUnavailable:
            # The mark that is left delays the user's next event, whose message clears it.
            self._claims.telemetry.count("StaleMarks")
