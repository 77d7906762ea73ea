"""The protocol's table, row by row: what a record that is found allows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from segment_rehook.delivery.ledger.claim_rules import Verdict, ingest, redrive
from segment_rehook.delivery.ledger.record import CLOCK_MARGIN, Record, State
from segment_rehook.delivery.queues.message import Header

NOW = 1_800_000_000.0
FOUND = Record(
    id="m1:track",
    state=State.CLAIMED,
    token=3,
    nonce="claim",
    content="same",
    expires_at=0,
    lease=NOW + 10,
)
HEADER = Header(delivery="m1:track", user="u", content="same", reason="unavailable")
RELEASED = structs.replace(FOUND, state=State.RELEASED, lease=0.0)
QUEUED = structs.replace(FOUND, state=State.QUEUED, in_queue=True, lease=0.0)
DELIVERED = structs.replace(FOUND, state=State.DELIVERED, lease=0.0)
PARKED = structs.replace(FOUND, state=State.PARKED, parked_token=3, lease=0.0)
DOUBTFUL = structs.replace(PARKED, doubtful=True)
RAN_OUT = structs.replace(FOUND, lease=NOW - CLOCK_MARGIN - 0.1)
WITHIN_MARGIN = structs.replace(FOUND, lease=NOW - CLOCK_MARGIN + 0.1)


@pytest.mark.parametrize(
    ("found", "content", "verdict"),
    [
        pytest.param(None, "same", Verdict.TAKE, id="absent"),
        pytest.param(RELEASED, "same", Verdict.TAKE, id="released"),
        pytest.param(RELEASED, "other", Verdict.TAKE, id="released, and another event comes"),
        pytest.param(FOUND, "same", Verdict.CLAIMED, id="claimed"),
        pytest.param(WITHIN_MARGIN, "same", Verdict.CLAIMED, id="run out by less than the margin"),
        pytest.param(RAN_OUT, "same", Verdict.TAKE_CRASHED, id="run out"),
        pytest.param(
            structs.replace(FOUND, in_queue=True), "same", Verdict.QUEUED, id="redrive is at it"
        ),
        pytest.param(
            structs.replace(RAN_OUT, in_queue=True),
            "same",
            Verdict.TAKE_CRASHED,
            id="redrive died at it",
        ),
        pytest.param(QUEUED, "same", Verdict.QUEUED, id="queued"),
        pytest.param(DELIVERED, "same", Verdict.DELIVERED, id="delivered"),
        pytest.param(PARKED, "same", Verdict.PARKED, id="parked"),
        pytest.param(FOUND, "other", Verdict.CONFLICT, id="claimed by another event"),
        pytest.param(RAN_OUT, "other", Verdict.CONFLICT, id="another event's, run out"),
        pytest.param(QUEUED, "other", Verdict.CONFLICT, id="another event queued"),
        pytest.param(DELIVERED, "other", Verdict.CONFLICT, id="another event delivered"),
        pytest.param(PARKED, "other", Verdict.TAKE, id="another event parked, never delivered"),
        pytest.param(DOUBTFUL, "other", Verdict.CONFLICT, id="another one parked, in doubt"),
        pytest.param(
            structs.replace(DOUBTFUL, state=State.RELEASED),
            "other",
            Verdict.CONFLICT,
            id="another one released, in doubt",
        ),
        pytest.param(
            structs.replace(RELEASED, doubtful=True), "same", Verdict.TAKE, id="released, in doubt"
        ),
        pytest.param(PARKED, "same.payload", Verdict.TAKE, id="the same event's other payload"),
        pytest.param(DOUBTFUL, "same.payload", Verdict.PARKED, id="the same event's, in doubt"),
        pytest.param(DELIVERED, "same.payload", Verdict.DELIVERED, id="the same event, delivered"),
        pytest.param(QUEUED, "same.payload", Verdict.QUEUED, id="the same event, queued"),
    ],
)
def test_what_ingest_may_do(found: Record | None, content: str, verdict: Verdict) -> None:
    """Ingest does with a record that is found what its column of the protocol's table says."""
    assert ingest(found, content, NOW) is verdict


@pytest.mark.parametrize(
    ("found", "header", "verdict"),
    [
        pytest.param(None, HEADER, Verdict.TAKE, id="absent"),
        pytest.param(RELEASED, HEADER, Verdict.TAKE, id="released"),
        pytest.param(FOUND, HEADER, Verdict.CLAIMED, id="claimed"),
        pytest.param(WITHIN_MARGIN, HEADER, Verdict.CLAIMED, id="run out by less than the margin"),
        pytest.param(RAN_OUT, HEADER, Verdict.TAKE_CRASHED, id="run out"),
        pytest.param(
            FOUND, replace(HEADER, nonce="claim", token=3), Verdict.TAKE, id="sent under this claim"
        ),
        pytest.param(
            FOUND, replace(HEADER, nonce="", token=3), Verdict.CLAIMED, id="only the token is alike"
        ),
        pytest.param(
            FOUND, replace(HEADER, nonce="older", token=2), Verdict.CLAIMED, id="an older claim's"
        ),
        pytest.param(
            RAN_OUT, replace(HEADER, nonce="older"), Verdict.TAKE_CRASHED, id="older, and run out"
        ),
        pytest.param(QUEUED, HEADER, Verdict.TAKE, id="queued"),
        pytest.param(DELIVERED, HEADER, Verdict.DELIVERED, id="delivered"),
        pytest.param(PARKED, HEADER, Verdict.PARKED, id="a stale copy of something parked"),
        pytest.param(
            PARKED, replace(HEADER, parked_token=3), Verdict.TAKE, id="an operator redrove it"
        ),
        pytest.param(
            PARKED, replace(HEADER, parked_token=2), Verdict.PARKED, id="parked anew since"
        ),
        pytest.param(
            structs.replace(PARKED, parked_token=None),
            HEADER,
            Verdict.PARKED,
            id="no epoch opens no parked one",
        ),
        pytest.param(FOUND, replace(HEADER, content="other"), Verdict.CONFLICT, id="conflict"),
        pytest.param(
            DELIVERED, replace(HEADER, content="other"), Verdict.CONFLICT, id="other delivered"
        ),
        pytest.param(
            PARKED,
            replace(HEADER, content="other", parked_token=3),
            Verdict.CONFLICT,
            id="another event's epoch",
        ),
        pytest.param(
            PARKED, replace(HEADER, content="other"), Verdict.TAKE, id="a mended one was stored"
        ),
        pytest.param(
            DOUBTFUL, replace(HEADER, content="other"), Verdict.CONFLICT, id="mended, in doubt"
        ),
        pytest.param(
            structs.replace(DELIVERED, parked_token=3),
            replace(HEADER, content="other", parked_token=3),
            Verdict.DELIVERED,
            id="replaced by a mended one, which was delivered",
        ),
        pytest.param(
            structs.replace(DELIVERED, parked_token=3),
            replace(HEADER, content="other", parked_token=2),
            Verdict.CONFLICT,
            id="another one's epoch, delivered",
        ),
        pytest.param(
            RELEASED,
            replace(HEADER, content="other", parked_token=3),
            Verdict.TAKE,
            id="replaced by one that Segment did not bring again",
        ),
        pytest.param(
            PARKED, replace(HEADER, content="same.payload"), Verdict.TAKE, id="the other payload"
        ),
        pytest.param(
            PARKED,
            replace(HEADER, content="same.payload", parked_token=2),
            Verdict.PARKED,
            id="an older payload, sent back",
        ),
    ],
)
def test_what_redrive_may_do(found: Record | None, header: Header, verdict: Verdict) -> None:
    """Redrive does with a record that is found what its column of the protocol's table says."""
    assert redrive(found, header, NOW) is verdict
