"""Says whether a delivery may be claimed: the tables of docs/protocol.md as functions.

Ingest asks for an event that Segment has just sent, redrive for a message of the dead-letter queue.
The functions read neither the clock nor the ledger.
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

    TAKE = auto()  # claim the delivery, then call
    TAKE_CRASHED = auto()  # claim it; its claimant died, so the outcome of its call is unknown
    DELIVERED = auto()  # it is delivered: this one is a duplicate
    PARKED = auto()  # it is parked: this one is a duplicate
    QUEUED = auto()  # a message for it is in the dead-letter queue already
    CLAIMED = auto()  # another invocation holds the claim
    CONFLICT = auto()  # another event has this id, and was or may be delivered
    DOUBTFUL = auto()  # a call may have been made: the message is not discarded


def ingest(found: Record | None, content: str, now: float) -> Verdict:
    """Give ingest's verdict. `content`: the event's fingerprint. `now`: in Unix time, seconds."""
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
    """Give redrive's verdict. `header`: the message's. `now`: in Unix time, seconds."""
    # A message that an operator sent back replaces no other event, except a released one: a mended
    # event may have been parked since.
    sent_back = header.parked_token is not None
    if found is None:
        return Verdict.TAKE
    may_replace = found.state is State.RELEASED or not sent_back
    if may_replace and found.gives_way_to(header.content):
        return Verdict.TAKE
    if not ids.same_event(found.content, header.content):
        # The message is a parked event's, and a mended event has replaced it and was delivered.
        replaced = sent_back and header.parked_token == found.parked_token
        delivered = found.state is State.DELIVERED and replaced
        return Verdict.DELIVERED if delivered else Verdict.CONFLICT
    if found.state is State.CLAIMED:
        if header.nonce == found.nonce:
            # The message was sent under this claim. So its holder knew the outcome of its call, and
            # could not settle the claim.
            return Verdict.TAKE
        return Verdict.TAKE_CRASHED if found.lease_ran_out(now) else Verdict.CLAIMED
    if found.state is State.PARKED:
        return (
            Verdict.TAKE
            if sent_back and header.parked_token == found.parked_token
            else Verdict.PARKED
        )
    return Verdict.DELIVERED if found.state is State.DELIVERED else Verdict.TAKE


def discard(found: Record | None, header: Header, now: float) -> Verdict:
    """Say whether redrive may discard a message without a call: TAKE, or the verdict to go by.

    It may where it could call, and nobody can have called before.
    """
    verdict = redrive(found, header, now)
    if verdict is Verdict.TAKE_CRASHED:
        return Verdict.DOUBTFUL
    doubtful = found is not None and found.doubtful
    return Verdict.DOUBTFUL if verdict is Verdict.TAKE and doubtful else verdict
