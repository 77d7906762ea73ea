"""What to do with a delivery whose record is already there: the protocol's table, as a function.

Two callers meet records: ingest with an event that Segment just sent, redrive with a message from
the dead-letter queue. Neither reads the clock or the ledger here.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from segment_rehook.delivery import ids
from segment_rehook.delivery.ledger.record import Record, State

if TYPE_CHECKING:
    from segment_rehook.delivery.queues.message import Header


class Verdict(Enum):
    """What the record that was found allows."""

    TAKE = auto()  # claim it, then call
    TAKE_CRASHED = auto()  # claim it; a claimant died: what came of its call is not known
    DELIVERED = auto()  # a duplicate
    PARKED = auto()  # a duplicate of something given up
    QUEUED = auto()  # a message for it rests in the queue already
    CLAIMED = auto()  # somebody is at it: a copy in the queue is harmless
    CONFLICT = auto()  # the same id, another event, which was or may be delivered


def ingest(found: Record | None, content: str, now: float) -> Verdict:
    """Ingest's column of the table. `now` in seconds since the epoch."""
    if found is None or found.gives_way_to(content):
        return Verdict.TAKE
    if not ids.same_event(found.content, content):
        return Verdict.CONFLICT
    if found.state is State.CLAIMED:
        if found.lease_ran_out(now):
            return Verdict.TAKE_CRASHED
        return Verdict.QUEUED if found.in_queue else Verdict.CLAIMED
    return {
        State.RELEASED: Verdict.TAKE,
        State.DELIVERED: Verdict.DELIVERED,
        State.PARKED: Verdict.PARKED,
        State.QUEUED: Verdict.QUEUED,
    }[found.state]


def redrive(found: Record | None, header: Header, now: float) -> Verdict:
    """Redrive's column of the table. `now` in seconds since the epoch."""
    # What an operator sends back takes nobody's place: a mended event may have been parked since.
    sent_back = header.parked_token is not None
    if found is None:
        return Verdict.TAKE
    may_replace = found.state is State.RELEASED or not sent_back
    if may_replace and found.gives_way_to(header.content):
        return Verdict.TAKE
    if not ids.same_event(found.content, header.content):
        # A parked event, sent back after a mended one took its place and was delivered.
        replaced = sent_back and header.parked_token == found.parked_token
        delivered = found.state is State.DELIVERED and replaced
        return Verdict.DELIVERED if delivered else Verdict.CONFLICT
    if found.state is State.CLAIMED:
        if header.nonce == found.nonce:
            # The very claim under which this was sent: its holder knew the outcome when it sent
            # the message, and died before it could say so.
            return Verdict.TAKE
        return Verdict.TAKE_CRASHED if found.lease_ran_out(now) else Verdict.CLAIMED
    if found.state is State.PARKED:
        return (
            Verdict.TAKE
            if sent_back and header.parked_token == found.parked_token
            else Verdict.PARKED
        )
    return Verdict.DELIVERED if found.state is State.DELIVERED else Verdict.TAKE
