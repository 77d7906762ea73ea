"""Several environments at work side by side, on simulated time.

Each is a thread, and one of them runs at a time: whoever sleeps hands over to the one that wakes
next, and time jumps there. So an hour takes seconds, and the same run comes out the same.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Sequence

from tests.fakes.surroundings import FakeClock


class SimulatedClock(FakeClock):
    """A clock whose sleepers take turns."""

    def __init__(self) -> None:
        super().__init__()
        self._sleepers: list[tuple[float, int, threading.Event]] = []
        self._count = 0

    def sleep(self, seconds: float) -> None:
        """Let the others work until `seconds` have passed."""
        woken = self._lie_down(seconds)
        self._wake_next()
        woken.wait()

    def run(self, processes: Sequence[Callable[[], None]]) -> None:
        """Run all of them to their ends. Raises the first error of any."""
        errors: list[BaseException] = []

        def live(process: Callable[[], None], woken: threading.Event) -> None:
            woken.wait()
            try:
                process()
            except BaseException as error:  # noqa: BLE001 — a thread's error is the test's
                errors.append(error)
            self._wake_next()

        threads = [
            threading.Thread(target=live, args=(process, self._lie_down(0.0)))
            for process in processes
        ]
        for thread in threads:
            thread.start()
        self._wake_next()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]

    def _lie_down(self, seconds: float) -> threading.Event:
        woken = threading.Event()
        self._count += 1
        heapq.heappush(self._sleepers, (self.monotonic() + max(seconds, 0.0), self._count, woken))
        return woken

    def _wake_next(self) -> None:
        if self._sleepers:
            at, _, woken = heapq.heappop(self._sleepers)
            self.advance(max(at - self.monotonic(), 0.0))
            woken.set()
