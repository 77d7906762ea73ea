"""From the events of one webhook request to what became of each.

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
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.delivery.delivery import Delivery
from segment_rehook.delivery.dispatch import Dispatch, Line
from segment_rehook.delivery.live import Live
from segment_rehook.delivery.order import Waiting
from segment_rehook.delivery.outcomes import Result, Stored, Terminal
from segment_rehook.rehook.reply import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segment_rehook.delivery.courier import Courier
    from segment_rehook.delivery.lane import Lane
    from segment_rehook.delivery.ports import Marks, Outgoing

# Seconds kept back of the budget for the marks and the answer.
RESERVE = 0.4
MARKS_A_READ = 100


@dataclass(slots=True)
class Ingest:
    """Delivers what it can and stores the rest.

    `ordered`: keep each user's deliveries in order across requests. `workers`: users side by side.
    `grace`: seconds that storing may go on past the budget, since to be late is better than to
    answer 503.
    """

    courier: Courier
    marks: Marks
    dead_letters: Dispatch
    parking: Dispatch
    ordered: bool
    workers: int
    grace: float = 3.0

    def run(self, lanes: Sequence[Lane], until: float, *, paused: bool) -> None:
        """Bring every lane to its end. `until`, on the monotonic clock: the answer is due then."""
        request = _Request(self, lanes, until)
        if paused:
            for lane in lanes:
                lane.store_as = Stored.PAUSED
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
        chance = ingest.courier.chance
        self._waiting = Waiting(ingest.marks, chance, self._time_left, ingest.ordered)
        self._live = Live(ingest.courier, self._waiting, ingest.dead_letters, ingest.parking)
        self._todo = iter(lanes)
        self._ready: deque[Lane] = deque()
        self._turn = threading.Lock()
        self._left = sum(len(lane.deliveries) for lane in lanes)
        self._longest = max((len(lane.deliveries) for lane in lanes), default=0)

    def deliver(self) -> None:
        """Deliver until the time, the breaker or the ledger says stop."""
        workers = min(self._on.workers, len(self._lanes))
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
        mark = self._waiting.put([lane.user for lane in lanes])
        lines = [Line(self._messages(lane, mark)) for lane in lanes]
        self._on.dead_letters.send(lines, lambda: self._time_left() + self._on.grace)
        for lane, line in zip(lanes, lines, strict=True):
            lane.results += [
                Result(Terminal.STORED if taken else Terminal.FAILED, lane.store_as)
                for taken in line.taken
            ]
        for lane in self._lanes:
            lane.results += [Result(Terminal.FAILED, lane.store_as) for _ in lane.rest]

    def _messages(self, lane: Lane, mark: str) -> list[Outgoing]:
        """The lane's rest as messages, as far as it fits; the last one clears the mark."""
        reason = lane.store_as or Stored.OVER_BUDGET
        *earlier, last = itertools.takewhile(Delivery.fits_a_message, lane.rest)
        letters = [delivery.letter(reason) for delivery in earlier]
        letters.append(last.letter(reason, mark=mark))
        return [letter.for_dead_letters(ordered=self._on.ordered) for letter in letters]

    def _work(self) -> None:
        while (lane := self._next_lane()) is not None:
            try:
                self._run(lane)
            except Exception as error:  # noqa: BLE001 — a defect of ours must lose no event: it is stored
                lane.store_as = Stored.UNEXPECTED
                self._courier.telemetry.warn("unexpected error", error=type(error).__name__)
                self._courier.telemetry.count("UnexpectedErrors")

    def _next_lane(self) -> Lane | None:
        """The next user; whether they have dead letters waiting is asked for a hundred at a time.

        Not for all at once: by the time their turn comes it would be old, and most of a large
        request may be stored without asking.
        """
        with self._turn:
            if not self._ready:
                self._ready.extend(itertools.islice(self._todo, MARKS_A_READ))
                reason = self._reason_to_wait()
                for lane in self._ready:
                    lane.store_as = reason
                if reason is None:
                    self._waiting.look([lane.user for lane in self._ready])
            return self._ready.popleft() if self._ready else None

    def _run(self, lane: Lane) -> None:
        if lane.store_as is None and lane.user in self._waiting:
            lane.store_as = Stored.USER_WAITING
        while lane.rest and lane.store_as is None and not lane.failed:
            lane.store_as = self._reason_to_wait()
            if lane.store_as is None:
                self._deliver_next(lane)

    def _deliver_next(self, lane: Lane) -> None:
        with self._courier.breaker.permit() as permit:
            if not permit.allowed:
                throttled = permit.reason == Outcome.THROTTLED
                lane.store_as = Stored.THROTTLED if throttled else Stored.BREAKER_OPEN
                return
            result = self._live.deliver(lane, lane.rest[0], permit, self._time_to_call)
        if result is not None:
            lane.results.append(result)
            with self._turn:
                self._left -= 1

    def _reason_to_wait(self) -> Stored | None:
        if self._waiting.ledger_down:
            return Stored.LEDGER_UNAVAILABLE
        room = self._time_to_call() >= self._courier.terms.call_timeout
        return None if room else Stored.OVER_BUDGET

    def _time_left(self) -> float:
        return self._until - self._courier.clock.monotonic()

    def _time_to_call(self) -> float:
        """What is left for calls when storing all the rest is allowed for."""
        storing = self._on.dead_letters.seconds_for(self._left, self._longest)
        return self._time_left() - RESERVE - storing
