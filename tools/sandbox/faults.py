"""Ordered faults: what a stand-in server does wrong, to which calls, and how often.

Both stand-ins (the fake Rehook and the AWS server) use a ``FaultPlan``. The plan knows a call by
its *facts*, a flat mapping of names to text (``path`` and ``customer`` at Rehook, ``service`` and
``operation`` at AWS). A fault hits a call whose facts contain every pair of the fault's ``match``.
A fault that could never hit, or that has a field without effect on its kind, is refused when it is
ordered.
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
    """How a call fails."""

    ANSWER = "answer"
    """The call is answered with the given status, headers and body."""
    RESET = "reset"
    """The connection is reset without an answer."""
    SILENCE = "silence"
    """There is no answer; the connection stays open until the plan is cleared."""
    GARBAGE = "garbage"
    """The answer is bytes that are not HTTP."""
    TRUNCATE = "truncate"
    """The answer is the true one, cut off in its body."""
    DELAY = "delay"
    """The true answer is sent ``seconds`` late."""
    PARTIAL = "partial"
    """The entries of a batch call at the positions in ``entries`` fail with ``code``.

    Only AWS has such calls: SQS's batches, and BatchExecuteStatement with its statements.
    """
    HOLD = "hold"
    """The true answer is sent when ``release`` is called, so that a test can act before it."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One ordered fault.

    ``acted``: the call (or the entry of a batch) is carried out before it fails. ``times``: how
    many calls it hits, None for all until it is cleared. ``skip``: how many matching calls succeed
    first. ``probability``: the share of matching calls that it hits, drawn from the plan's seed.
    ``seconds``: the delay, for every kind. Raises ValueError if a field that the kind needs is
    missing, or a field is given that has no effect on the kind.
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
        """Check the fields against the kind."""
        if self.kind is Kind.PARTIAL and not self.entries:
            raise ValueError("partial needs entries, the positions that fail, from 0")
        if self.kind is Kind.DELAY and not self.seconds:
            raise ValueError("delay needs seconds")
        needless = [
            name
            for name, kind in _USED_BY.items()
            if kind is not self.kind and getattr(self, name) != _DEFAULTS[name]
        ]
        if needless:
            names = ", ".join(needless)
            raise ValueError(f"{self.kind} does not use {names}; {_USED_BY[needless[0]]} does")


_USED_BY = {
    "status": Kind.ANSWER,
    "headers": Kind.ANSWER,
    "body": Kind.ANSWER,
    "entries": Kind.PARTIAL,
    "code": Kind.PARTIAL,
}
_DEFAULTS = {"status": 500, "headers": {}, "body": "", "entries": [], "code": ""}


class Fact(NamedTuple):
    """The form of a fact: it matches ``pattern`` completely; ``wanted`` says so in words."""

    pattern: str = r"[\s\S]*"
    wanted: str = "any text"


class _Ordered:
    """A fault, and how many calls it still skips and hits."""

    def __init__(self, number: int, fault: Fault) -> None:
        self.number = number
        self.fault = fault
        self.skip = fault.skip
        self.times = fault.times

    def matches(self, facts: Mapping[str, str]) -> bool:
        return all(facts.get(name) == value for name, value in self.fault.match.items())


class FaultPlan:
    """The active faults, in the order in which they were ordered; the first that hits is used.

    ``facts``: the facts that calls have here. ``without``: a kind that is not possible here.
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
        self._held: list[object] = []
        self._era = 0

    def order(self, fault: Fault) -> int:
        """Add a fault and return its number. Raises ValueError if it could never hit a call."""
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
        """Whether there is no active fault, so that a call needs no facts."""
        return not self._ordered

    def clear(self, number: int | None = None) -> None:
        """Remove one fault, or all of them; then silent and held calls end too."""
        with self._lock:
            self._ordered = [o for o in self._ordered if number is not None and o.number != number]
            if number is None:
                self._era += 1
                self._held.clear()
                self._lock.notify_all()

    def take(self, facts: Mapping[str, str]) -> Fault | None:
        """Return the fault that hits a call and count it as used; None if the call succeeds."""
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
        """The number of calls that wait for ``release`` now."""
        with self._lock:
            return len(self._held)

    def hold(self) -> None:
        """Wait until ``release`` lets this call continue, or all faults are cleared."""
        mine = object()
        with self._lock:
            self._held.append(mine)
            self._lock.wait_for(lambda: mine not in self._held)

    def release(self, count: int | None = None) -> None:
        """Let ``count`` held calls continue, those that wait longest; None for all of them."""
        with self._lock:
            del self._held[:count]
            self._lock.notify_all()

    def silence(self) -> None:
        """Wait until all faults are cleared."""
        with self._lock:
            era = self._era
            self._lock.wait_for(lambda: self._era != era)
