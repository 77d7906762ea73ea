"""The way into the parking lot, where what was given up waits for an operator."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.delivery import message
from segment_rehook.delivery.outcomes import Parked
from segment_rehook.delivery.ports import Outgoing

if TYPE_CHECKING:
    from segment_rehook.delivery.dispatch import Dispatch
    from segment_rehook.delivery.message import Header
    from segment_rehook.delivery.ports import Received


@dataclass(frozen=True, slots=True)
class ParkingLot:
    """Parks messages of the dead-letter queue; each method says whether SQS took it."""

    dispatch: Dispatch

    def send(
        self, header: Header, received: Received, epoch: int, reason: Parked, detail: str
    ) -> bool:
        """Park a delivery that was claimed under the token `epoch`, its body as it is."""
        parked = message.parked(header, received.body, epoch=epoch, reason=reason, detail=detail)
        return self.dispatch.send_one(parked)

    def conflict(self, header: Header, received: Received, detail: str) -> bool:
        """Park what has another delivery's id: no record is its own, so no epoch opens it again."""
        parked = message.parked(
            header, received.body, epoch=0, reason=Parked.ID_CONFLICT, detail=detail
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
        return self.dispatch.send_one(parked)


# SQS's limit for one message.
MOST_ATTRIBUTES = 10
