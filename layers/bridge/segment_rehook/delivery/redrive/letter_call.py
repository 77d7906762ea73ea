"""The call that a dead letter asks for.

A delivery that waits is called as its request was stored. One that an operator sent back from the
parking lot is mapped again, by the mapping that is deployed now, unless the operator wants the
stored request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.delivery import ids
from segment_rehook.delivery.after_call import Park
from segment_rehook.delivery.delivery import Delivery
from segment_rehook.delivery.outcomes import Parked
from segment_rehook.rehook.plan import Call, MappingFault
from segment_rehook.segment.event import Event, UnreadableEvent

if TYPE_CHECKING:
    from segment_rehook.delivery.queues.message import Letter
    from segment_rehook.rehook.destination import Destination

ANOTHER_KEY = (
    "its idempotencyKey names another delivery now, which may have been made: have Segment replay "
    "the event"
)


def maps_anew(letter: Letter) -> bool:
    """Whether the event is mapped again, instead of sent as its request was stored."""
    header = letter.header
    stored = letter.request is not None and (header.parked_token is None or header.resend)
    return not stored


def letter_call(letter: Letter, destination: Destination) -> Call | Park:
    """Give the call, or why the letter is parked instead."""
    header = letter.header
    known = destination.subscriptions
    if not any(each.id == header.subscription and each.enabled for each in known):
        return Park(Parked.SUBSCRIPTION_GONE, "no enabled subscription has this id")
    if letter.request is None or maps_anew(letter):
        return _map_anew(letter, destination)
    return Call(header.subscription, letter.action, header.user, None, letter.request)


def _map_anew(letter: Letter, destination: Destination) -> Call | Park:
    try:
        event = Event.parse(letter.event)
    except UnreadableEvent as error:
        return Park(Parked.UNREADABLE, error.detail)
    planned = destination.plan_for(event, letter.header.subscription)
    if isinstance(planned, Call):
        key = ids.event_key(event)
        if Delivery.of(event, key or "", planned).id != letter.header.delivery:
            return Park(Parked.NOT_MAPPED, ANOTHER_KEY)
        return planned
    if isinstance(planned, MappingFault):
        return Park(Parked.MAPPING_ERROR, planned.detail)
    detail = planned.detail if planned else "the trigger does not match"
    return Park(Parked.NOT_MAPPED, detail)
