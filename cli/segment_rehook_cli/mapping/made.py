"""What a destination makes of an event for one subscription: a call to Rehook, or none.

`preview` shows these values, `diff` compares them. Rehook's answers play no part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from segment_rehook.delivery.delivery import Delivery
from segment_rehook.delivery.ingest.planner import Planner
from segment_rehook.delivery.outcomes import Dropped, Outcome, Parked
from segment_rehook.rehook.plan import Call
from segment_rehook.segment.event_time import unix_time

if TYPE_CHECKING:
    from segment_rehook.delivery.ingest.planner import Decision
    from segment_rehook.rehook.destination import Destination
    from segment_rehook.rehook.plan import Request
    from segment_rehook.segment.event import Event

__all__ = ["NotSent", "Sent", "made_of_decision", "made_of_event"]

NEVER_STORED = (
    "the event is larger than a queue's message, so it can't be stored: it is delivered only if "
    "Rehook accepts it at once"
)


class Sent(msgspec.Struct, frozen=True):
    """A call is made. `key` is the business key, None without one; `warnings` are for a person.

    The warnings name settings and fields, and no value of the event.
    """

    request: Request
    key: str | None
    warnings: tuple[str, ...] = ()


class NotSent(msgspec.Struct, frozen=True):
    """No call is made. `reason` is a `DropReason`, a `Dropped`, `mapping_error` or `duplicate`.

    A `mapping_error` is parked, a `duplicate` was sent before; all others are dropped.
    """

    reason: str
    detail: str


def made_of_decision(part: Decision) -> Sent | NotSent:
    """Say what comes of the planner's decision, before Rehook and the ledger are asked."""
    decided = part.decided
    if not isinstance(decided, Delivery):
        if decided.outcome is Outcome.DUPLICATE:
            return NotSent(str(decided.outcome), str(decided.reason))
        return NotSent(str(decided.reason), decided.detail or "")
    if decided.request is None:
        reason = Parked.MAPPING_ERROR if _can_be_parked(decided) else Dropped.TOO_LARGE
        return NotSent(str(reason), decided.fault or "")
    call = part.planned
    key, warnings = (call.key, call.warnings) if isinstance(call, Call) else (None, ())
    if not decided.fits_a_message():
        warnings = (*warnings, NEVER_STORED)
    return Sent(decided.request, key, warnings)


def made_of_event(destination: Destination, event: Event) -> dict[str, Sent | NotSent]:
    """Say what comes of one event, by subscription, without those that do not take it.

    The event is taken alone, and its age is that at its `receivedAt`. An event without one is
    never too old.
    """
    came = unix_time(event.member("receivedAt")) or 0.0
    parts = Planner(destination, came).decisions(event)
    return {part.subscription: made_of_decision(part) for part in parts if part.subscription}


def _can_be_parked(delivery: Delivery) -> bool:
    letter = delivery.letter(Parked.MAPPING_ERROR, token=1, nonce="0" * 32)
    return not letter.for_parking(Parked.MAPPING_ERROR, delivery.fault or "").too_large
