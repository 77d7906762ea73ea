"""Several environments that work side by side, on simulated time.

Each is a thread, and one of them runs at a time. When it sleeps, time jumps to the next end of a
sleep, and that thread runs. So an hour takes seconds, and a run always has the same result.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any, TypeVar

from tools.fakes.surroundings import FakeClock

R = TypeVar("R")


class SimulatedClock(FakeClock):
    """A clock whose sleeping threads run in the order of their ends of sleep."""

    def __init__(self) -> None:
        super().__init__()
        self._sleepers: list[tuple[float, int, threading.Event]] = []
        self._count = 0

    def sleep(self, seconds: float) -> None:
        """Let other threads run until `seconds` have passed."""
        woken = self._sleep_in_queue(seconds)
        self._wake_next()
        woken.wait()

    def run(self, processes: Sequence[Callable[[], None]]) -> None:
        """Run all processes to their ends. Raises the first error of any of them."""
        errors: list[BaseException] = []

        def run_one(process: Callable[[], None], woken: threading.Event) -> None:
            woken.wait()
            try:
                process()
            except BaseException as error:  # noqa: BLE001 — a thread's error is the test's
                errors.append(error)
            self._wake_next()

        threads = [
            threading.Thread(target=run_one, args=(process, self._sleep_in_queue(0.0)))
            for process in processes
        ]
        for thread in threads:
            thread.start()
        self._wake_next()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]

    def beside(self, work: Sequence[Callable[[], None]]) -> None:
        """Run all of these side by side, until all have ended. Raises their first error."""
        ended = threading.Event()
        errors: list[BaseException] = []
        left = [len(work)]

        def run_one(part: Callable[[], None], woken: threading.Event) -> None:
            woken.wait()
            try:
                part()
            except BaseException as error:  # noqa: BLE001 — raised by the thread that waits for it
                errors.append(error)
            left[0] -= 1
            if not left[0]:
                self._queue_up(0.0, ended)
            self._wake_next()

        for part in work:
            threading.Thread(target=run_one, args=(part, self._sleep_in_queue(0.0))).start()
        self._wake_next()
        ended.wait()
        if errors:
            raise errors[0]

    def _sleep_in_queue(self, seconds: float) -> threading.Event:
        woken = threading.Event()
        self._queue_up(seconds, woken)
        return woken

    def _queue_up(self, seconds: float, woken: threading.Event) -> None:
        self._count += 1
        heapq.heappush(self._sleepers, (self.monotonic() + max(seconds, 0.0), self._count, woken))

    def _wake_next(self) -> None:
        if self._sleepers:
            at, _, woken = heapq.heappop(self._sleepers)
            self.advance(max(at - self.monotonic(), 0.0))
            woken.set()


class SimulatedPool(Executor):
    """An executor for functions that sleep on a simulated clock, with a worker for each call."""

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock = clock

    def map(self, fn: Callable[..., R], *iterables: Iterable[Any], **_: Any) -> Iterator[R]:
        """Make all calls side by side, and give their results in order."""
        results: dict[int, R] = {}

        def part(place: int, arguments: tuple[Any, ...]) -> Callable[[], None]:
            return lambda: results.update({place: fn(*arguments)})

        work = enumerate(zip(*iterables, strict=True))
        self._clock.beside([part(place, arguments) for place, arguments in work])
        return iter([results[place] for place in sorted(results)])
