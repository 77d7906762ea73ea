"""An operator at work beside both functions, in simulated time. His process can be killed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from segment_rehook_cli.failures.discarding import Discarding
from segment_rehook_cli.failures.holding import BESIDE_LAMBDA
from segment_rehook_cli.failures.message import FailedMessage, QueueName
from segment_rehook_cli.failures.reader import QueueReader
from segment_rehook_cli.failures.reading import Reading
from segment_rehook_cli.failures.refusals import Refusals
from segment_rehook_cli.failures.selection import Selection
from segment_rehook_cli.failures.settling import DiscardingLedger
from tests.unit.delivery.world import DAY, World
from tools.fakes.faults import Crash
from tools.fakes.sqs_client import FakeSqs
from tools.fakes.surroundings import FakeRandomness


@dataclass
class Operator:
    """Runs of commands on a world's dead-letter queue. `refusals`: those of the last run."""

    world: World
    sqs: FakeSqs = field(init=False)
    refusals: Refusals = field(default_factory=Refusals)

    def __post_init__(self) -> None:
        queues = {"parking": self.world.lot, "dead": self.world.dead}
        self.sqs = FakeSqs(self.world.clock, queues, seconds=0.05)

    def reader(self) -> QueueReader:
        """Start to read the dead-letter queue, as the commands do."""
        self.refusals = Refusals()
        return QueueReader(
            self.sqs.client,
            "dead",
            self.world.clock,
            self.refusals,
            name=QueueName.WAITING,
            holding=BESIDE_LAMBDA,
        )

    def look(self, *, killed_at: int | None = None) -> list[FailedMessage]:
        """Run `failures list`; return what it has read."""
        found: list[FailedMessage] = []
        with self._killed(killed_at):
            reading = Reading([self.reader()], Selection(), self.refusals)
            reading.run(lambda failed, _now: found.append(failed))
        return found

    def discard(
        self, chosen: Callable[[FailedMessage], bool], *, killed_at: int | None = None
    ) -> Discarding | None:
        """Run `failures discard --queue waiting`; None if it is killed."""
        done: list[Discarding] = []
        with self._killed(killed_at):
            reader = self.reader()
            run = Discarding(
                reader=reader,
                chosen=chosen,
                sent_before=reader.started_at,
                clock=self.world.clock,
                refusals=self.refusals,
                ledger=DiscardingLedger(
                    self.world.ledger,
                    self.world.marks,
                    self.world.clock,
                    FakeRandomness(4_711),
                    keep=int(45 * DAY),
                ),
            )
            run.run(lambda _number: None)
            done.append(run)
        return done[0] if done else None

    @contextlib.contextmanager
    def _killed(self, at: int | None) -> Iterator[None]:
        """End the process at its call of this number: no further call is made, by nobody in it."""
        calls = 0

        def count(*_: object) -> None:
            nonlocal calls
            calls += 1
            if at is not None and calls >= at:
                raise Crash

        self.sqs.before = count
        self.world.table.before = count
        try:
            with contextlib.suppress(Crash):
                yield
        finally:
            self.sqs.before = lambda _name: None
            self.world.table.before = lambda _name, _subject: None
