"""A request's lanes side by side: claimed together, called by many threads, settled together.

A lane's next delivery is claimed when the one before it is settled, so a call of the ledger holds
different users' deliveries. Nothing waits for such a call to fill up: it takes what there is, while
Rehook is called for others. Each thread does whatever is due, so that one alone can do it all.

How much is under way is bounded, since it is what nobody knows the end of when the function dies:
`workers` deliveries at most are claimed and not yet called; as many are being called, or were
called since the ledger was last written to; and as many are being settled.
"""

from __future__ import annotations

import threading
from collections import deque
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from segment_rehook.delivery.ledger.claims import Claim, ClaimUnknown
from segment_rehook.delivery.outcomes import Stored
from segment_rehook.delivery.ports import MAX_CHANGES
from segment_rehook.rehook.reply import ReplyClass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    from segment_rehook.delivery.ingest.attempt import IngestAttempts
    from segment_rehook.delivery.ingest.lane import Lane, Progress
    from segment_rehook.delivery.pacing.breaker import Permit

# Seconds kept back of the budget for the marks and the answer.
RESERVE = 0.4
MAX_MARKS_A_READ = 100
# Threads beside those that call: one to claim and one to settle meanwhile.
LEDGER_THREADS = 2

Popped = TypeVar("Popped")


class _Job(Enum):
    CLAIM = auto()
    CALL = auto()
    SETTLE = auto()


class Pipeline:
    """Delivers one request's lanes until the time, the breaker or the ledger says stop.

    What is left of a lane then says why (`Lane.store_as`). `workers`: calls side by side.
    `time_left`: seconds until the request's answer is due. A lane is touched by one thread at a
    time; what they share is guarded by `_changed`.
    """

    def __init__(
        self,
        lanes: Sequence[Lane],
        attempts: IngestAttempts,
        *,
        workers: int,
        time_left: Callable[[], float],
    ) -> None:
        self._attempts = attempts
        self._claims = attempts.claims
        self._breaker = attempts.caller.breaker
        self._waiting = attempts.waiting
        self._telemetry = attempts.claims.telemetry
        self._workers = min(workers, len(lanes))
        self._together = min(workers, MAX_CHANGES)
        self._time_left = time_left
        self._changed = threading.Condition(threading.Lock())
        self._unread = deque(lanes)  # whether their users wait is not known yet
        self._unclaimed: deque[Lane] = deque()
        self._claimed: deque[tuple[Lane, Claim]] = deque()
        self._called: deque[tuple[Lane, Progress]] = deque()
        self._claiming = self._settling = False
        self._calling = 0
        self._open = len(lanes)
        self._left = sum(len(lane.deliveries) for lane in lanes)
        self._longest = max((len(lane.deliveries) for lane in lanes), default=0)

    def run(self, threads: Callable[[int], Executor]) -> None:
        """Deliver; `threads` gives a pool for so many. Returns when no thread works any more."""
        if self._workers <= 1:
            self._work()
            return
        count = self._workers + LEDGER_THREADS
        with threads(count) as pool:
            # All of them are joined here: a worker that outlived its request would call when the
            # function thaws, minutes later.
            for worker in [pool.submit(self._work) for _ in range(count)]:
                worker.result()

    def _work(self) -> None:
        try:
            while (job := self._take()) is not None:
                job()
        finally:
            with self._changed:
                self._open = 0  # also where this thread dies, so that the others end
                self._changed.notify_all()

    def _take(self) -> Callable[[], None] | None:
        """Wait for something to do and take it; None when all lanes are done."""
        with self._changed:
            while (due := self._due()) is None:
                if not self._open:
                    return None
                self._changed.wait()
            job = self._begin(due)
            if self._due() is not None:
                self._changed.notify()
            return job

    def _due(self) -> _Job | None:
        called, settles = len(self._called), not self._settling
        if settles and called >= self._together:
            return _Job.SETTLE
        few = len(self._claimed) < (self._together + 1) // 2
        if few and not self._claiming and (self._unclaimed or self._unread):
            return _Job.CLAIM
        if self._claimed and self._calling < self._workers and called < self._together:
            return _Job.CALL
        return _Job.SETTLE if settles and called else None

    def _begin(self, due: _Job) -> Callable[[], None]:
        if due is _Job.CALL:
            self._calling += 1
            return partial(self._call, *self._claimed.popleft())
        if due is _Job.SETTLE:
            self._settling = True
            return partial(self._settle, _pop(self._called, MAX_CHANGES))
        self._claiming = True
        return self._claim

    def _claim(self) -> None:
        if not self._unclaimed:
            self._read_marks()
        with self._changed:
            lanes = _pop(self._unclaimed, self._together - len(self._claimed))
        try:
            outcomes = self._outcomes(lanes)
        except Exception as error:  # noqa: BLE001 — a defect of ours must lose no event: it is stored
            self._unexpected(error, lanes)
            outcomes = [None for _ in lanes]
        with self._changed:
            self._claiming = False
            for lane, outcome in zip(lanes, outcomes, strict=True):
                if isinstance(outcome, Claim):
                    self._claimed.append((lane, outcome))
                else:
                    self._hand_on(lane, outcome)

    def _read_marks(self) -> None:
        """Find out which users have dead letters waiting, for a hundred at a time.

        Not for all at once: by the time their turn comes it would be old, and most of a large
        request may be stored without asking.
        """
        lanes = _pop(self._unread, MAX_MARKS_A_READ)
        try:
            if self._reason_to_wait() is None:
                self._waiting.look([lane.user for lane in lanes])
            reason = self._reason_to_wait()
            for lane in lanes:
                lane.store_as = reason or (
                    Stored.USER_WAITING if lane.user in self._waiting else None
                )
        except Exception as error:  # noqa: BLE001 — as in _claim
            self._unexpected(error, lanes)
        with self._changed:
            for lane in reversed(lanes):
                self._hand_on(lane)

    def _outcomes(self, lanes: Sequence[Lane]) -> list[Claim | Progress | None]:
        """Claim the lanes' next deliveries; None where a lane was stopped, or is not tried yet."""
        reason = self._reason_to_wait()
        if reason is None and lanes:
            with self._breaker.permit() as permit:
                if permit.probe is not None:
                    return [self._probe(lanes[0], permit), *(None for _ in lanes[1:])]
                if permit.allowed:
                    return self._claims_of(lanes)
                reason = _refused_as(permit)
        for lane in lanes:
            lane.store_as = reason
        return [None for _ in lanes]

    def _claims_of(self, lanes: Sequence[Lane]) -> list[Claim | Progress | None]:
        outcomes: list[Claim | Progress | None] = []
        claims = self._claims.claim_all([self._attempts.wanted(lane.next) for lane in lanes])
        for lane, claim in zip(lanes, claims, strict=True):
            if isinstance(claim, ClaimUnknown):
                # It may have landed. A message that names it lets redrive take it over without
                # waiting, and without taking this for a call that may have been made.
                self._waiting.ledger_down = True
                lane.unused, lane.store_as = claim, Stored.LEDGER_UNAVAILABLE
                outcomes.append(None)
            else:
                outcomes.append(claim if claim.mine else self._attempts.found(claim.verdict))
        return outcomes

    def _probe(self, lane: Lane, permit: Permit) -> Progress | None:
        """Make the one call that finds out whether Rehook is back; nothing else is claimed."""
        [outcome] = self._claims_of([lane])
        if not isinstance(outcome, Claim):
            return outcome
        progress = self._attempts.call(lane.next, outcome, permit, self._time_to_call)
        if progress.settlement is not None:
            self._claims.settle(progress.settlement)
        return progress

    def _call(self, lane: Lane, claim: Claim) -> None:
        progress = None
        try:
            progress = self._attempt(lane, claim)
        except Exception as error:  # noqa: BLE001 — as in _claim
            self._unexpected(error, [lane])
        with self._changed:
            self._calling -= 1
            if progress is not None and progress.settlement is not None:
                self._called.append((lane, progress))
            else:
                self._hand_on(lane, progress)

    def _attempt(self, lane: Lane, claim: Claim) -> Progress | None:
        """Call; None where it must not be called now: the claim was taken in vain."""
        reason = self._reason_to_wait()
        if reason is None:
            with self._breaker.permit() as permit:
                if permit.allowed:
                    return self._attempts.call(lane.next, claim, permit, self._time_to_call)
            reason = _refused_as(permit)
        lane.unused, lane.store_as = claim.mine, reason
        return None

    def _settle(self, called: Sequence[tuple[Lane, Progress]]) -> None:
        try:
            self._claims.settle(*(each.settlement for _, each in called if each.settlement))
        except Exception as error:  # noqa: BLE001 — as in _claim; what came of the calls is known
            self._unexpected(error, ())
        with self._changed:
            self._settling = False
            for lane, progress in called:
                self._hand_on(lane, progress)

    def _hand_on(self, lane: Lane, progress: Progress | None = None) -> None:
        """Take in what came of a lane's delivery: its next one is claimed, or the lane is done."""
        if progress is not None:
            lane.advance(progress)
            self._left -= progress.result is not None
        if lane.open:
            self._unclaimed.appendleft(lane)
        else:
            self._open -= 1

    def _unexpected(self, error: Exception, lanes: Sequence[Lane]) -> None:
        for lane in lanes:
            lane.store_as = Stored.UNEXPECTED
        self._telemetry.warn("unexpected error", error=type(error).__name__)
        self._telemetry.count("UnexpectedErrors")

    def _reason_to_wait(self) -> Stored | None:
        if self._waiting.ledger_down:
            return Stored.LEDGER_UNAVAILABLE
        room = self._time_to_call() >= self._attempts.caller.timeout
        return None if room else Stored.OVER_BUDGET

    def _time_to_call(self) -> float:
        """What is left for calls when storing all the rest is allowed for."""
        storing = self._attempts.dead_letters.seconds_for(self._left, self._longest)
        return self._time_left() - RESERVE - storing


def _pop(lanes: deque[Popped], most: int) -> list[Popped]:
    return [lanes.popleft() for _ in range(min(len(lanes), most))]


def _refused_as(permit: Permit) -> Stored:
    throttled = permit.reason == ReplyClass.THROTTLED
    return Stored.THROTTLED if throttled else Stored.BREAKER_OPEN
