"""What can be broken on purpose, and what of it is broken now.

Faults that other programs order at the sandbox's control addresses are not known here; only "all
well again" ends them too.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from segment_rehook_cli.stack.mode import Mode, set_mode
from tools.sandbox.faults import Fault, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tools.console.subject import ConsoleSubject
    from tools.sandbox.environment import Environment

__all__ = ["Switch", "SwitchState", "Switches"]

SLOW_SECONDS: Final = 3.0

PAUSE_SECONDS: Final = 2.0
"""Longer than an event source takes to pause, unless its function is frozen."""

_REHOOK: Final[Mapping[str, tuple[str, Fault]]] = {
    "throttles": (
        "answers 429, with Retry-After",
        Fault(
            kind=Kind.ANSWER,
            status=429,
            times=None,
            headers={"retry-after": "1"},
            body='{"code": 429, "message": "Too many requests"}',
        ),
    ),
    "errors": ("answers 500", Fault(kind=Kind.ANSWER, status=500, times=None)),
    "rejects": (
        "answers 400: it refuses each event",
        Fault(
            kind=Kind.ANSWER,
            status=400,
            times=None,
            body='{"code": 400, "message": "Ordered in the console"}',
        ),
    ),
    "slow": (
        f"answers {SLOW_SECONDS:.0f} seconds late",
        Fault(kind=Kind.DELAY, seconds=SLOW_SECONDS, times=None),
    ),
    "resets-before": (
        "resets the connection before it acts",
        Fault(kind=Kind.RESET, times=None),
    ),
    "resets-after": (
        "acts, then resets the connection",
        Fault(kind=Kind.RESET, acted=True, times=None),
    ),
    "garbage": ("answers bytes that are no HTTP", Fault(kind=Kind.GARBAGE, times=None)),
    "cut": ("acts, and its answer is cut off", Fault(kind=Kind.TRUNCATE, times=None)),
}
_STORES: Final = {
    "dynamodb": "DynamoDB (the ledger)",
    "sqs": "SQS (the queues)",
    "ssm": "SSM (the secrets and the mode)",
}


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that can be switched on and off. ``label`` is a sentence's end after ``group``."""

    id: str
    group: str
    label: str
    turn_on: Callable[[], Callable[[], object]]
    """Switches it on, and gives what switches it off again."""


class SwitchState(NamedTuple):
    """A switch, and whether it is on."""

    switch: Switch
    on: bool


class Switches:
    """All switches of a sandbox. Safe to use from many threads."""

    def __init__(self, subject: ConsoleSubject) -> None:
        self._subject = subject
        self._box = subject.box
        self._lock = threading.RLock()
        self._undo: dict[str, Callable[[], object]] = {}
        self._switches = {each.id: each for each in self._all()}

    def states(self) -> list[SwitchState]:
        """Give every switch, in the order of the page."""
        with self._lock:
            return [SwitchState(each, each.id in self._undo) for each in self._switches.values()]

    def switched_on(self) -> list[Switch]:
        """Give those that are on."""
        return [state.switch for state in self.states() if state.on]

    def turn(self, id_: str, *, on: bool) -> None:
        """Switch one on or off. Raises KeyError if there is no such switch."""
        switch = self._switches[id_]
        with self._lock:
            if on and id_ not in self._undo:
                self._undo[id_] = switch.turn_on()
            elif not on and id_ in self._undo:
                self._undo.pop(id_)()
        self._subject.recording.touch()

    def all_well(self) -> None:
        """End everything that is broken, whoever ordered it."""
        with self._lock:
            for undo in self._undo.values():
                undo()
            self._undo.clear()
            if hasattr(self._box, "rehook"):
                self._box.rehook.clear()
                self._box.rehook.limit(None)
                self._box.rehook.switch(on=True)
                self._box.rehook.behave()
            self._box.aws.clear()
            set_mode(self._box.ssm, self._subject.stack.secrets_path, Mode.DELIVER)
        self._subject.recording.touch()

    def kill(self, function: str) -> int:
        """Kill a function's processes. Gives their number. Raises KeyError if there is none."""
        return self._box.kill(function)

    def _all(self) -> Iterator[Switch]:
        if hasattr(self._box, "rehook"):
            yield Switch("down", "Rehook", "is down: it refuses connections", self._rehook_down)
            yield Switch("credentials", "Rehook", "refuses the credentials", self._other_key)
            for id_, (label, fault) in _REHOOK.items():
                yield Switch(id_, "Rehook", label, partial(self._rehook_fault, fault))
        for service, name in _STORES.items():
            act = partial(self._store_fault, service)
            yield Switch(service, name, "answers 500 to the functions", act)
        for function in self._box.functions:
            act = partial(self._freeze, function)
            yield Switch(f"freeze-{function}", function, "is frozen in what it does", act)
        for function in self._box.pollers:
            act = partial(self._stop_poller, function)
            yield Switch(f"poller-{function}", function, "gets no messages from its queue", act)
        label = "stores all events (mode pause, within a minute)"
        yield Switch("mode", "The stack", label, self._mode_pause)

    def _rehook_down(self) -> Callable[[], object]:
        self._box.rehook.switch(on=False)
        return lambda: self._box.rehook.switch(on=True)

    def _other_key(self) -> Callable[[], object]:
        self._box.rehook.behave(api_secret="another")  # noqa: S106 — the fake Rehook's, no secret
        return self._box.rehook.behave

    def _rehook_fault(self, fault: Fault) -> Callable[[], object]:
        number = self._box.rehook.fault(fault)
        return lambda: self._box.rehook.clear(number)

    def _store_fault(self, service: str) -> Callable[[], object]:
        # The console calls the same stores, and must not fail with them: so by caller.
        numbers = [
            self._box.aws.fault(
                Fault(
                    kind=Kind.ANSWER,
                    times=None,
                    match={"service": service, "caller": function},
                )
            )
            for function in self._box.functions
        ]

        def clear() -> None:
            for number in numbers:
                self._box.aws.clear(number)

        return clear

    def _freeze(self, function: str) -> Callable[[], object]:
        held: list[Environment] = self._box.processes(function)
        for process in held:
            process.hold()

        def let_go() -> None:
            for process in held:
                process.let_go()

        return let_go

    def _stop_poller(self, function: str) -> Callable[[], object]:
        poller = self._box.pollers[function]
        # A pause ends when the running batches do, which a frozen function never does.
        pausing = threading.Thread(target=poller.pause, daemon=True)
        pausing.start()

        def resume() -> None:
            pausing.join(PAUSE_SECONDS)
            poller.resume()

        return resume

    def _mode_pause(self) -> Callable[[], object]:
        path = self._subject.stack.secrets_path
        set_mode(self._box.ssm, path, Mode.PAUSE)
        return lambda: set_mode(self._box.ssm, path, Mode.DELIVER)
