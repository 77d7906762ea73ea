"""What follows a call, and what follows a claim under which none may be made.

These functions are the table in docs/protocol.md, "What follows a call". They take and return
values only. Ingest and redrive both ask them what is to be done, and each does it in its own way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from segment_rehook.delivery.outcomes import Parked, Stored
from segment_rehook.rehook.reply import REPEATABLE, ReplyClass

if TYPE_CHECKING:
    from segment_rehook.rehook.reply import Reply


@dataclass(frozen=True, slots=True)
class Settle:
    """Rehook has the event: settle the claim as delivered. `request_id`: Rehook's id for it."""

    request_id: str | None


@dataclass(frozen=True, slots=True)
class Retry:
    """The delivery is tried again later. It waits in the dead-letter queue for this reason.

    `undelivered`: whether it is known that Rehook has not acted on it. If that is not known and no
    message can be sent, the claim is left to run out.
    """

    reason: Stored
    undelivered: bool = True


@dataclass(frozen=True, slots=True)
class Park:
    """The delivery is given up and waits for an operator.

    `detail`: Rehook's text or ours, for a person. `undelivered`: as in `Retry`.
    """

    reason: Parked
    detail: str = ""
    undelivered: bool = True


Consequence = Settle | Retry | Park

WAITS_AS: Final = {
    ReplyClass.THROTTLED: Stored.THROTTLED,
    ReplyClass.UNAVAILABLE: Stored.UNAVAILABLE,
    ReplyClass.UNREACHABLE: Stored.UNREACHABLE,
    ReplyClass.CREDENTIALS: Stored.CREDENTIALS,
    ReplyClass.UNKNOWN: Stored.UNKNOWN,
}


def after_call(
    reply: Reply, action: str, *, park_unknown: bool, last_try: bool = False
) -> Consequence:
    """Say what follows a call.

    `park_unknown`: the operator's policy for unknown outcomes of calls that may not be repeated.
    `last_try`: the message is so old that redrive makes no further try.
    """
    unknown = reply.kind is ReplyClass.UNKNOWN
    if reply.kind is ReplyClass.DELIVERED:
        return Settle(reply.request_id)
    if reply.kind is ReplyClass.REJECTED:
        return Park(Parked.REJECTED, reply.said)
    if unknown and not repeats(action, park_unknown=park_unknown):
        return Park(Parked.OUTCOME_UNKNOWN, reply.said, undelivered=False)
    if last_try:
        return Park(Parked.GAVE_UP, f"last try: {reply.kind}")
    return Retry(WAITS_AS[reply.kind], undelivered=not unknown)


def after_crash(action: str, *, park_unknown: bool) -> Park | None:
    """Say what follows if a claimant has died, perhaps after its call. None: call again."""
    if repeats(action, park_unknown=park_unknown):
        return None
    return Park(Parked.OUTCOME_UNKNOWN, "claimant died", undelivered=False)


def repeats(action: str, *, park_unknown: bool) -> bool:
    """Whether a call of this action is made again when its outcome is unknown."""
    return action in REPEATABLE or not park_unknown


def leaves_doubt(reply: Reply, action: str) -> bool:
    """Whether Rehook may have acted on a call that does harm if it is made twice."""
    return reply.kind is ReplyClass.UNKNOWN and action not in REPEATABLE
