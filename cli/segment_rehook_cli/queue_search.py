"""Looks for messages of some deliveries in a stack's queues.

SQS can't look a message up. So the queue is received from, which counts as a receive for each
message, and hides each until the search ends. Messages that are hidden already, since they wait for
their next try, are not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segment_rehook.delivery.ports import Clock
from segment_rehook.delivery.queues.message import Header, MessageUnreadable, read_body
from segment_rehook_cli.delivery_facts import QueueName, Sighting
from segment_rehook_cli.parked_message import ParkedMessage
from segment_rehook_cli.parking_lot_reader import ParkingLotReader
from segment_rehook_cli.progress import progress
from segment_rehook_cli.refusals import Refusals

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["QueueSearch", "SeenMessage"]


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """A message that was looked for. `event`: as Segment sent it, None if it can't be read."""

    header: Header
    sighting: Sighting
    event: bytes | None = field(repr=False, default=None)


@dataclass(slots=True)
class QueueSearch:
    """One search. `wanted`: chooses messages by their header.

    `refusals`: what SQS refused. `unread`: about how many messages could not be read.
    """

    client: SQSClient
    clock: Clock
    wanted: Callable[[Header], bool]
    refusals: Refusals = field(default_factory=Refusals)
    unread: int = 0

    def search(self, url: str, queue: QueueName) -> list[SeenMessage]:
        """Read a queue to its end. Raises what boto3 raises, if it can't even be counted."""
        reader = ParkingLotReader(self.client, url, self.clock, self.refusals)
        found = []
        seen = 0
        try:
            with progress(reader.expected, f"messages of the {queue} read") as show:
                for portion in reader.portions():
                    for each in portion:
                        if each.header is not None and self.wanted(each.header):
                            event = _event(each.header, each)
                            found.append(SeenMessage(each.header, _sighting(each, queue), event))
                    seen += len(portion)
                    show(seen)
        finally:
            reader.close()
        self.unread += reader.unread()
        return found


def _sighting(found: ParkedMessage, queue: QueueName) -> Sighting:
    header = found.header
    if header is None:
        raise ValueError("the bridge did not write the message")
    return Sighting(
        queue=queue,
        reason=header.reason,
        sent_at=found.message.sent_at,
        was_parked=header.parked_token is not None,
        detail=header.detail,
    )


def _event(header: Header, found: ParkedMessage) -> bytes | None:
    try:
        return read_body(header, found.message).event
    except MessageUnreadable:
        return None
