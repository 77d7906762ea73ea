"""Dead letters of before the cut-over: the hosted destination has had them (docs/cut-over.md).

Such a message is discarded by one write, which releases the delivery. There is no claim in between
that a function that dies could leave: it would count as a dead claimant's, which may have called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from segment_rehook.delivery.ledger import claim_rules
from segment_rehook.delivery.ledger.claim_rules import Verdict
from segment_rehook.delivery.ledger.claims import Wanted
from segment_rehook.delivery.outcomes import Dropped, Outcome, Result
from segment_rehook.delivery.queues.origin import origin_of

if TYPE_CHECKING:
    from segment_rehook.delivery.ledger.claims import Claim, Claims
    from segment_rehook.delivery.queues.message import Header
    from segment_rehook.delivery.queues.transport import Received
    from segment_rehook.delivery.stack_parameters import Instructions

DISCARDED: Final = Result(Outcome.DROPPED, Dropped.BEFORE_CUTOVER)


def discard(
    claims: Claims, header: Header, message: Received, instructions: Instructions
) -> Claim | None:
    """Release the delivery of a message of before the cut-over, if nobody can have called.

    Gives the answer of the ledger. None: the message is of later, or a call may have been made; it
    is to be delivered as usual. Raises ClaimUnknown.
    """
    if not _is_before(header, message, instructions):
        return None
    claim = claims.claim(
        Wanted(
            header.delivery,
            header.content,
            lambda found: claim_rules.discard(found, header, claims.clock.now()),
            released_as=Dropped.BEFORE_CUTOVER,
        )
    )
    return None if claim.verdict is Verdict.DOUBTFUL else claim


def _is_before(header: Header, message: Received, instructions: Instructions) -> bool:
    # An operator who sent a parked message back has decided about it.
    if header.parked_token is not None or not instructions.discards(float("-inf")):
        return False
    received = origin_of(message.body).received
    return instructions.discards(message.sent_at if received is None else received)
