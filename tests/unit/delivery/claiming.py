"""Claims and calls of one environment of ingest, for tests of claims or of calls alone."""

from __future__ import annotations

from collections.abc import Callable

from segment_rehook.delivery.caller import Caller
from segment_rehook.delivery.ingest.request import Ingest
from segment_rehook.delivery.ledger import claim_rules
from segment_rehook.delivery.ledger.claims import Claim, Claims, Wanted
from segment_rehook.delivery.ledger.record import Record
from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import Reply
from tests.unit.delivery.world import World

REQUEST = Request("POST", "/events/invoke", b"{}")
PLENTY = 100.0


def claims_of(world: World) -> Claims:
    """Make the claims of another environment."""
    return world.ingest().webhook.ingest.claims


def claim(claims: Claims, *, content: str = "c") -> Claim:
    """Claim a delivery as ingest does."""
    return claims.claim(wanted(claims, content=content))


def wanted(claims: Claims, delivery: str = "m1:track", content: str = "c") -> Wanted:
    """Give what ingest asks the ledger for."""
    return Wanted(
        delivery, content, lambda found: claim_rules.ingest(found, content, claims.clock.now())
    )


def claimed(claims: Claims) -> Record:
    """Win a claim."""
    mine = claim(claims).mine
    assert mine is not None
    return mine


def ready(world: World) -> tuple[Ingest, Record]:
    """Make an environment that has won a claim."""
    ingest = world.ingest().webhook.ingest
    return ingest, claimed(ingest.claims)


def call(caller: Caller, mine: Record, left: Callable[[], float] = lambda: PLENTY) -> Reply:
    """Call Rehook under a claim."""
    with caller.breaker.permit() as permit:
        return caller.call(permit, mine, REQUEST, "trackEvent", left).reply
