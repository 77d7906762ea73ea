"""Invocations that can be interrupted between any two of their steps.

Each call that an invocation makes of table, queues, SSM or Rehook is two steps: ahead of its
effect, and behind it. At a chosen step the process dies, stands still while time passes, or
another invocation runs from beginning to end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import Reply, ReplyClass
from tests.unit.delivery.world import World
from tools.fakes.faults import Crash
from tools.fakes.rehook import FakeRehook

REWARDS = "/events/invoke"
"""The path of the call that hands out rewards; any other may be made twice."""

Interrupt = Callable[["Process", str], None]
"""Given the process and the operation that it is at."""


class Violated(AssertionError):
    """The promise was broken."""


@dataclass(eq=False)
class Process:
    """One invocation. `interrupts`: what happens at which of its steps."""

    name: str
    interrupts: dict[int, Interrupt] = field(default_factory=dict)
    steps: int = 0
    dead: bool = False
    claims: dict[str, str] = field(default_factory=dict)
    """The nonce of the claim that this process last put, by delivery."""
    owes: set[str] = field(default_factory=set)
    """What it heard to be delivered and has not tried to write down."""


class Heard(FakeRehook):
    """Rehook, and an ear at the caller's end: `heard` is told what a caller hears to be done."""

    def __init__(self, heard: Callable[[Request], None]) -> None:
        super().__init__()
        self._told = heard

    def call(self, request: Request, *, timeout: float, action: str) -> Reply:
        """Answer as told."""
        reply = super().call(request, timeout=timeout, action=action)
        if reply.kind is ReplyClass.DELIVERED:
            self._told(request)
        return reply


class Processes:
    """The invocations of a world, one at a time or one inside another.

    `named`: the delivery that a request belongs to, by its body. At every call that an invocation
    makes of Rehook it is checked that it holds the delivery's claim, that the claim's lease has
    not run out, that nobody has written the delivery down as delivered, and that Rehook has not
    given a reward for another version of the event.
    """

    def __init__(self, world: World, named: dict[bytes, str]) -> None:
        self.world = world
        self.named = named
        self.running: list[Process] = []
        self._violated: list[str] = []
        for faults in (world.table, world.queues, world.ssm):
            faults.before, faults.after = self._before, self._after
        world.rehook = Heard(self._heard)
        world.rehook.before, world.rehook.after = self._before_call, self._answered

    @contextmanager
    def run(self, process: Process) -> Iterator[None]:
        """Within this, every step belongs to `process`; its death ends the block quietly."""
        self.running.append(process)
        try:
            yield
        except Crash:
            return
        finally:
            self.running.pop()
            if self._violated:
                # Not raised where it was seen: the code under test survives errors.
                raise Violated(self._violated[0])
        if process.owes:
            raise Violated(f"delivered, and never written down: {process.owes}")

    def _step(self, operation: str, _subject: object) -> None:
        if not self.running:
            return
        process = self.running[-1]
        if process.dead:
            raise Crash
        process.steps += 1
        interrupt = process.interrupts.get(process.steps)
        if interrupt is not None:
            interrupt(process, operation)
        if process.dead:
            raise Crash

    def _before(self, operation: str, subject: object) -> None:
        self._step(operation, subject)
        if self.running and isinstance(subject, Record) and subject.state is State.DELIVERED:
            self.running[-1].owes.discard(subject.id)

    def _after(self, operation: str, subject: object) -> None:
        if self.running and isinstance(subject, Record) and subject.state is State.CLAIMED:
            there = self.world.ledger.records.get(subject.id)
            if there == subject:
                self.running[-1].claims[subject.id] = subject.nonce
        self._step(operation, subject)

    def _before_call(self, operation: str, subject: object) -> None:
        self._step(operation, subject)
        assert isinstance(subject, Request)
        delivery, process = self.named[subject.body], self.running[-1]
        record = self.world.ledger.records.get(delivery)
        if record is None or record.nonce != process.claims.get(delivery):
            self._violated.append(f"{process.name} called for {delivery} without its claim")
        elif self.world.clock.now() > record.lease:
            self._violated.append(f"{process.name} called for {delivery}, its lease run out")
        elif any(each.id == delivery and each.state is State.DELIVERED for each in self._writes()):
            self._violated.append(f"{process.name} called for {delivery}, which was delivered")
        elif subject.path == REWARDS and self._another_was_given(delivery, subject):
            self._violated.append(f"{process.name} called for a mended {delivery} in doubt")

    def _answered(self, _operation: str, subject: object) -> None:
        self._step("rehook.answer", subject)

    def _heard(self, request: Request) -> None:
        self.running[-1].owes.add(self.named[request.body])

    def _another_was_given(self, delivery: str, request: Request) -> bool:
        """Whether Rehook has acted on another version of this event.

        Under a business key versions are one event: whichever comes is its next try.
        """
        return not delivery.startswith("k:") and any(
            self.named[acted.body] == delivery and acted.body != request.body
            for acted in self.world.rehook.books
        )

    def _writes(self) -> list[Record]:
        return self.world.ledger.writes


def die(process: Process, _operation: str) -> None:
    """End the process: from now on no step of it takes place."""
    process.dead = True
