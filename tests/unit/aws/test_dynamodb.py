"""What becomes of DynamoDB's refusals, half answers and silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from segment_rehook.aws import items
from segment_rehook.aws.dynamodb import DynamoBreakerStore, DynamoLedger, DynamoUserMarks
from segment_rehook.aws.errors import AwsError
from segment_rehook.aws.table import MAX_ROUNDS, Table
from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.delivery.pacing.breaker_record import BreakerRecord
from segment_rehook.delivery.ports import LedgerUnavailable
from tests.contract.ledgers import swap
from tests.unit.aws.conftest import Stub
from tools.fakes.surroundings import FakeClock, FakeTelemetry

RECORD = Record(
    id="m1:identify", state=State.CLAIMED, token=1, nonce="n1", content="c", expires_at=1
)
BREAKER = BreakerRecord(nonce="n1", open_until=1.0)


class World:
    """The three stores over one stubbed client."""

    def __init__(self) -> None:
        self.stub = Stub("dynamodb")
        self.clock = FakeClock()
        self.telemetry = FakeTelemetry()
        table = Table(self.stub.dynamodb, "ledger", self.clock, self.telemetry)
        self.ledger = DynamoLedger(table)
        self.marks = DynamoUserMarks(table, self.clock, keep=60)
        self.breaker = DynamoBreakerStore(table)


CALLS: dict[str, tuple[str, Callable[[World], object]]] = {
    "ledger.swap": ("put_item", lambda world: swap(world.ledger, RECORD, None)),
    "ledger.take_queued": ("update_item", lambda world: world.ledger.take_queued(RECORD)),
    "marks.read": ("batch_get_item", lambda world: world.marks.read(["ann"])),
    "marks.put": ("batch_write_item", lambda world: world.marks.put({"ann": "m1:identify"})),
    "marks.clear": ("delete_item", lambda world: world.marks.clear("ann", "m1:identify")),
    "breaker.read": ("batch_get_item", lambda world: world.breaker.read()),
    "breaker.swap": ("put_item", lambda world: world.breaker.swap(BREAKER, None)),
}


@pytest.fixture
def world() -> World:
    """Stores whose client answers what the test says."""
    return World()


@pytest.mark.parametrize("name", CALLS)
def test_a_refusal_names_its_code_and_nothing_else(world: World, name: str) -> None:
    """AWS's message may quote keys and values; its code cannot."""
    method, call = CALLS[name]
    world.stub.add_refusal(method, "ThrottlingException")

    with pytest.raises(LedgerUnavailable, match="ThrottlingException") as caught:
        call(world)

    assert "ann" not in str(caught.value)


@pytest.mark.parametrize("name", CALLS)
def test_no_clear_answer_is_ledger_unavailable(world: World, name: str) -> None:
    """A write that got no answer may have landed: the caller must know that it does not know."""
    method, call = CALLS[name]
    world.stub.add_error(method, AwsError("answer_timeout", transient=True))

    with pytest.raises(LedgerUnavailable, match="answer_timeout"):
        call(world)


@pytest.mark.parametrize("name", CALLS)
def test_a_defect_is_not_taken_for_an_outage(world: World, name: str) -> None:
    """An error of another kind passes: else every event would be stored, and nobody knew why."""
    method, call = CALLS[name]
    world.stub.add_error(method, AttributeError("a defect"))

    with pytest.raises(AttributeError):
        call(world)


def _read_answer(left: list[str]) -> dict[str, Any]:
    keys = [{"id": {"S": items.USER + user}} for user in left]
    found = items.mark_item("ann", "m1:identify", 0)
    return {
        "Responses": {"ledger": [] if "ann" in left else [found]},
        "UnprocessedKeys": {"ledger": {"Keys": keys}} if keys else {},
    }


def test_unprocessed_keys_are_asked_for_again(world: World) -> None:
    """After a pause, and only those."""
    first = _read_answer(["bob"])
    world.stub.add_response("batch_get_item", first)
    second = {"Responses": {"ledger": [items.mark_item("bob", "m2:track", 0)]}}
    world.stub.add_response("batch_get_item", second, {"RequestItems": first["UnprocessedKeys"]})
    before = world.clock.monotonic()

    assert world.marks.read(["ann", "bob"]) == {"ann": "m1:identify", "bob": "m2:track"}

    assert world.clock.monotonic() > before
    world.stub.assert_no_pending_responses()


def test_keys_that_stay_unprocessed_are_an_outage(world: World) -> None:
    """A user whose mark could not be read may have dead letters waiting."""
    for _ in range(MAX_ROUNDS):
        world.stub.add_response("batch_get_item", _read_answer(["ann"]))

    with pytest.raises(LedgerUnavailable, match="unprocessed"):
        world.marks.read(["ann"])

    world.stub.assert_no_pending_responses()


def test_unprocessed_marks_are_put_again(world: World) -> None:
    """And an outage if they stay so."""
    left = {"ledger": [{"PutRequest": {"Item": items.mark_item("ann", "m1:identify", 0)}}]}
    world.stub.add_response("batch_write_item", {"UnprocessedItems": left})
    world.stub.add_response("batch_write_item", {"UnprocessedItems": {}}, {"RequestItems": left})
    world.marks.put({"ann": "m1:identify"})
    world.stub.assert_no_pending_responses()

    for _ in range(MAX_ROUNDS):
        world.stub.add_response("batch_write_item", {"UnprocessedItems": left})
    with pytest.raises(LedgerUnavailable, match="unprocessed"):
        world.marks.put({"ann": "m1:identify"})


@pytest.mark.parametrize("change", [{"state": {"S": "on the moon"}}, {"token": {"S": "x"}}])
def test_an_item_of_another_version_is_an_outage(world: World, change: dict[str, Any]) -> None:
    """What is not understood is not judged: the event is stored, and the text names the matter."""
    item = {**items.record_item(RECORD), **change, "nonce": {"S": "n2"}}
    world.stub.add_refusal("put_item", "ConditionalCheckFailedException", Item=item)

    with pytest.raises(LedgerUnavailable, match="item"):
        swap(world.ledger, RECORD, None)

    world.stub.add_refusal("update_item", "ConditionalCheckFailedException", Item=item)
    with pytest.raises(LedgerUnavailable, match="item"):
        world.ledger.take_queued(RECORD)


def test_a_breaker_of_another_version_is_an_outage(world: World) -> None:
    """As with deliveries."""
    item = {"id": {"S": items.BREAKER_KEY}, "nonce": {"S": "n1"}}
    world.stub.add_response("batch_get_item", {"Responses": {"ledger": [item]}})

    with pytest.raises(LedgerUnavailable, match="open_until"):
        world.breaker.read()


def test_marks_expire(world: World) -> None:
    """So that a user who is never heard of again leaves nothing behind."""
    expected = items.mark_item("ann", "m1:identify", int(world.clock.now()) + 60)
    world.stub.add_response(
        "batch_write_item",
        {"UnprocessedItems": {}},
        {"RequestItems": {"ledger": [{"PutRequest": {"Item": expected}}]}},
    )

    world.marks.put({"ann": "m1:identify"})
    world.stub.assert_no_pending_responses()


def test_a_failure_is_logged_with_awss_code_once(world: World) -> None:
    """The log names the operation and AWS's error code, and not once for each delivery."""
    codes = ["AccessDeniedException", "ProvisionedThroughputExceededException"]
    for code in (codes[0], *codes):
        world.stub.add_refusal("put_item", code)
        with pytest.raises(LedgerUnavailable):
            swap(world.ledger, RECORD, None)

    assert world.telemetry.warnings == [
        ("DynamoDB failed", {"operation": "PutItem", "code": code}) for code in codes
    ]
