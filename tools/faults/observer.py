"""The two relays of a run, in front of AWS and of Rehook, and what they do with each request."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tools.faults.connection_owner import owner_of
from tools.faults.interruptions import FUNCTIONS, Interruptions, Side
from tools.faults.relay import Relay
from tools.faults.trace import Trace, TraceEntry, classify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tools.faults.relay import RelayedAnswer, RelayedRequest
    from tools.sandbox.environment import Environment
    from tools.sandbox.sandbox import Sandbox


class RelayObserver:
    """An `Observer` that writes the trace and interrupts processes."""

    def __init__(self, sandbox: Callable[[], Sandbox], interruptions: Interruptions) -> None:
        self._sandbox = sandbox
        self._interruptions = interruptions
        # Each connection has a thread of its own, which holds the request until its answer.
        self._current = threading.local()
        self.trace = Trace()
        self.aws = Relay(self)
        self.rehook = Relay(self)

    def before(self, request: RelayedRequest) -> bool:
        """Trace the request, and interrupt its process if one is due. True if it was killed."""
        running = {environment.pid: (name, environment) for name, environment in self._running()}
        pid = owner_of(request.ports, running)
        function, environment = ("", None) if pid is None else running[pid]
        classified = classify(request)
        entries = [
            TraceEntry(*write, pid=pid, function=function, shared=classified.shared)
            for write in classified.writes
        ]
        self.trace.begin(*entries)
        if classified.shared:
            self.trace.shared[classified.step].append(len(entries))
        self._current.step, self._current.entries = classified.step, entries
        self._current.function, self._current.environment = function, environment
        return self._interrupted(Side.BEFORE)

    def after(self, _: RelayedRequest, answer: RelayedAnswer) -> bool:
        """Trace the answer, and interrupt the process if one is due. True if it was killed."""
        self.trace.end(self._current.entries, answer)
        return self._interrupted(Side.AFTER)

    def close(self) -> None:
        """End both relays."""
        self.aws.close()
        self.rehook.close()

    def _interrupted(self, side: Side) -> bool:
        now = self._current
        if now.environment is not None and self._interruptions.reached(
            now.function, side, now.step, now.environment
        ):
            for entry in now.entries:
                entry.killed = True
        return any(entry.killed for entry in now.entries)

    def _running(self) -> Iterable[tuple[str, Environment]]:
        for function in FUNCTIONS:
            for environment in self._sandbox().processes(function):
                yield function, environment
