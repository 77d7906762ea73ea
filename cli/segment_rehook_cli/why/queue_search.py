"""Looks for messages of some deliveries in a stack's queues.

SQS can't look a message up. So both queues are read, as by the `failures` commands: it counts as a
receive for each message, and hides each for a moment. Messages that are hidden already, since they
wait for their next try, are not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from segment_rehook.delivery.queues.message import Header
from segment_rehook_cli.failures.entry import letter_of
from segment_rehook_cli.failures.message import FailedMessage, QueueName
from segment_rehook_cli.failures.reading import Reading, start_reading
from segment_rehook_cli.failures.selection import Selection
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.why.delivery_facts import Sighting

__all__ = ["QueueSearch", "SeenMessage", "search_queues"]


@dataclass(frozen=True, slots=True)
class SeenMessage:
    """A message that was looked for. `event`: as Segment sent it, None if it can't be read."""

    header: Header
    sighting: Sighting
    event: bytes | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class QueueSearch:
    """What a search has found. `whole`: whether the parking lot was read to its end.

    `notes`: what AWS refused, and what could not be read. `hidden`: about how many messages of the
    dead-letter queue could not be seen.
    """

    messages: tuple[SeenMessage, ...] = ()
    whole: bool = False
    notes: tuple[str, ...] = ()
    hidden: int = 0


def search_queues(stack: Stack, wanted: Callable[[Header], bool]) -> QueueSearch:
    """Read both queues. `wanted`: chooses messages by their header. Raises KeyboardInterrupt.

    Ends the command with the code REFUSED if the queues can't even be counted.
    """
    found: list[SeenMessage] = []

    def visit(failed: FailedMessage, _now: float) -> None:
        if failed.header is not None and wanted(failed.header):
            letter = letter_of(failed)
            sighting = _sighting(failed, failed.header)
            found.append(SeenMessage(failed.header, sighting, letter.event if letter else None))

    reading = start_reading(stack, Selection())
    reading.run(visit)
    if reading.interrupted:
        raise KeyboardInterrupt
    return QueueSearch(
        tuple(found),
        whole=reading.complete,
        notes=tuple(_notes(reading)),
        hidden=reading.unread.get(QueueName.WAITING, 0),
    )


def _notes(reading: Reading) -> Iterator[str]:
    yield from reading.refusals.lines()
    if unread := reading.unread.get(QueueName.PARKED, 0):
        yield f"not read in the parking lot: about {counted(unread, 'message')}"


def _sighting(found: FailedMessage, header: Header) -> Sighting:
    return Sighting(
        queue=found.queue,
        reason=header.reason,
        sent_at=found.message.sent_at,
        was_parked=header.parked_token is not None,
        detail=header.detail,
    )
