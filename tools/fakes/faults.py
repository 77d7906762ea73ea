"""What is made to go wrong with a fake, and where a test may step in between two writes.

One `Faults` can be shared by several fakes: the ledger, the marks and the breaker lie in one table,
and a table that is down is down for all three.
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
"""Called with the operation's name (`ledger.swap`) and what it was given."""


class Crash(BaseException):
    """The process dies here. No `except Exception` of the code under test may catch it."""


class Fate(Enum):
    """How a call ends that does not simply succeed."""

    NOTHING_DONE = "the store answers with an error and has done nothing"
    DONE_UNHEARD = "the store has done it, and the caller sees an error all the same"


def _nothing(_operation: str, _subject: object) -> None:
    """Let the call pass."""


class Faults:
    """Orders for the next calls, hooks around each, and a count of all and of those that failed.

    Operations are named `port.method`; an order's pattern may hold `*`. `down` fails every call
    until it is set back. `before` runs ahead of the effect and `after` behind it, outside any lock:
    raise `Crash` in them to end the process there.
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
        """Let the next `times` calls of `operation` end in `fate`."""
        with self._lock:
            self._orders.extend([(operation, fate)] * times)

    def forget(self) -> None:
        """Drop what was ordered and was not met yet, and come up again."""
        with self._lock:
            self._orders.clear()
        self.down = False

    def run(self, operation: str, subject: object, effect: Callable[[], Result]) -> Result:
        """Do `effect` under what was ordered for `operation`."""
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
