"""Where an event stands: what its deliveries' records and the mapping say together.

The webhook's own rules decide: `planner` what the mapping makes of the event, and `claim_rules`
what follows from a record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from segment_rehook.delivery import ids
from segment_rehook.delivery.delivery import Delivery
from segment_rehook.delivery.ingest.planner import Decision
from segment_rehook.delivery.ledger.claim_rules import Verdict, ingest
from segment_rehook.delivery.ledger.record import Record
from segment_rehook.delivery.outcomes import Dropped, Result

__all__ = ["EventStanding", "Stood", "deliveries_of", "stood"]


class EventStanding(StrEnum):
    """Where an event stands. Of its deliveries, the first one in this order counts.

    NEW: the ledger has no record, or one under which it may be delivered. BEYOND_LEDGER: it has
    none, and could have forgotten it. CONFLICT: the ledger knows another event under this id.
    PARKED, WAITING, CLAIMED, DELIVERED: as its record says. GONE: the record says that it is
    parked, and the parking lot does not have it. DROPPED: a rule says that it is not delivered.
    IGNORED: no subscription takes it. REPEATED: an earlier event of the archive is the same.
    """

    NEW = "new"
    BEYOND_LEDGER = "beyond_ledger"
    CONFLICT = "conflict"
    GONE = "gone"
    PARKED = "parked"
    WAITING = "waiting"
    CLAIMED = "claimed"
    DELIVERED = "delivered"
    DROPPED = "dropped"
    IGNORED = "ignored"
    REPEATED = "repeated"


_ORDER = tuple(EventStanding)
_OF_VERDICT = {
    Verdict.DELIVERED: EventStanding.DELIVERED,
    Verdict.PARKED: EventStanding.PARKED,
    Verdict.QUEUED: EventStanding.WAITING,
    Verdict.CLAIMED: EventStanding.CLAIMED,
    Verdict.CONFLICT: EventStanding.CONFLICT,
}


class Stood(msgspec.Struct, frozen=True):
    """Where an event stands. `why`: for each part that is dropped, its subscription and reason.

    `by_business_key`: each of its deliveries that is settled has a business key.
    """

    standing: EventStanding
    why: tuple[tuple[str, str], ...] = ()
    by_business_key: bool = False


def deliveries_of(parts: Sequence[Decision]) -> list[Delivery]:
    """Give the deliveries that the planner has decided on."""
    return [each.decided for each in parts if isinstance(each.decided, Delivery)]


def stood(
    parts: Sequence[Decision], records: Mapping[str, Record], now: float, *, forgotten: bool
) -> Stood:
    """Say where an event stands. `parts`: its plan. `records`: by the deliveries' ids.

    `forgotten`: the event is so old that its record may have expired. `now`: seconds since 1970.
    """
    why = tuple(
        (each.subscription or "", each.decided.reason or "")
        for each in parts
        if isinstance(each.decided, Result)
    )
    found = [
        _of_delivery(each, records.get(each.id), now, forgotten=forgotten)
        for each in deliveries_of(parts)
    ]
    if not found:
        standing = EventStanding.DROPPED if parts else EventStanding.IGNORED
        if why and all(reason == Dropped.ID_CONFLICT for _, reason in why):
            standing = EventStanding.CONFLICT
        return Stood(standing, why)
    return Stood(
        min(found, key=_ORDER.index),
        why,
        by_business_key=all(ids.has_business_key(each.id) for each in deliveries_of(parts)),
    )


def _of_delivery(
    delivery: Delivery, record: Record | None, now: float, *, forgotten: bool
) -> EventStanding:
    if record is None and forgotten:
        return EventStanding.BEYOND_LEDGER
    return _OF_VERDICT.get(ingest(record, delivery.content, now), EventStanding.NEW)
