"""One dead letter: claim it, deliver it again, and say what SQS is to do with the message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.delivery import backoff, meet
from segment_rehook.delivery.courier import STORED_AS, ClaimUnknown, Courier
from segment_rehook.delivery.meet import Verdict
from segment_rehook.delivery.message import Header, Letter, LetterUnreadable, read_body
from segment_rehook.delivery.outcomes import Parked, Result, Stored, Terminal
from segment_rehook.delivery.ports import LedgerUnavailable
from segment_rehook.delivery.record import CLOCK_MARGIN
from segment_rehook.rehook.plan import Call, Fault
from segment_rehook.rehook.reply import Outcome, Reply
from segment_rehook.segment.event import Event, UnreadableEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.delivery.breaker import Permit
    from segment_rehook.delivery.pace import Pace
    from segment_rehook.delivery.ports import Marks, Received
    from segment_rehook.delivery.record import Record
    from segment_rehook.delivery.undeliverable import ParkingLot
    from segment_rehook.rehook.destination import Destination

# A message that ended the function this often is not tried again.
CRASHES_MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """In seconds from entering the queue: when a try is the last one, and when none is made.

    `last_call` comes a day before SQS deletes the message silently.
    """

    give_up: float
    last_call: float


@dataclass(frozen=True, slots=True)
class Done:
    """The message may be deleted."""

    result: Result


@dataclass(frozen=True, slots=True)
class Again:
    """The message is to be hidden for `seconds`; `mine` is then settled as queued."""

    result: Result
    seconds: int
    mine: Record | None = None


Step = Done | Again


@dataclass(slots=True)
class Redelivery:
    """Takes one message to its next step."""

    courier: Courier
    marks: Marks
    parking: ParkingLot
    destination: Destination
    pace: Pace
    ages: Ages

    def step(self, message: Received, time_left: Callable[[], float], *, paused: bool) -> Step:
        """`time_left`: seconds for calls. A call is made only if a whole time-out is left."""
        return _Message(self, message, time_left).step(paused=paused)


class _Message:
    """One message on its way; what each step needs to know of it is here."""

    def __init__(self, on: Redelivery, message: Received, time_left: Callable[[], float]) -> None:
        self._on = on
        self._courier = on.courier
        self._message = message
        self._time_left = time_left
        self._age = on.courier.clock.now() - message.sent_at

    def step(self, *, paused: bool) -> Step:
        try:
            header = Header.read(self._message.attributes)
        except LetterUnreadable as error:
            return self._foreign(str(error))
        if paused and not self._expired:
            pause = backoff.aside(age=self._age, chance=self._courier.chance)
            return Again(Result(Terminal.STORED, Stored.PAUSED), pause)
        if self._time_left() < self._courier.terms.call_timeout:
            return Again(Result(Terminal.STORED, Stored.OVER_BUDGET), 0)
        with self._courier.breaker.permit() as permit:
            step = self._permitted(header, permit)
        if isinstance(step, Done):
            self._unmark(header)
        return step

    def _permitted(self, header: Header, permit: Permit) -> Step:
        if not permit.allowed and not self._expired:
            pause = self._pause(at_least=permit.wait)
            return Again(Result(Terminal.STORED, Stored.BREAKER_OPEN), pause)
        # Before the claim: whoever holds one and dies is taken to have called.
        ahead = self._on.pace.wait(self._time_left() - self._courier.terms.call_timeout)
        if ahead:
            pause = self._pause(throttled=True, at_least=ahead)
            return Again(Result(Terminal.STORED, Stored.THROTTLED), pause)
        return self._claim(header, permit)

    @property
    def _expired(self) -> bool:
        return self._age > self._on.ages.last_call

    def _claim(self, header: Header, permit: Permit) -> Step:
        met: Record | None = None

        def judge(found: Record | None) -> Verdict:
            nonlocal met
            met = found
            return meet.redriven(found, header, self._courier.clock.now())

        try:
            taken = self._courier.claim(header.delivery, header.content, judge, queued=True)
        except ClaimUnknown:
            return Again(Result(Terminal.STORED, Stored.LEDGER_UNAVAILABLE), self._pause())
        if taken.mine is None:
            return self._met(taken.verdict, header, met)
        crashed = taken.verdict is Verdict.TAKE_CRASHED
        call = self._call_of(header, taken.mine, crashed=crashed)
        if not isinstance(call, Call):
            return self._park(header, taken.mine, *call, crashed=crashed)
        reply = self._courier.call(permit, taken.mine, call.request, call.action, self._time_left)
        self._on.pace.heard(reply)
        mine = self._courier.doubted(taken.mine, reply, call.action)
        return self._after(header, mine, reply, call.action)

    def _call_of(self, header: Header, mine: Record, *, crashed: bool) -> Call | tuple[Parked, str]:
        """What is to be called, or why the message is given up instead."""
        if mine.crashes >= CRASHES_MOST:
            return Parked.CRASHES, header.detail
        try:
            letter = read_body(header, self._message)
        except LetterUnreadable as error:
            return Parked.UNREADABLE, str(error)
        if crashed and not self._courier.repeats(letter.action):
            return Parked.OUTCOME_UNKNOWN, "claimant died"
        if self._expired:
            return Parked.EXPIRED, header.detail
        known = self._on.destination.subscriptions
        if not any(each.id == header.subscription and each.enabled for each in known):
            return Parked.SUBSCRIPTION_GONE, "no enabled subscription has this id"
        if letter.request is not None and (header.epoch is None or header.resend):
            return Call(header.subscription, letter.action, header.user, None, letter.request)
        return self._map_anew(letter)

    def _map_anew(self, letter: Letter) -> Call | tuple[Parked, str]:
        """What an operator sent back: a mended mapping mends what it broke."""
        try:
            event = Event.parse(letter.event)
        except UnreadableEvent as error:
            return Parked.UNREADABLE, error.detail
        planned = self._on.destination.plan_for(event, letter.header.subscription)
        if isinstance(planned, Call):
            return planned
        if isinstance(planned, Fault):
            return Parked.MAPPING_ERROR, planned.detail
        return Parked.NOT_MAPPED, planned.detail if planned else "the trigger does not match"

    def _after(self, header: Header, mine: Record, reply: Reply, action: str) -> Step:
        if reply.outcome is Outcome.DELIVERED:
            self._courier.settle_delivered(mine, reply)
            return Done(Result(Terminal.DELIVERED, request_id=reply.request_id))
        if reply.outcome is Outcome.REJECTED:
            return self._park(header, mine, Parked.REJECTED, reply.said, reply)
        if reply.outcome is Outcome.UNKNOWN and not self._courier.repeats(action):
            return self._park(header, mine, Parked.OUTCOME_UNKNOWN, reply.said, reply)
        if self._age > self._on.ages.give_up:
            # Only after a try: what stood behind a blocked message gets one too.
            return self._park(header, mine, Parked.GAVE_UP, f"last try: {reply.outcome}", reply)
        throttled = reply.outcome is Outcome.THROTTLED
        pause = self._pause(throttled=throttled, at_least=reply.retry_after)
        stored = Result(Terminal.STORED, STORED_AS[reply.outcome], code=reply.code)
        return Again(stored, pause, mine)

    def _met(self, verdict: Verdict, header: Header, met: Record | None) -> Step:
        if verdict is Verdict.CLAIMED:
            lease_left = max(met.lease - self._courier.clock.now(), 0.0) if met else 0.0
            pause = backoff.whole(lease_left + CLOCK_MARGIN + 1.0)
            return Again(Result(Terminal.STORED, Stored.CLAIMED_ELSEWHERE), pause)
        if verdict is Verdict.CONFLICT:
            if self._on.parking.conflict(header, self._message, "its id is another event's"):
                return Done(Result(Terminal.PARKED, Parked.ID_CONFLICT))
            return Again(Result(Terminal.STORED, Stored.PARKING_FAILED), self._pause())
        # Delivered already, or a stale copy of something parked.
        return Done(Result(Terminal.DUPLICATE, verdict.name.lower()))

    def _park(
        self,
        header: Header,
        mine: Record,
        reason: Parked,
        detail: str,
        reply: Reply | None = None,
        *,
        crashed: bool = False,
    ) -> Step:
        """Give it up: send → ledger → delete. `crashed`: an earlier claimant died at it."""
        code = reply.code if reply else None
        text = " ".join(filter(None, (code, detail)))
        if self._on.parking.send(header, self._message, mine, reason, text):
            self._courier.settle_parked(mine, reason)
            request_id = reply.request_id if reply else None
            return Done(Result(Terminal.PARKED, reason, request_id, code))
        # Known to be undelivered; an unknown outcome is found again when the lease has run out.
        known = None if crashed or reason is Parked.OUTCOME_UNKNOWN else mine
        stored = Result(Terminal.STORED, Stored.PARKING_FAILED, code=code)
        return Again(stored, self._pause(), known)

    def _foreign(self, why: str) -> Step:
        """Not a message of ours: kept in the parking lot, since it can't be told what it is."""
        if self._on.parking.foreign(self._message, why):
            return Done(Result(Terminal.PARKED, Parked.UNREADABLE))
        return Again(Result(Terminal.STORED, Stored.PARKING_FAILED), self._pause())

    def _unmark(self, header: Header) -> None:
        if not header.mark:
            return
        try:
            self._on.marks.clear(header.user, header.mark)
        except LedgerUnavailable:
            # A stale mark delays the user's next event, which clears it.
            self._courier.telemetry.count("StaleMarks")

    def _pause(self, *, throttled: bool = False, at_least: float | None = None) -> int:
        return backoff.delay(
            age=self._age, throttled=throttled, at_least=at_least, chance=self._courier.chance
        )
