"""A request's lanes side by side: claimed together, called by many threads, settled together.

A lane's next delivery is claimed when the one before it is settled, so a call of the ledger holds
different users' deliveries. Nothing waits for such a call to fill up: it takes what there is, while
Rehook is called for others. Each thread does whatever is due, so that one alone can do it all.

How much is claimed and not settled is bounded, since of that nobody knows the end when the function
dies: `workers` deliveries that wait to be called, twice as many that are being called or wait to be
settled, and as many as one call of the ledger settles.
"""

from __future__ import annotations

import threading
from collections import deque
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
# Threads beside those that call: one to claim and one to settle meanwhile.
LEDGER_THREADS = 2

Popped = TypeVar("Popped")


class _Job(Enum):
    CLAIM = auto()
    CALL = auto()
    SETTLE = auto()


class Pipeline:
    """Delivers one request's lanes until the time, the breaker or the ledger says stop.

    What is left of a lane then says why (`Lane.store_as`). `workers`: calls side by side. A lane is
    touched by one thread at a time; what they share is guarded by `_changed`.
    """

    def __init__(self, lanes: Sequence[Lane], steps: Steps, workers: int) -> None:
        self._steps = steps
        self._workers = min(workers, len(lanes))
        self._together = min(workers, MAX_CHANGES)
        self._changed = threading.Condition(threading.Lock())
        self._unread = deque(lanes)  # whether their users wait is not known yet
        self._unclaimed: deque[Lane] = deque()
        self._claimed: deque[tuple[Lane, Claim]] = deque()
        self._called: deque[tuple[Lane, Progress]] = deque()
        self._claiming = self._settling = False
        self._calling = self._idle = 0
        self._open = len(lanes)

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
        """Do what is due until all lanes are done. A job gives what it changes, under the lock."""
        try:
            changes: Callable[[], None] = _nothing
            while (job := self._take(changes)) is not None:
                changes = job()
        finally:
            with self._changed:
                self._open = 0  # also where this thread dies, so that the others end
                self._changed.notify_all()

    def _take(self, changes: Callable[[], None]) -> Callable[[], Callable[[], None]] | None:
        """Make a job's changes, wait for the next job and take it; None when all lanes are done."""
        with self._changed:
            changes()
            while (due := self._due()) is None:
                if not self._open:
                    return None
                self._idle += 1
                self._changed.wait()
                self._idle -= 1
            job = self._begin(due)
            if self._idle and self._due() is not None:
                self._changed.notify()
            return job

    def _due(self) -> _Job | None:
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
            # Not for all users at once: by the time their turn comes it would be old, and most of a
            # large request may be stored without asking.
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
        """Take in what came of a lane's delivery: its next one is claimed, or the lane is done."""
        if progress is not None:
            self._steps.advance(lane, progress)
        if lane.open:
            self._unclaimed.appendleft(lane)
        else:
            self._open -= 1


def _nothing() -> None:
    """Change nothing."""


def _pop(queue: deque[Popped], most: int) -> list[Popped]:
    return [queue.popleft() for _ in range(min(len(queue), most))]
