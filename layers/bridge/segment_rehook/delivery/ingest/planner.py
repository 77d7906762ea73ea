"""Decides which deliveries a request's events come to, before anything is stored or called.

`webhook` carries out the decisions, and `segment-rehook preview` shows them. Neither has rules of
its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from segment_rehook.delivery import ids
from segment_rehook.delivery.delivery import Delivery
from segment_rehook.delivery.outcomes import Dropped, Outcome, Result
from segment_rehook.delivery.queues.origin import Origin
from segment_rehook.delivery.stack_parameters import DELIVER_ALL, Instructions
from segment_rehook.rehook.plan import Drop
from segment_rehook.segment.event import UnreadableEvent
from segment_rehook.segment.event_time import received_time

if TYPE_CHECKING:
    from segment_rehook.rehook.destination import Destination
    from segment_rehook.rehook.plan import Call, MappingFault
    from segment_rehook.segment.event import Event

MISSING_ID = Result(
    Outcome.DROPPED,
    Dropped.MISSING_MESSAGE_ID,
    detail="an event needs a messageId, or a timestamp to be told apart by",
)
BEFORE_CUTOVER = Result(
    Outcome.DROPPED,
    Dropped.BEFORE_CUTOVER,
    detail="Segment received it before the cut-over: it is the hosted destination's",
)
SAME_REQUEST = Result(Outcome.DUPLICATE, "same_request")
CONFLICT = Result(
    Outcome.DROPPED,
    Dropped.ID_CONFLICT,
    detail="another event of this request has the same id: give each event its own messageId",
)
MAPPED_HINT = (
    "this is not a Segment event, it has no `type`: in Segment, leave the mapping's Data field at "
    "its default, the whole event ($.)"
)


class Decision(msgspec.Struct, frozen=True, gc=False):
    """One subscription's part of an event; `subscription` is None for the event as a whole.

    `decided` is the delivery to be made, or the result if there is none to make. `planned` is the
    plan's entry, None for an element that is no event. `delivery` is the delivery that the decision
    is about, None where it came to none.
    """

    subscription: str | None
    decided: Delivery | Result
    planned: Call | Drop | MappingFault | None = None
    delivery: Delivery | None = None


@dataclass(slots=True)
class Planner:
    """Decides on one request's events in turn. `now` is in seconds since 1970.

    `request_id`: API Gateway's id of the request, for the log. `instructions`: the operator's.
    A delivery with the id of an earlier one is a duplicate, or a conflict if it is another event.
    """

    destination: Destination
    now: float
    request_id: str | None = None
    instructions: Instructions = DELIVER_ALL
    _seen: dict[str, str] = field(default_factory=dict)

    def decisions(self, element: Event | UnreadableEvent) -> list[Decision]:
        """Give each subscription's part of the next element; none if no subscription takes it."""
        if isinstance(element, UnreadableEvent):
            result = Result(Outcome.DROPPED, element.reason, detail=element.detail)
            return [Decision(None, result)]
        planned = self.destination.plan(element, self.now)
        key = ids.event_key(element) if planned else None
        received = received_time(element) if planned else None
        origin = Origin(self.request_id, self.destination.version, element.message_id, received)
        return [self._decide(element, key, entry, origin) for entry in planned]

    def _decide(
        self, event: Event, key: str | None, entry: Call | Drop | MappingFault, origin: Origin
    ) -> Decision:
        if isinstance(entry, Drop):
            dropped = Result(Outcome.DROPPED, entry.reason, detail=entry.detail)
            return Decision(entry.subscription, dropped, entry)
        if key is None:
            return Decision(entry.subscription, MISSING_ID, entry)
        delivery = Delivery.of(event, key, entry, origin)
        received = self.now if origin.received is None else origin.received
        if self.instructions.discards(received):
            return Decision(entry.subscription, BEFORE_CUTOVER, entry, delivery)
        known = self._seen.get(delivery.id)
        if known is not None:
            same = ids.same_event(known, delivery.content)
            decided = SAME_REQUEST if same else CONFLICT
            return Decision(entry.subscription, decided, entry, delivery)
        self._seen[delivery.id] = delivery.content
        return Decision(entry.subscription, delivery, entry, delivery)
