"""The crash test reads the product's own statements."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from segment_rehook.aws.statements import statement
from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.delivery.ports import Change
from tools.faults.relay import RelayedRequest
from tools.faults.trace import Write, classify

CLAIMED = Record(id="m1:track", state=State.CLAIMED, token=1, nonce="n1", content="c", expires_at=1)


def sent(*changes: Change) -> RelayedRequest:
    """Give the request that makes these changes together."""
    body: dict[str, Any] = {"Statements": [statement("ledger", each) for each in changes]}
    headers = {"x-amz-target": "DynamoDB_20120810.BatchExecuteStatement"}
    return RelayedRequest("POST", "/", headers, json.dumps(body).encode(), (0, 0))


def test_the_products_claims_are_read() -> None:
    """A new record, and one in the place of another, are claims with their delivery and nonce."""
    again = Change(replace(CLAIMED, id="m2:track", nonce="n3", token=2), CLAIMED)
    classified = classify(sent(Change(CLAIMED, None), again))

    assert classified.step == "shared claim"
    assert classified.writes == (
        Write("claim", ("m1:track",), "n1"),
        Write("claim", ("m2:track",), "n3"),
    )


def test_the_products_settlements_are_read() -> None:
    """Each settlement is named by the state that it writes, with the new nonce."""
    delivered = replace(CLAIMED, state=State.DELIVERED, nonce="n2", request_id="r")
    parked = replace(CLAIMED, state=State.PARKED, nonce="n3", reason="rejected", parked_token=1)
    classified = classify(sent(Change(delivered, CLAIMED), Change(parked, CLAIMED)))

    assert classified.step == "shared settle"
    assert classified.writes == (
        Write("settle delivered", ("m1:track",), "n2"),
        Write("settle parked", ("m1:track",), "n3"),
    )
