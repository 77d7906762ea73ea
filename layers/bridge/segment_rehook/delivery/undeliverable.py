"""The way into the parking lot, where what was given up waits for an operator."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segment_rehook.delivery import ids, message
from segment_rehook.delivery.outcomes import Parked
from segment_rehook.delivery.ports import Outgoing

if TYPE_CHECKING:
    from segment_rehook.delivery.dispatch import Dispatch
    from segment_rehook.delivery.message import Header
    from segment_rehook.delivery.ports import Received
    from segment_rehook.delivery.record import Record


@dataclass(frozen=True, slots=True)
class ParkingLot:
    """Parks messages of the dead-letter queue; each method says whether SQS took it."""

    dispatch: Dispatch

    def send(
        self, header: Header, received: Received, mine: Record, reason: Parked, detail: str
    ) -> bool:
        """Park a delivery under the claim `mine`, its body as it is."""
        header = replace(header, token=mine.token, nonce=mine.nonce)
        parked = message.parked(header, received.body, reason=reason, detail=detail)
        return self.dispatch.send_one(parked)

    def conflict(self, header: Header, received: Received, detail: str) -> bool:
        """Park what has another delivery's id: no record is its own, so no epoch opens it again."""
        parked = message.parked(
            replace(header, token=0),
            received.body,
            reason=Parked.ID_CONFLICT,
            detail=detail,
            dedupe=ids.conflict_dedupe(received.message_id),
        )
        return self.dispatch.send_one(parked)

    def foreign(self, received: Received, why: str) -> bool:
        """Park a message that this bridge did not write."""
        name = hashlib.sha256(received.message_id.encode()).hexdigest()
        kept = dict(list(received.attributes.items())[: MOST_ATTRIBUTES - 2])
        parked = Outgoing(
            group=name,
            dedupe=name,
            body=received.body,
            attributes={**kept, "reason": Parked.UNREADABLE, "detail": why},
        )
        if parked.too_large:
            parked = replace(parked, attributes=received.attributes)
        return self.dispatch.send_one(parked)


# SQS's limit for one message.
MOST_ATTRIBUTES = 10
