"""What becomes of DynamoDB's refusals, half answers and silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.parsers import ResponseParserError
from botocore.stub import Stubber

from segment_rehook.aws import items
from segment_rehook.aws.dynamodb import DynamoBreakerStore, DynamoLedger, DynamoUserMarks
from segment_rehook.aws.table import ROUNDS, Table
from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.delivery.pacing.breaker_record import BreakerRecord
from segment_rehook.delivery.ports import LedgerUnavailable
from tests.contract.ledgers import swap
from tools.fakes.surroundings import FakeClock

RECORD = Record(
    id="m1:identify", state=State.CLAIMED, token=1, nonce="n1", content="c", expires_at=1
)
BREAKER = BreakerRecord(nonce="n1", open_until=1.0)


class World:
    """The three stores over one stubbed client."""

    def __init__(self, session: boto3.Session) -> None:
        self.client = session.client("dynamodb")
        self.stub = Stubber(self.client)
        self.stub.activate()
        self.clock = FakeClock()
        table = Table(self.client, "ledger", self.clock)
        self.ledger = DynamoLedger(table)
        self.marks = DynamoUserMarks(table, self.clock, keep=60)
        self.breaker = DynamoBreakerStore(table)


CALLS: dict[str, tuple[str, Callable[[World], object]]] = {
    "ledger.swap": ("put_item", lambda world: swap(world.ledger, RECORD, None)),
    "marks.read": ("batch_get_item", lambda world: world.marks.read(["ann"])),
    "marks.put": ("batch_write_item", lambda world: world.marks.put({"ann": "m1:identify"})),
    "marks.clear": ("delete_item", lambda world: world.marks.clear("ann", "m1:identify")),
    "breaker.read": ("batch_get_item", lambda world: world.breaker.read()),
    "breaker.swap": ("put_item", lambda world: world.breaker.swap(BREAKER, None)),
}


@pytest.fixture
def world(session: boto3.Session) -> World:
    """Stores whose client answers what the test says."""
    return World(session)


@pytest.mark.parametrize("name", CALLS)
def test_a_refusal_names_its_code_and_nothing_else(world: World, name: str) -> None:
    """AWS's message may quote keys and values; its code cannot."""
    method, call = CALLS[name]
    world.stub.add_client_error(method, "ThrottlingException", "of key ann@example.com")

    with pytest.raises(LedgerUnavailable, match="ThrottlingException") as caught:
        call(world)

    assert "ann" not in str(caught.value)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "error",
    [ReadTimeoutError(endpoint_url="https://example.com"), ResponseParserError("<html>")],
    ids=["silence", "garbage"],
)
def test_no_clear_answer_is_ledger_unavailable(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, error: Exception
) -> None:
    """The write may have landed; the caller must know that it does not know."""
    method, call = CALLS[name]

    def silent(**_arguments: object) -> None:
        raise error

    monkeypatch.setattr(world.client, method, silent)
    with pytest.raises(LedgerUnavailable, match=type(error).__name__):
        call(world)


@pytest.mark.parametrize("name", CALLS)
def test_a_defect_is_not_taken_for_an_outage(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Otherwise every event would be stored for ever and nobody would know why."""
    method, call = CALLS[name]

    def broken(**_arguments: object) -> None:
        raise AttributeError

    monkeypatch.setattr(world.client, method, broken)
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
    for _ in range(ROUNDS):
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

    for _ in range(ROUNDS):
        world.stub.add_response("batch_write_item", {"UnprocessedItems": left})
    with pytest.raises(LedgerUnavailable, match="unprocessed"):
        world.marks.put({"ann": "m1:identify"})


@pytest.mark.parametrize("change", [{"state": {"S": "on the moon"}}, {"token": {"S": "x"}}])
def test_an_item_of_another_version_is_an_outage(world: World, change: dict[str, Any]) -> None:
    """What is not understood is not judged: the event is stored, and the text names the matter."""
    item = {**items.record_item(RECORD), **change, "nonce": {"S": "n2"}}
    world.stub.add_client_error(
        "put_item", "ConditionalCheckFailedException", modeled_fields={"Item": item}
    )

    with pytest.raises(LedgerUnavailable, match="item"):
        swap(world.ledger, RECORD, None)


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
