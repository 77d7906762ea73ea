"""From the events of one webhook request to what became of each.

Users go side by side, one user's deliveries one after the other. What can't be delivered within
the budget, or must not be yet, is stored in the dead-letter queue; only what can't be stored
either makes Segment come again. A copy in the queue is always harmless, because whoever takes it
claims it in the ledger first: so when in doubt, store.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segment_rehook.delivery import meet
from segment_rehook.delivery.courier import STORED_AS, ClaimUnknown, Courier
from segment_rehook.delivery.dispatch import Dispatch, Line
from segment_rehook.delivery.meet import Verdict
from segment_rehook.delivery.outcomes import Dropped, Parked, Result, Stored, Terminal
from segment_rehook.delivery.ports import LedgerUnavailable
from segment_rehook.rehook.reply import Outcome, Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segment_rehook.delivery.delivery import Delivery
    from segment_rehook.delivery.ports import Marks
    from segment_rehook.delivery.record import Record

# Seconds kept back of the budget for the marks and the answer.
RESERVE = 0.4
# Seconds that storing may go on past the budget: to be late is better than to say 503.
GRACE = 3.0

MET = {
    Verdict.DELIVERED: Result(Terminal.DUPLICATE, Terminal.DELIVERED),
    Verdict.PARKED: Result(Terminal.DUPLICATE, Terminal.PARKED),
    Verdict.QUEUED: Result(Terminal.STORED, Stored.ALREADY_QUEUED),
    Verdict.CONFLICT: Result(
        Terminal.DROPPED,
        Dropped.ID_CONFLICT,
        detail="another event was sent under this id: give each event its own messageId",
    ),
}


@dataclass(slots=True)
class Lane:
    """One user's deliveries in order, and how far they came."""

    user: str
    deliveries: Sequence[Delivery]
    results: list[Result] = field(default_factory=list)
    store_as: Stored | None = None
    """Why the rest is not delivered now; None while it may be."""
    failed: bool = False
    """Something could not be stored, so nothing later of this user is."""

    @property
    def rest(self) -> Sequence[Delivery]:
        """What has no result yet."""
        return self.deliveries[len(self.results) :]


@dataclass(slots=True)
class Ingest:
    """Delivers what it can and stores the rest.

    `ordered`: keep each user's deliveries in order across requests. `workers`: users side by side.
    """

    courier: Courier
    marks: Marks
    dead_letters: Dispatch
    parking: Dispatch
    ordered: bool
    workers: int

    def run(self, lanes: Sequence[Lane], until: float, *, paused: bool = False) -> None:
        """Bring every lane to its end. `until`, on the monotonic clock: the answer is due then."""
        request = _Request(self, lanes, until)
        if paused:
            request.store_all(Stored.PAUSED)
        else:
            request.deliver()
        request.store()


class _Request:
    """One request's work. Each lane is touched by one thread at a time."""

    def __init__(self, ingest: Ingest, lanes: Sequence[Lane], until: float) -> None:
        self._on = ingest
        self._courier = ingest.courier
        self._lanes = lanes
        self._until = until
        self._marked: dict[str, str] = {}
        self._ledger_down = False
        self._waiting = sum(len(lane.deliveries) for lane in lanes)
        self._longest = max((len(lane.deliveries) for lane in lanes), default=0)
        self._counting = threading.Lock()

    def deliver(self) -> None:
        """Deliver until the time, the breaker or the ledger says stop."""
        if self._on.ordered:
            try:
                self._marked = self._on.marks.read([lane.user for lane in self._lanes])
            except LedgerUnavailable:
                self.store_all(Stored.LEDGER_UNAVAILABLE)
                return
        todo = deque(self._lanes)
        workers = min(self._on.workers, len(todo))
        if workers <= 1:
            self._work(todo)
            return
        with ThreadPoolExecutor(workers) as pool:
            # All of them are joined here: a worker that outlived its request would call when the
            # function thaws, minutes later.
            for worker in [pool.submit(self._work, todo) for _ in range(workers)]:
                worker.result()

    def store_all(self, reason: Stored) -> None:
        for lane in self._lanes:
            lane.store_as = lane.store_as or reason

    def store(self) -> None:
        """Store what is left of each lane, in order, unclaimed."""
        lanes = [lane for lane in self._lanes if lane.rest and not lane.failed]
        self._mark({lane.user: lane.rest[-1].id for lane in lanes})
        lines = []
        for lane in lanes:
            reason = lane.store_as or Stored.OVER_BUDGET
            letters = [delivery.letter(reason) for delivery in lane.rest]
            lines.append(Line([letter.for_dead_letters() for letter in letters]))
        self._on.dead_letters.send(lines, lambda: self._time_left() + GRACE)
        for lane, line in zip(lanes, lines, strict=True):
            reason = lane.store_as or Stored.OVER_BUDGET
            lane.results += [
                Result(Terminal.STORED if taken else Terminal.FAILED, reason)
                for taken in line.taken
            ]
        for lane in self._lanes:
            lane.results += [Result(Terminal.FAILED) for _ in lane.rest]

    def _work(self, todo: deque[Lane]) -> None:
        while True:
            try:
                lane = todo.popleft()
            except IndexError:
                return
            try:
                self._run(lane)
            except Exception as error:  # noqa: BLE001 — a defect of ours must lose no event: it is stored
                lane.store_as = Stored.UNEXPECTED
                self._courier.telemetry.warn("unexpected error", error=type(error).__name__)
                self._courier.telemetry.count("UnexpectedErrors")

    def _run(self, lane: Lane) -> None:
        if lane.user in self._marked:
            lane.store_as = Stored.USER_WAITING
        while lane.rest and lane.store_as is None and not lane.failed:
            lane.store_as = self._reason_to_store()
            if lane.store_as is None:
                result = self._deliver(lane, lane.rest[0])
                if result is not None:
                    lane.results.append(result)
                    with self._counting:
                        self._waiting -= 1

    def _reason_to_store(self) -> Stored | None:
        if self._ledger_down:
            return Stored.LEDGER_UNAVAILABLE
        if not self._room_for_a_call():
            return Stored.OVER_BUDGET
        gate = self._courier.breaker.gate()
        if not gate.open:
            throttled = gate.reason == Outcome.THROTTLED
            return Stored.THROTTLED if throttled else Stored.BREAKER_OPEN
        return None

    def _deliver(self, lane: Lane, delivery: Delivery) -> Result | None:
        """One delivery's result; None if it is to be stored with the rest."""
        clock = self._courier.clock
        try:
            taken = self._courier.claim(
                delivery.id,
                delivery.content,
                lambda found: meet.live(found, delivery.content, clock.now()),
            )
        except ClaimUnknown as unknown:
            # The claim may have landed. A message that names it lets redrive take it over without
            # waiting, and without taking this for a call that may have been made.
            self._ledger_down = True
            self._courier.breaker.spare()
            letter = delivery.letter(
                Stored.LEDGER_UNAVAILABLE, token=unknown.token, nonce=unknown.nonce
            )
            sent = self._on.dead_letters.send_one(letter.for_dead_letters())
            return self._stored(lane, Stored.LEDGER_UNAVAILABLE, sent=sent)
        if taken.mine is None:
            self._courier.breaker.spare()
            return self._met(lane, delivery, taken.verdict)
        if delivery.request is None:
            self._courier.breaker.spare()
            return self._park(
                lane, delivery, taken.mine, Parked.MAPPING_ERROR, delivery.fault or ""
            )
        if taken.verdict is Verdict.TAKE_CRASHED and not self._courier.repeats(delivery.action):
            self._courier.breaker.spare()
            return self._park(lane, delivery, taken.mine, Parked.OUTCOME_UNKNOWN, "claimant died")
        reply = self._courier.call(
            taken.mine, delivery.request, delivery.action, self._time_to_call
        )
        return self._after(lane, delivery, taken.mine, reply)

    def _after(self, lane: Lane, delivery: Delivery, mine: Record, reply: Reply) -> Result:
        if reply.outcome is Outcome.DELIVERED:
            self._courier.settle_delivered(mine, reply)
            return Result(Terminal.DELIVERED, request_id=reply.request_id)
        if reply.outcome is Outcome.REJECTED:
            return self._park(lane, delivery, mine, Parked.REJECTED, reply.message, reply)
        if reply.outcome is Outcome.UNKNOWN and not self._courier.repeats(delivery.action):
            return self._park(lane, delivery, mine, Parked.OUTCOME_UNKNOWN, reply.message, reply)
        reason = STORED_AS[reply.outcome]
        self._mark({lane.user: delivery.id})
        letter = delivery.letter(reason, token=mine.token, nonce=mine.nonce)
        sent = self._on.dead_letters.send_one(letter.for_dead_letters())
        if sent:
            self._courier.settle_queued(mine)
        elif reply.outcome is not Outcome.UNKNOWN:
            self._courier.release(mine)
        return self._stored(lane, reason, sent=sent, code=reply.code)

    def _met(self, lane: Lane, delivery: Delivery, verdict: Verdict) -> Result | None:
        if verdict is Verdict.CLAIMED:
            lane.store_as = Stored.CLAIMED_ELSEWHERE
            return None
        if verdict is Verdict.QUEUED:
            lane.store_as = Stored.USER_WAITING
        elif self._marked.get(lane.user) == delivery.id:
            self._unmark(lane.user, delivery.id)
        return MET[verdict]

    def _park(
        self,
        lane: Lane,
        delivery: Delivery,
        mine: Record,
        reason: Parked,
        detail: str,
        reply: Reply | None = None,
    ) -> Result:
        code = reply.code if reply else None
        request_id = reply.request_id if reply else None
        letter = delivery.letter(reason, token=mine.token, nonce=mine.nonce)
        message = letter.for_parking(mine.token, reason, " ".join(filter(None, (code, detail))))
        if self._on.parking.send_one(message):
            self._courier.settle_parked(mine, reason)
            return Result(Terminal.PARKED, reason, request_id, code, detail or None)
        if reason is not Parked.OUTCOME_UNKNOWN:
            self._courier.release(mine)
        if message.too_large:
            return Result(Terminal.DROPPED, Dropped.TOO_LARGE, request_id, code, detail or None)
        lane.failed = True
        return Result(Terminal.FAILED, reason)

    def _stored(self, lane: Lane, reason: Stored, *, sent: bool, code: str | None = None) -> Result:
        lane.failed = not sent
        lane.store_as = Stored.USER_WAITING
        return Result(Terminal.STORED if sent else Terminal.FAILED, reason, code=code)

    def _mark(self, lasts: dict[str, str]) -> None:
        """Before anything of theirs is sent, so that nobody overtakes it."""
        if self._on.ordered and lasts and not self._ledger_down:
            try:
                self._on.marks.put(lasts)
            except LedgerUnavailable:
                self._ledger_down = True

    def _unmark(self, user: str, last: str) -> None:
        try:
            self._on.marks.clear(user, last)
        except LedgerUnavailable:
            self._ledger_down = True

    def _time_left(self) -> float:
        return self._until - self._courier.clock.monotonic()

    def _time_to_call(self) -> float:
        """What is left for calls when storing all the rest is allowed for."""
        storing = self._on.dead_letters.seconds_for(self._waiting, self._longest)
        return self._time_left() - RESERVE - storing

    def _room_for_a_call(self) -> bool:
        return self._time_to_call() >= self._courier.terms.call_timeout
