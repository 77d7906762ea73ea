"""Works on a request's lanes side by side: claims, calls and settles deliveries on threads.

Claims of different lanes share a call of the ledger, and so do settlements. A lane's next delivery
is claimed after the one before it is settled, so a shared call never holds two deliveries of one
user. A shared call does not wait until it is full: it takes what is ready, while other threads call
Rehook. Each thread takes the next job that is due, so a single thread can do all jobs.

If the function dies, the outcome of each delivery that is claimed and not settled is unknown. Their
number is bounded by `workers` + 3 × MAX_CHANGES: at most MAX_CHANGES wait for their call, at most
`workers` + MAX_CHANGES are being called or wait for their settlement, and at most MAX_CHANGES are
being settled.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import wait
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from segment_rehook.delivery.ledger.claims import Claim
from segment_rehook.delivery.ports import MAX_CHANGES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    from segment_rehook.delivery.ingest.lane import Lane, Progress
    from segment_rehook.delivery.ingest.steps import Steps

MAX_MARKS_A_READ = 100
# One thread can claim and one can settle while all others call.
LEDGER_THREADS = 2

Popped = TypeVar("Popped")


class _Job(Enum):
    CLAIM = auto()
    CALL = auto()
    SETTLE = auto()


class Pipeline:
    """Makes the deliveries of one request's lanes.

    A lane ends early if the time is up, the breaker is open, the ledger fails or its user has dead
    letters waiting. Then `Lane.store_as` is the reason. `workers`: how many calls of Rehook are
    made side by side. Only one thread at a time works on a lane. The lock `_changed` guards what
    the threads share.
    """

    def __init__(self, lanes: Sequence[Lane], steps: Steps, workers: int) -> None:
        self._steps = steps
        self._workers = min(workers, len(lanes))
        self._together = min(2 * workers - 1, MAX_CHANGES)
        self._changed = threading.Condition(threading.Lock())
        self._unread = deque(lanes)  # the marks of their users are not read yet
        self._unclaimed: deque[Lane] = deque()
        self._claimed: deque[tuple[Lane, Claim]] = deque()
        self._called: deque[tuple[Lane, Progress]] = deque()
        self._claiming = self._settling = False
        self._calling = self._idle = 0
        self._open = len(lanes)
        self._ended = self._waking = False

    def run(self, pool: Executor) -> None:
        """Make the deliveries on threads of `pool`. Returns when all these threads have ended."""
        if self._workers <= 1:
            self._work()
            return
        working = [pool.submit(self._work) for _ in range(self._workers + LEDGER_THREADS)]
        # A thread that went on after the request would be frozen with the function, and would
        # call Rehook when the function is thawed, minutes later.
        wait(working)
        for each in working:
            each.result()

    def _work(self) -> None:
        """Do jobs until all lanes are done. A job returns its changes, made under the lock."""
        try:
            changes: Callable[[], None] = _nothing
            while (job := self._take(changes)) is not None:
                changes = job()
        finally:
            with self._changed:
                self._ended = True  # also where this thread dies, so that the others end
                self._changed.notify_all()

    def _take(self, changes: Callable[[], None]) -> Callable[[], Callable[[], None]] | None:
        """Make a job's changes, wait for the next job and begin it; None if all lanes are done."""
        with self._changed:
            changes()
            while (due := self._due()) is None:
                if self._ended or not self._open:
                    return None
                self._idle += 1
                self._changed.wait()
                self._idle -= 1
                self._waking = False
            job = self._begin(due)
            # One thread is woken at a time: it wakes the next one if there is more to do.
            if self._idle and not self._waking and self._due() is not None:
                self._waking = True
                self._changed.notify()
            return job

    def _due(self) -> _Job | None:
        if self._ended:
            return None
        called, settles = len(self._called), not self._settling
        if settles and called >= self._together:
            return _Job.SETTLE
        few = len(self._claimed) * 4 < self._together
        if few and not self._claiming and (self._unclaimed or self._unread):
            return _Job.CLAIM
        if self._claimed and self._calling < self._workers and called < self._together:
            return _Job.CALL
        return _Job.SETTLE if settles and called else None

    def _begin(self, due: _Job) -> Callable[[], Callable[[], None]]:
        if due is _Job.CALL:
            self._calling += 1
            return partial(self._call, *self._claimed.popleft())
        if due is _Job.SETTLE:
            self._settling = True
            return partial(self._settle, _pop(self._called, MAX_CHANGES))
        self._claiming = True
        return self._claim

    def _claim(self) -> Callable[[], None]:
        if not self._unclaimed:
            # Not for all users at once: a mark that was read early may be outdated at the user's
            # turn, and the lanes that are stored in the end need no reading.
            read = _pop(self._unread, MAX_MARKS_A_READ)
            self._steps.read_marks(read)
            with self._changed:
                for lane in reversed(read):
                    self._hand_on(lane)
        with self._changed:
            lanes = _pop(self._unclaimed, self._together - len(self._claimed))
        outcomes = self._steps.claim(lanes)

        def changes() -> None:
            self._claiming = False
            for lane, outcome in zip(lanes, outcomes, strict=True):
                if isinstance(outcome, Claim):
                    self._claimed.append((lane, outcome))
                else:
                    self._hand_on(lane, outcome)

        return changes

    def _call(self, lane: Lane, claim: Claim) -> Callable[[], None]:
        progress = self._steps.call(lane, claim)

        def changes() -> None:
            self._calling -= 1
            if progress is not None and progress.settlement is not None:
                self._called.append((lane, progress))
            else:
                self._hand_on(lane, progress)

        return changes

    def _settle(self, called: Sequence[tuple[Lane, Progress]]) -> Callable[[], None]:
        self._steps.settle([progress for _, progress in called])

        def changes() -> None:
            self._settling = False
            for lane, progress in called:
                self._hand_on(lane, progress)

        return changes

    def _hand_on(self, lane: Lane, progress: Progress | None = None) -> None:
        """Take over what came of a lane's delivery. Then its next one is claimed, or it is done."""
        if progress is not None:
            self._steps.advance(lane, progress)
        if lane.open:
            self._unclaimed.appendleft(lane)
        else:
            self._open -= 1


def _nothing() -> None:
    """Change nothing: a thread has no changes to make before its first job."""


def _pop(queue: deque[Popped], most: int) -> list[Popped]:
    return [queue.popleft() for _ in range(min(len(queue), most))]
