"""The port `Queue` over a FIFO queue in memory, with ordered failures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from segment_rehook.delivery.ports import Clock, QueueUnavailable
from segment_rehook.delivery.queues.transport import Outgoing, Received
from tools.fakes.faults import Faults
from tools.sqs import fifo, rules

Stored = fifo.Stored[Outgoing]


@dataclass(kw_only=True, eq=False)
class FakeQueue(fifo.FifoQueue[Outgoing]):
    """A queue with the port's methods and with those of an event source and an operator.

    `refuse` chooses the messages of a send that SQS refuses, `refuse_visibility` the receipts.
    """

    clock: Clock
    name: str = "queue"
    now: Callable[[], float] = field(init=False)
    faults: Faults = field(default_factory=lambda: Faults(QueueUnavailable))
    refuse: Callable[[Outgoing], bool] = lambda _message: False
    refuse_visibility: Callable[[str], bool] = lambda _receipt: False

    def __post_init__(self) -> None:
        # A correction of the test's wall clock does not change SQS's clock.
        start = self.clock.now() - self.clock.monotonic()
        self.now = lambda: start + self.clock.monotonic()
        super().__post_init__()

    def send(self, messages: Sequence[Outgoing]) -> list[bool]:
        """SendMessageBatch: return for each message whether it was accepted."""
        if len(messages) > rules.MAX_BATCH_ENTRIES:
            raise ValueError(f"{len(messages)} messages in one call; at most 10")
        if not messages:
            return []
        return self.faults.run(f"{self.name}.send", messages, lambda: self._send(messages))

    def change_visibility(self, delays: Mapping[str, int]) -> set[str]:
        """ChangeMessageVisibilityBatch: return the receipts that were refused."""
        if len(delays) > rules.MAX_BATCH_ENTRIES:
            raise ValueError(f"{len(delays)} receipts in one call; at most 10")
        if not delays:
            return set()
        return self.faults.run(f"{self.name}.change_visibility", delays, lambda: self._hide(delays))

    def receive(self, most: int = 10, visibility: float | None = None) -> list[Received]:
        """ReceiveMessage: return the messages as the code under test gets them."""
        return [_received(stored) for stored in self.take(most, visibility)]

    def accept(self, message: Outgoing) -> None:
        """Add one message without rules and failures."""
        self.add(message.group, message.dedupe, message)

    def _send(self, messages: Sequence[Outgoing]) -> list[bool]:
        if rules.too_long(messages):
            raise self.faults.error(f"{self.name}.send: BatchRequestTooLong")
        answers = []
        for message in messages:
            fine = rules.takes(message) and not self.refuse(message)
            if fine:
                self.accept(message)
            answers.append(fine)
        return answers

    def _hide(self, delays: Mapping[str, int]) -> set[str]:
        return {
            receipt
            for receipt, seconds in delays.items()
            if self.refuse_visibility(receipt) or not self.hide(receipt, seconds)
        }


def _received(stored: Stored) -> Received:
    return Received(
        message_id=stored.message_id,
        receipt=stored.receipt or "",
        group=stored.group,
        body=stored.message.body,
        attributes=dict(stored.message.attributes),
        sent_at=stored.sent_at,
        receive_count=stored.receive_count,
    )
