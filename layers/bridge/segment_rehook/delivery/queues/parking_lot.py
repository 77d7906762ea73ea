"""Sends messages to the parking lot, the queue of what was given up."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segment_rehook.delivery import ids
from segment_rehook.delivery.outcomes import Parked
from segment_rehook.delivery.queues import message
from segment_rehook.delivery.queues.transport import MAX_ATTRIBUTES, Outgoing

if TYPE_CHECKING:
    from segment_rehook.delivery.ledger.record import Record
    from segment_rehook.delivery.queues.message import Header
    from segment_rehook.delivery.queues.sending import Sender
    from segment_rehook.delivery.queues.transport import Received


@dataclass(frozen=True, slots=True)
class ParkingLot:
    """Parks messages of the dead-letter queue. Each method says whether SQS has taken it."""

    sender: Sender

    def send(
        self, header: Header, received: Received, mine: Record, reason: Parked, detail: str
    ) -> bool:
        """Park a delivery under the claim `mine`, with its body unchanged."""
        header = replace(header, token=mine.token, nonce=mine.nonce)
        parked = message.parked(header, received.body, reason=reason, detail=detail)
        return self.sender.send_one(parked)

    def conflict(self, header: Header, received: Received, detail: str) -> bool:
        """Park a message whose id belongs to another delivery.

        It has no record of its own, so no token lets redrive deliver it later.
        """
        parked = message.parked(
            replace(header, token=0),
            received.body,
            reason=Parked.ID_CONFLICT,
            detail=detail,
            dedupe=ids.conflict_dedupe(received.message_id),
        )
        return self.sender.send_one(parked)

    def foreign(self, received: Received, why: str) -> bool:
        """Park a message that this bridge did not write. `why`: for a person who reads it."""
        name = hashlib.sha256(received.message_id.encode()).hexdigest()
        kept = dict(list(received.attributes.items())[: MAX_ATTRIBUTES - 2])
        parked = Outgoing(
            group=name,
            dedupe=name,
            body=received.body,
            attributes={**kept, "reason": Parked.UNREADABLE, "detail": why},
        )
        if parked.too_large:
            parked = replace(parked, attributes=received.attributes)
        return self.sender.send_one(parked)
