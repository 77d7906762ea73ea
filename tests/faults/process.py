"""Invocations that can be interrupted between any two of their steps.

Each call of table, queues, SSM or Rehook is two steps: before it has its effect, and after. At a
chosen step the process dies, or stands still while time passes, or another invocation runs from
beginning to end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import Reply, ReplyClass
from tests.unit.delivery.world import World
from tools.fakes.faults import Crash
from tools.fakes.rehook import FakeRehook

REWARDS = "/events/invoke"
"""The path of the call that gives a reward; any other call may be made twice."""

Interrupt = Callable[["Process", str], None]
"""Called with the process and the operation that it is at."""

Step = int | tuple[str, int]
"""A step of a process: its number, or its name and how often a step of this name has come.

The names are `before` or `after`, and `claim`, `settle`, `shared claim`, `shared settle` or `call`.
"""


class Violated(AssertionError):
    """The promise was broken."""


@dataclass(eq=False)
class Process:
    """One invocation. `interrupts`: what happens at which of its steps."""

    name: str
    interrupts: dict[Step, Interrupt] = field(default_factory=dict)
    steps: int = 0
    named: Counter[str] = field(default_factory=Counter)
    """How many steps of each name it has come to."""
    dead: bool = False
    claims: dict[str, str] = field(default_factory=dict)
    """The nonce of the claim that this process wrote last, by delivery."""
    unrecorded: set[str] = field(default_factory=set)
    """Deliveries that it knows to be delivered, and has not tried to record."""


class ObservedRehook(FakeRehook):
    """A Rehook that calls `delivered` with each request that its caller knows to be delivered."""

    def __init__(self, delivered: Callable[[Request], None]) -> None:
        super().__init__()
        self._delivered = delivered

    def call(self, request: Request, *, timeout: float, action: str) -> Reply:
        """Answer as `FakeRehook`, and report a request that was delivered."""
        reply = super().call(request, timeout=timeout, action=action)
        if reply.kind is ReplyClass.DELIVERED:
            self._delivered(request)
        return reply


class Processes:
    """The invocations of a world, one at a time or one within another.

    `named`: the delivery that a request is for, by its body. At each call of Rehook it is checked
    that the invocation holds the delivery's claim, that the claim's lease has not run out, that the
    delivery was never recorded as delivered, and that Rehook has not given a reward for another
    version of the event.
    """

    def __init__(self, world: World, named: dict[bytes, str]) -> None:
        self.world = world
        self.named = named
        self.running: list[Process] = []
        self._violated: list[str] = []
        self.hosted: Callable[[str], bool] = lambda _delivery: False
        """Whether a delivery is the hosted destination's, so that it may not be called for."""
        for faults in (world.table, world.queues, world.ssm):
            faults.before, faults.after = self._before, self._after
        world.rehook = ObservedRehook(self._known_delivered)
        world.rehook.before, world.rehook.after = self._before_call, self._answered

    @contextmanager
    def run(self, process: Process) -> Iterator[None]:
        """Run a block whose steps are those of `process`. If it dies, the block ends without error.

        Raises Violated.
        """
        self.running.append(process)
        try:
            yield
        except Crash:
            return
        finally:
            self.running.pop()
            if self._violated:
                # Not raised where it was found: the code under test catches errors.
                raise Violated(self._violated[0])
        if process.unrecorded:
            raise Violated(f"delivered, and never recorded: {process.unrecorded}")

    def _step(self, operation: str, name: str) -> None:
        if not self.running:
            return
        process = self.running[-1]
        if process.dead:
            raise Crash
        process.steps += 1
        process.named[name] += 1
        for step in (process.steps, (name, process.named[name])):
            if interrupt := process.interrupts.get(step):
                interrupt(process, operation)
        if process.dead:
            raise Crash

    def _before(self, operation: str, subject: object) -> None:
        self._step(operation, f"before {_name(operation, subject)}")
        if self.running and isinstance(subject, Record) and subject.state is State.DELIVERED:
            self.running[-1].unrecorded.discard(subject.id)

    def _after(self, operation: str, subject: object) -> None:
        if self.running and isinstance(subject, Record) and subject.state is State.CLAIMED:
            there = self.world.ledger.records.get(subject.id)
            if there is not None and there.nonce == subject.nonce:
                self.running[-1].claims[subject.id] = subject.nonce
        self._step(operation, f"after {_name(operation, subject)}")

    def _before_call(self, operation: str, subject: object) -> None:
        self._step(operation, "before call")
        assert isinstance(subject, Request)
        delivery, process = self.named[subject.body], self.running[-1]
        record = self.world.ledger.records.get(delivery)
        if record is None or record.nonce != process.claims.get(delivery):
            self._violated.append(f"{process.name} called for {delivery} without its claim")
        elif self.hosted(delivery):
            self._violated.append(f"{process.name} called for {delivery}, which the hosted one had")
        elif self.world.clock.now() > record.lease:
            self._violated.append(f"{process.name} called for {delivery}, its lease run out")
        elif any(each.id == delivery and each.state is State.DELIVERED for each in self._writes()):
            self._violated.append(f"{process.name} called for {delivery}, which was delivered")
        elif subject.path == REWARDS and self._another_was_given(delivery, subject):
            self._violated.append(f"{process.name} called for a mended {delivery} in doubt")

    def _answered(self, _operation: str, _subject: object) -> None:
        self._step("rehook.answer", "after call")

    def _known_delivered(self, request: Request) -> None:
        self.running[-1].unrecorded.add(self.named[request.body])

    def _another_was_given(self, delivery: str, request: Request) -> bool:
        """Whether Rehook has acted on another version of this event.

        Under a business key, all versions are one event, and each is a try of it.
        """
        return not delivery.startswith("k:") and any(
            self.named[acted.body] == delivery and acted.body != request.body
            for acted in self.world.rehook.books
        )

    def _writes(self) -> list[Record]:
        return self.world.ledger.writes


def _name(operation: str, subject: Any) -> str:
    """Name what a call of a store does. A call of another store than the ledger is its own name."""
    if operation not in {"ledger.swap", "ledger.share"}:
        return operation
    shared = operation == "ledger.share"
    record: Record = subject[0].new if shared else subject
    kind = "claim" if record.state is State.CLAIMED else "settle"
    return f"shared {kind}" if shared else kind


def die(process: Process, _operation: str) -> None:
    """End the process: none of its later steps takes place."""
    process.dead = True
