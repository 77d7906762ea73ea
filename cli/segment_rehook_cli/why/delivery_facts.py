"""What was found of one delivery: its lines in the log, its record in the ledger, its messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segment_rehook.delivery.ledger.record import Record
from segment_rehook_cli.failures.message import QueueName
from segment_rehook_cli.log.logged_outcome import LoggedOutcome
from segment_rehook_cli.stack.keeping import Keeping

__all__ = ["DeliveryFacts", "Keeping", "Sighting"]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message of the delivery that was seen in a queue.

    `sent_at`: when it came there, in seconds of Unix time. `was_parked`: the bridge has parked it
    (in the dead-letter queue: it was sent back). `detail`: Rehook's text, or the bridge's.
    """

    queue: QueueName
    reason: str
    sent_at: float
    was_parked: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFacts:
    """All that was found of one delivery. `lines`: oldest first.

    `looked`: whether the parking lot was read to the end. Of the dead-letter queue only messages
    are seen that do not wait for their next try.
    """

    delivery: str
    subscription: str
    lines: Sequence[LoggedOutcome] = ()
    record: Record | None = None
    sightings: Sequence[Sighting] = ()
    looked: bool = False
