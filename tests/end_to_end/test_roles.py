"""What each role allows is what its function was seen to do, no more and no less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.conftest import drain, rewards
from tests.template.test_permissions import AUTHORISED_AS, EVENT_SOURCE, MAY, STATEMENTS
from tools.sandbox import Fault, Kind, Sandbox
from tools.sandbox.build import build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Track = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    """A sandbox of its own: what other files do would count as seen."""
    build()
    with Sandbox() as box:
        yield box


def test_each_permission_is_used(box: Sandbox, track: Track, user: str) -> None:
    """Each function makes exactly the calls that its role allows.

    A batch of five users, whose claims share a call, is delivered and comes again. One event is
    parked by ingest, and one is tried and parked by redrive. The table once refuses to settle it
    and to clear the mark in one call.
    """
    lot = box.queue("ParkingLot")
    batch = [track(), *(track(userId=f"{user}-{number}") for number in range(4))]
    assert box.segment.send_batch(batch).body["delivered"] == 5
    assert box.segment.send_batch(batch).body["duplicate"] == 5
    box.rehook.answer(400, event="order")
    assert box.segment.send(track()).body["parked"] == 1
    refused = {"caller": "RedriveFunction", "operation": "BatchExecuteStatement"}
    box.aws.fault(Fault(kind=Kind.ANSWER, match=refused, status=500, times=2))
    box.rehook.answer(429, event="order", times=2)
    assert box.segment.send(track()).body["stored"] == 1
    box.rehook.answer(400, event="order")
    drain(box)
    assert len(lot.messages()) == 2
    assert rewards(box, user) == 1
    for role, function in (("IngestRole", "IngestFunction"), ("RedriveRole", "RedriveFunction")):
        called: set[str] = set()
        for operation in box.aws.operations(function):
            statements = STATEMENTS[role] if operation == "dynamodb:BatchExecuteStatement" else None
            called |= statements or AUTHORISED_AS.get(operation, {operation})
        assert called == set().union(*MAY[role].values()) - EVENT_SOURCE
