"""Faults to order: what a stand-in server does wrong, to which calls, and for how long.

Both stand-ins (the fake Rehook and the AWS server) take their faults from one ``FaultPlan``. A call
is described to the plan by its *facts*, a flat mapping of names to text (``path`` and ``customer``
at Rehook, ``service`` and ``operation`` at AWS); a fault hits a call whose facts hold every pair of
the fault's ``match``. A fault that could never hit, or that says what its kind does not heed, is
refused when it is ordered.
"""

from __future__ import annotations

import random
import re
import threading
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(StrEnum):
    """How a call goes wrong."""

    ANSWER = "answer"
    """The given status, headers and body."""
    RESET = "reset"
    """The connection is reset without an answer."""
    SILENCE = "silence"
    """No answer is ever given; the connection stays open until the plan is cleared."""
    GARBAGE = "garbage"
    """Bytes that are no HTTP."""
    TRUNCATE = "truncate"
    """A true answer's head, and a part of its body only."""
    DELAY = "delay"
    """The true answer, ``seconds`` late."""
    PARTIAL = "partial"
    """Of a batch call's entries, those at the positions in ``entries`` fail with ``code``.

    It is of AWS only: SQS's batches, and the statements of DynamoDB's BatchExecuteStatement.
    """
    HOLD = "hold"
    """The true answer, once ``release`` is called: lets a test act at one exact step."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One ordered fault. ``acted``: the call is carried out all the same, before it goes wrong.

    ``times``: how many calls it hits, None for all until it is cleared. ``skip``: matching calls
    let through first. ``probability``: the share of matching calls that is hit, drawn from the
    plan's seed. ``seconds``: the delay, for every kind. Raises ValueError where the kind lacks what
    it needs or is given what it does not heed.
    """

    kind: Kind
    match: dict[str, str] = {}
    times: Annotated[int, Meta(ge=1)] | None = 1
    skip: Annotated[int, Meta(ge=0)] = 0
    acted: bool = False
    status: Annotated[int, Meta(ge=200, le=599)] = 500
    headers: dict[str, str] = {}
    body: str = ""
    entries: list[Annotated[int, Meta(ge=0)]] = []
    code: str = ""
    seconds: Annotated[float, Meta(ge=0)] = 0.0
    probability: Annotated[float, Meta(gt=0, le=1)] = 1.0

    def __post_init__(self) -> None:
        """Hold the members to the kind."""
        if self.kind is Kind.PARTIAL and not self.entries:
            raise ValueError("partial needs entries, the positions that fail, from 0")
        if self.kind is Kind.DELAY and not self.seconds:
            raise ValueError("delay needs seconds")
        needless = [
            name
            for name, kind in _HEEDED_BY.items()
            if kind is not self.kind and getattr(self, name) != _DEFAULTS[name]
        ]
        if needless:
            names = ", ".join(needless)
            raise ValueError(f"{self.kind} does not heed {names}; {_HEEDED_BY[needless[0]]} does")


_HEEDED_BY = {
    "status": Kind.ANSWER,
    "headers": Kind.ANSWER,
    "body": Kind.ANSWER,
    "entries": Kind.PARTIAL,
    "code": Kind.PARTIAL,
}
_DEFAULTS = {"status": 500, "headers": {}, "body": "", "entries": [], "code": ""}


class Fact(NamedTuple):
    """What a fact of a call looks like: a whole match of ``pattern``, which ``wanted`` tells."""

    pattern: str = r"[\s\S]*"
    wanted: str = "any text"


class _Ordered:
    """A fault and what is left of it."""

    def __init__(self, number: int, fault: Fault) -> None:
        self.number = number
        self.fault = fault
        self.skip = fault.skip
        self.times = fault.times

    def matches(self, facts: Mapping[str, str]) -> bool:
        return all(facts.get(name) == value for name, value in self.fault.match.items())


class FaultPlan:
    """The faults in force, in the order of their ordering; the first that hits is taken.

    ``facts``: those that calls are described by here. ``without``: a kind that there is not.
    """

    def __init__(
        self, facts: Mapping[str, Fact], *, without: Kind | None = None, seed: int = 0
    ) -> None:
        self._facts = facts
        self._without = without
        self._lock = threading.Condition()
        self._ordered: list[_Ordered] = []
        self._count = 0
        self._random = random.Random(seed)
        self._held = 0
        self._released = 0
        self._era = 0

    def order(self, fault: Fault) -> int:
        """Put a fault into force; its number clears it. Raises ValueError if it can hit nothing."""
        self._check(fault)
        with self._lock:
            self._count += 1
            self._ordered.append(_Ordered(self._count, fault))
            return self._count

    def _check(self, fault: Fault) -> None:
        if fault.kind is self._without:
            kinds = ", ".join(kind for kind in Kind if kind is not self._without)
            raise ValueError(f"{fault.kind} is no kind of fault here; known are {kinds}")
        for name, value in fault.match.items():
            if name not in self._facts:
                known = ", ".join(sorted(self._facts))
                raise ValueError(f"match: no call has a {name}; known are {known}")
            if not re.fullmatch(self._facts[name].pattern, value):
                raise ValueError(f"match.{name} hits no call; it is {self._facts[name].wanted}")

    @property
    def idle(self) -> bool:
        """Whether no fault is in force, so that nobody need describe a call."""
        return not self._ordered

    def clear(self, number: int | None = None) -> None:
        """Lift one fault, or all of them and every silence and hold with them."""
        with self._lock:
            self._ordered = [o for o in self._ordered if number is not None and o.number != number]
            if number is None:
                self._era += 1
                self._released += self._held
                self._lock.notify_all()

    def take(self, facts: Mapping[str, str]) -> Fault | None:
        """The fault that hits a call, used up by one; None where the call goes well."""
        with self._lock:
            for ordered in self._ordered:
                if not ordered.matches(facts):
                    continue
                if ordered.skip:
                    ordered.skip -= 1
                    continue
                if self._random.random() >= ordered.fault.probability:
                    continue
                if ordered.times is not None:
                    ordered.times -= 1
                    if ordered.times <= 0:
                        self._ordered.remove(ordered)
                return ordered.fault
            return None

    @property
    def held(self) -> int:
        """Calls that wait for ``release`` now."""
        with self._lock:
            return self._held

    def hold(self) -> None:
        """Wait until ``release`` lets this call go on, or all faults are cleared."""
        with self._lock:
            self._held += 1
            self._lock.notify_all()
            self._lock.wait_for(lambda: self._released > 0)
            self._released -= 1
            self._held -= 1

    def release(self, count: int | None = None) -> None:
        """Let ``count`` held calls go on, None for all of them."""
        with self._lock:
            waiting = self._held - self._released
            self._released += waiting if count is None else min(count, waiting)
            self._lock.notify_all()

    def silence(self) -> None:
        """Wait until all faults are cleared."""
        with self._lock:
            era = self._era
            self._lock.wait_for(lambda: self._era != era)
