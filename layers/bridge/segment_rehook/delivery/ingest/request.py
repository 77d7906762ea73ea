"""From the deliveries of one webhook request to what became of each.

Users go side by side, one user's deliveries one after the other. What can't be delivered within
the budget, or must not be yet, is stored in the dead-letter queue; only what can't be stored
either makes Segment come again. A copy in the queue is always harmless, because whoever takes it
claims it in the ledger first: so when in doubt, store.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segment_rehook.delivery.delivery import Delivery
from segment_rehook.delivery.ingest.attempt import IngestAttempts, Progress
from segment_rehook.delivery.ingest.user_marks import WaitingUsers
from segment_rehook.delivery.outcomes import Outcome, Result, Stored
from segment_rehook.delivery.queues.sending import UserMessages
from segment_rehook.rehook.reply import ReplyClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from segment_rehook.delivery.caller import Caller
    from segment_rehook.delivery.ledger.claims import Claims
    from segment_rehook.delivery.ports import UserMarks
    from segment_rehook.delivery.queues.sending import Sender
    from segment_rehook.delivery.queues.transport import Outgoing

# Seconds kept back of the budget for the marks and the answer.
RESERVE = 0.4
MAX_MARKS_A_READ = 100


@dataclass(slots=True, kw_only=True)
class Ingest:
    """Delivers what it can and stores the rest.

    `ordered`: keep each user's deliveries in order across requests. `workers`: users side by side.
    `grace`: seconds that storing may go on past the budget, since to be late is better than to
    answer 503. `park_unknown`: the operator's policy for calls with an unknown outcome.
    """

    claims: Claims
    caller: Caller
    marks: UserMarks
    dead_letters: Sender
    parking_lot: Sender
    ordered: bool
    workers: int
    grace: float
    park_unknown: bool

    def run(
        self, deliveries: Iterable[Delivery], until: float, *, paused: bool
    ) -> Mapping[str, Result]:
        """Give what became of each delivery, by its id; no two of them have the same.

        `until`, on the monotonic clock: the answer is due then. `paused`: store them all.
        """
        users: dict[str, list[Delivery]] = {}
        for delivery in deliveries:
            users.setdefault(delivery.user, []).append(delivery)
        lanes = [_Lane(user, theirs) for user, theirs in users.items()]
        request = _Request(self, lanes, until)
        if paused:
            for lane in lanes:
                lane.store_as = Stored.PAUSED
        else:
            request.deliver()
        request.store()
        return {
            delivery.id: result
            for lane in lanes
            for delivery, result in zip(lane.deliveries, lane.results, strict=True)
        }


@dataclass(slots=True)
class _Lane:
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

    @property
    def next(self) -> Delivery | None:
        """What is to be delivered next, if anything is."""
        done = self.store_as is not None or self.failed
        return None if done or not self.rest else self.deliveries[len(self.results)]

    def advance(self, progress: Progress) -> None:
        """Take in what came of the next one."""
        if progress.result is not None:
            self.results.append(progress.result)
        self.store_as, self.failed = progress.store_rest, progress.fail_rest


class _Request:
    """One request's work. Each lane is touched by one thread at a time, and only here."""

    def __init__(self, ingest: Ingest, lanes: Sequence[_Lane], until: float) -> None:
        self._ingest = ingest
        self._caller = ingest.caller
        self._clock = ingest.claims.clock
        self._telemetry = ingest.claims.telemetry
        self._lanes = lanes
        self._until = until
        self._waiting = WaitingUsers(
            ingest.marks, ingest.claims.randomness, self._time_left, ingest.ordered
        )
        self._attempts = IngestAttempts(
            ingest.claims,
            ingest.caller,
            self._waiting,
            ingest.dead_letters,
            ingest.parking_lot,
            ingest.park_unknown,
        )
        self._todo = iter(lanes)
        self._ready: deque[_Lane] = deque()
        self._turn = threading.Lock()
        self._left = sum(len(lane.deliveries) for lane in lanes)
        self._longest = max((len(lane.deliveries) for lane in lanes), default=0)

    def deliver(self) -> None:
        """Deliver until the time, the breaker or the ledger says stop."""
        workers = min(self._ingest.workers, len(self._lanes))
        if workers <= 1:
            self._work()
            return
        with ThreadPoolExecutor(workers) as pool:
            # All of them are joined here: a worker that outlived its request would call when the
            # function thaws, minutes later.
            for worker in [pool.submit(self._work) for _ in range(workers)]:
                worker.result()

    def store(self) -> None:
        """Store what is left of each lane, in order, unclaimed, up to what no queue can hold.

        A lane of which nothing can be stored is not marked: no message would clear the mark.
        """
        lanes = [
            lane
            for lane in self._lanes
            if lane.rest and not lane.failed and lane.rest[0].fits_a_message()
        ]
        mark = self._waiting.mark([lane.user for lane in lanes])
        lines = [UserMessages(self._messages(lane, mark)) for lane in lanes]
        self._ingest.dead_letters.send(lines, lambda: self._time_left() + self._ingest.grace)
        for lane, line in zip(lanes, lines, strict=True):
            lane.results += [
                Result(Outcome.STORED if taken else Outcome.FAILED, lane.store_as)
                for taken in line.taken
            ]
        for lane in self._lanes:
            lane.results += [Result(Outcome.FAILED, lane.store_as) for _ in lane.rest]

    def _messages(self, lane: _Lane, mark: str) -> list[Outgoing]:
        """The lane's rest as messages, as far as it fits; the last one clears the mark."""
        reason = lane.store_as or Stored.OVER_BUDGET
        *earlier, last = itertools.takewhile(Delivery.fits_a_message, lane.rest)
        letters = [delivery.letter(reason) for delivery in earlier]
        letters.append(last.letter(reason, mark=mark))
        return [letter.for_dead_letters(ordered=self._ingest.ordered) for letter in letters]

    def _work(self) -> None:
        while (lane := self._next_lane()) is not None:
            try:
                self._run(lane)
            except Exception as error:  # noqa: BLE001 — a defect of ours must lose no event: it is stored
                lane.store_as = Stored.UNEXPECTED
                self._telemetry.warn("unexpected error", error=type(error).__name__)
                self._telemetry.count("UnexpectedErrors")

    def _next_lane(self) -> _Lane | None:
        """The next user; whether they have dead letters waiting is asked for a hundred at a time.

        Not for all at once: by the time their turn comes it would be old, and most of a large
        request may be stored without asking.
        """
        with self._turn:
            if not self._ready:
                self._ready.extend(itertools.islice(self._todo, MAX_MARKS_A_READ))
                reason = self._reason_to_wait()
                for lane in self._ready:
                    lane.store_as = reason
                if reason is None:
                    self._waiting.look([lane.user for lane in self._ready])
            return self._ready.popleft() if self._ready else None

    def _run(self, lane: _Lane) -> None:
        if lane.store_as is None and lane.user in self._waiting:
            lane.store_as = Stored.USER_WAITING
        while (delivery := lane.next) is not None:
            progress = self._attempt(delivery)
            lane.advance(progress)
            if progress.result is not None:
                with self._turn:
                    self._left -= 1

    def _attempt(self, delivery: Delivery) -> Progress:
        if reason := self._reason_to_wait():
            return Progress(None, store_rest=reason)
        with self._caller.breaker.permit() as permit:
            if permit.allowed:
                return self._attempts.deliver(delivery, permit, self._time_to_call)
        throttled = permit.reason == ReplyClass.THROTTLED
        return Progress(None, store_rest=Stored.THROTTLED if throttled else Stored.BREAKER_OPEN)

    def _reason_to_wait(self) -> Stored | None:
        if self._waiting.ledger_down:
            return Stored.LEDGER_UNAVAILABLE
        room = self._time_to_call() >= self._caller.timeout
        return None if room else Stored.OVER_BUDGET

    def _time_left(self) -> float:
        return self._until - self._clock.monotonic()

    def _time_to_call(self) -> float:
        """What is left for calls when storing all the rest is allowed for."""
        storing = self._ingest.dead_letters.seconds_for(self._left, self._longest)
        return self._time_left() - RESERVE - storing
