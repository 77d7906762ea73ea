"""A function: its execution environments, and which of them gets the next event.

As in Lambda, each environment processes one event at a time; the free environment that was used
last is used again; if none is free, a new one is started, up to a limit. Unlike in Lambda, an event
beyond the limit waits for a free environment and is not throttled, because the limit exists for
this machine's sake.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tools.sandbox.environment import Environment, EnvironmentContext
from tools.sandbox.runtime_api import InvocationResult

if TYPE_CHECKING:
    from tools.sandbox.template import FunctionSpec


_ENDED = "the sandbox has ended"


class FunctionBroken(Exception):
    """A function fails in its initialisation; the reason is in its log."""


class Function:
    """One function of the stack; many threads may invoke it."""

    def __init__(self, spec: FunctionSpec, context: EnvironmentContext, limit: int) -> None:
        self.spec = spec
        self._context = context
        self._limit = min(limit, spec.reserved or limit)
        self._changed = threading.Condition()
        self._idle: list[Environment] = []
        self._busy: set[Environment] = set()
        self._replaced: set[Environment] = set()
        self._closed = False

    def start(self) -> None:
        """Start the first environment. Raises FunctionBroken."""
        environment = Environment(self.spec, self._context)
        error = environment.wait_until_ready()
        with self._changed:
            if error is None and not self._closed:
                self._idle.append(environment)
                return
        environment.close()
        reason = _ENDED if error is None else error.decode("utf-8", "replace")
        raise FunctionBroken(f"{self.spec.name}: {reason}")

    def renew(self) -> None:
        """Replace the environments with new ones that read the files again, as a deploy does.

        Events that are being processed end in the old environments. Raises FunctionBroken if a new
        environment does not start; then nothing has changed.
        """
        with self._changed:
            earlier = {*self._idle, *self._busy}
        self.start()
        with self._changed:
            self._replaced |= earlier & self._busy
            ending = [each for each in self._idle if each in earlier]
            self._idle = [each for each in self._idle if each not in earlier]
        for environment in ending:
            environment.close()

    def invoke(self, event: bytes) -> InvocationResult:
        """Process one event in a free environment; wait for one if none is free."""
        environment = self._free_environment()
        try:
            error = environment.wait_until_ready()
            return InvocationResult(error, failed=True) if error else environment.invoke(event)
        finally:
            with self._changed:
                self._busy.discard(environment)
                keeps = environment not in self._replaced and not self._closed
                self._replaced.discard(environment)
                if environment.alive and keeps:
                    self._idle.append(environment)
                else:
                    environment.close()
                self._changed.notify()

    def environments(self, *, busy_only: bool = False) -> list[Environment]:
        """Return the running environments, those that process an event first."""
        with self._changed:
            idle = [] if busy_only else self._idle[::-1]
            return [each for each in (*self._busy, *idle) if each.alive]

    def close(self) -> None:
        """End all environments, whatever they do. A second call changes nothing."""
        with self._changed:
            self._closed = True
            ending, self._idle = [*self._idle, *self._busy], []
            self._changed.notify_all()
        for environment in ending:
            environment.close()

    def _free_environment(self) -> Environment:
        with self._changed:
            while True:
                while self._idle:
                    environment = self._idle.pop()
                    if environment.alive:
                        self._busy.add(environment)
                        return environment
                    environment.close()
                if self._closed:
                    raise FunctionBroken(f"{self.spec.name}: {_ENDED}")
                if len(self._busy) < self._limit:
                    environment = Environment(self.spec, self._context)
                    self._busy.add(environment)
                    return environment
                self._changed.wait()
