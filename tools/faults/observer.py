"""The two relays of a run, before AWS and before Rehook, and what they do with each request."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tools.faults.interruptions import FUNCTIONS, Interruptions, When
from tools.faults.journal import Journal, Step, named
from tools.faults.processes import Owners
from tools.faults.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tools.faults.relay import Answered, Asked
    from tools.sandbox.environment import Environment
    from tools.sandbox.sandbox import Sandbox


class RelayObserver:
    """An ``Observer`` that writes the journal and interrupts processes."""

    def __init__(self, box: Callable[[], Sandbox], interruptions: Interruptions) -> None:
        self._box = box
        self._interruptions = interruptions
        self._owners = Owners(self._running)
        self._current = threading.local()
        self.journal = Journal()
        self.aws = Relay(self)
        self.rehook = Relay(self)

    def before(self, asked: Asked) -> bool:
        """Each connection has a thread of its own, so the step is kept there until its answer."""
        owner = self._owners.of(asked.port)
        name, keys, nonce = named(asked)
        function, environment = owner or ("", None)
        pid = environment.pid if environment else None
        step = Step(name=name, pid=pid, function=function, keys=keys, nonce=nonce)
        self.journal.begin(step)
        self._current.step, self._current.environment = step, environment
        return self._meet(When.BEFORE)

    def after(self, _: Asked, answered: Answered) -> bool:
        """As `before`."""
        self.journal.end(self._current.step, answered)
        return self._meet(When.AFTER)

    def close(self) -> None:
        """End both relays."""
        self.aws.close()
        self.rehook.close()

    def _meet(self, when: When) -> bool:
        step, environment = self._current.step, self._current.environment
        if environment is not None and self._interruptions.meet(step, when, environment):
            step.cut = True
        return bool(step.cut)

    def _running(self) -> Iterable[tuple[str, Environment]]:
        for function in FUNCTIONS:
            for environment in self._box().processes(function):
                yield function, environment
