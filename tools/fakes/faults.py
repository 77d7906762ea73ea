"""Ordered failures of a fake, and hooks with which a test can act between two writes.

Several fakes can share one `Faults`: the ledger, the user marks and the breaker are in one table,
and if the table fails, all three fail.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from enum import Enum
from fnmatch import fnmatchcase
from typing import TypeVar

from segment_rehook.delivery.ports import StoreUnavailable

Result = TypeVar("Result")

Hook = Callable[[str, object], None]
"""A callable that gets an operation's name (`ledger.swap`) and its argument."""


class Crash(BaseException):
    """The process ends here. It is no Exception, so the code under test does not catch it."""


class Fate(Enum):
    """How a call fails."""

    NOTHING_DONE = "the store answers with an error and has done nothing"
    DONE_UNHEARD = "the store has done the operation, but the caller sees an error"


def _nothing(_operation: str, _subject: object) -> None:
    """Do nothing: the hook that is set at first."""


class Faults:
    """Orders for the next calls, hooks around each call, and counts of calls and failures.

    Operations are named `port.method`; the pattern of an order may contain `*`. While `down` is
    true, every call fails. `before` is called before the effect and `after` after it, outside any
    lock; a hook that raises `Crash` ends the process at that point.
    """

    def __init__(self, error: type[StoreUnavailable]) -> None:
        self.error = error
        self.down = False
        self.before: Hook = _nothing
        self.after: Hook = _nothing
        self.calls: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self._orders: deque[tuple[str, Fate]] = deque()
        self._lock = threading.Lock()

    def order(
        self, fate: Fate = Fate.NOTHING_DONE, *, operation: str = "*", times: int = 1
    ) -> None:
        """Let the next `times` calls of `operation` fail as `fate` says."""
        with self._lock:
            self._orders.extend([(operation, fate)] * times)

    def forget(self) -> None:
        """Remove the orders that no call has met yet, and set `down` to false."""
        with self._lock:
            self._orders.clear()
        self.down = False

    def run(self, operation: str, subject: object, effect: Callable[[], Result]) -> Result:
        """Carry out `effect` with the failures that are ordered for `operation`."""
        self.before(operation, subject)
        fate = self._fate(operation)
        if fate is Fate.NOTHING_DONE:
            raise self.error(f"{operation}: ordered to fail")
        result = effect()
        self.after(operation, subject)
        if fate is Fate.DONE_UNHEARD:
            raise self.error(f"{operation}: done, and ordered to look failed")
        return result

    def _fate(self, operation: str) -> Fate | None:
        with self._lock:
            self.calls[operation] += 1
            fate = self._ordered(operation)
            self.failures[operation] += fate is not None
            return fate

    def _ordered(self, operation: str) -> Fate | None:
        if self.down:
            return Fate.NOTHING_DONE
        for order in self._orders:
            if fnmatchcase(operation, order[0]):
                self._orders.remove(order)
                return order[1]
        return None
