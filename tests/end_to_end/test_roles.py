"""What each role allows is what its function was seen to do, no more and no less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.conftest import drain, rewards
from tests.template.test_permissions import EVENT_SOURCE, MAY
from tools.sandbox import Sandbox
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

    One event is delivered and comes again, one is parked by ingest, and one is tried and parked by
    redrive.
    """
    lot = box.queue("ParkingLot")
    event = track()
    assert box.segment.send(event).body["delivered"] == 1
    assert box.segment.send(event).body["duplicate"] == 1
    box.rehook.answer(400, event="order")
    assert box.segment.send(track()).body["parked"] == 1
    box.rehook.answer(429, event="order", times=2)
    assert box.segment.send(track()).body["stored"] == 1
    box.rehook.answer(400, event="order")
    drain(box)
    assert len(lot.messages()) == 2
    assert rewards(box, user) == 1
    for role, function in (("IngestRole", "IngestFunction"), ("RedriveRole", "RedriveFunction")):
        called = {_authorised_as(operation) for operation in box.aws.operations(function)}
        assert called == set().union(*MAY[role].values()) - EVENT_SOURCE


def _authorised_as(operation: str) -> str:
    # SQS's batches are authorised as single calls; DynamoDB's are actions of their own.
    return operation.removesuffix("Batch") if operation.startswith("sqs:") else operation
