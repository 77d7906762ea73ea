"""A parking lot and a dead-letter queue in simulated time, and runs of `failures redrive`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from segment_rehook.delivery.queues.message import Header, Letter
from segment_rehook.delivery.queues.transport import Outgoing
from segment_rehook.rehook.plan import Request
from segment_rehook_cli.failures.message import FailedMessage
from segment_rehook_cli.failures.reader import QueueReader
from segment_rehook_cli.failures.refusals import Refusals
from segment_rehook_cli.failures.sending_back import DeadLetterQueue, SendingBack
from tools.fakes.queue import FakeQueue
from tools.fakes.sqs_client import FakeSqs
from tools.fakes.surroundings import FakeClock

REQUEST = Request("POST", "/events/invoke", b"{}")
RETENTION = 1_209_600.0


def letter(number: int, *, user: str = "", reason: str = "rejected") -> Outgoing:
    """Make a parked message, of `user` or of a user of its own."""
    header = Header(
        delivery=f"m{number}:track-event",
        user=user or f"user-{number}",
        content="c",
        reason=reason,
        token=1,
    )
    made = Letter(header=header, action="trackEvent", request=REQUEST, event=b"{}")
    return made.for_parking(reason, "")


def number_of(message: Outgoing) -> int:
    """Return the number in the id of a message's delivery."""
    return int(message.attributes["delivery"].partition(":")[0][1:])


@dataclass
class World:
    """A parking lot and a dead-letter queue of a fake SQS whose calls take simulated time."""

    clock: FakeClock = field(default_factory=FakeClock)
    sqs: FakeSqs = field(init=False)
    parking: FakeQueue = field(init=False)
    dead_letters: FakeQueue = field(init=False)
    refusals: Refusals = field(default_factory=Refusals)

    def __post_init__(self) -> None:
        self.parking = FakeQueue(clock=self.clock, name="parking", retention=RETENTION)
        self.dead_letters = FakeQueue(clock=self.clock, name="dead", retention=RETENTION)
        self.sqs = FakeSqs(self.clock, {"parking": self.parking, "dead": self.dead_letters})

    def park(self, *messages: Outgoing) -> None:
        """Park messages, 1 ms apart."""
        for each in messages:
            self.parking.accept(each)
            self.clock.advance(0.001)

    def reader(self) -> QueueReader:
        """Start to read the parking lot."""
        return QueueReader(self.sqs.client, "parking", self.clock, self.refusals)

    def redrive(
        self,
        chosen: Callable[[FailedMessage], bool] = lambda _failed: True,
        progress: Callable[[int], None] = lambda _number: None,
        rate: float | None = None,
    ) -> SendingBack:
        """Run `failures redrive` once."""
        reader = self.reader()
        run = SendingBack(
            reader=reader,
            target=DeadLetterQueue(self.sqs.client, "dead"),
            clock=self.clock,
            refusals=self.refusals,
            chosen=chosen,
            parked_before=reader.started_at,
            rate=rate,
        )
        run.run(progress)
        return run

    def sent(self) -> list[int]:
        """Return the numbers of the messages in the dead-letter queue, in order."""
        return [number_of(each.message) for each in self.dead_letters.stored()]

    def parked(self) -> list[int]:
        """Return the numbers of the visible messages in the parking lot."""
        hidden = {each.message_id for each in self.parking.in_flight()}
        return [
            number_of(each.message)
            for each in self.parking.stored()
            if each.message_id not in hidden
        ]
