"""Changes that share a call: which ones may, their statements, and the answer to each."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from segment_rehook.aws import items
from segment_rehook.aws.dynamodb import DynamoLedger
from segment_rehook.aws.statements import shares, statement
from segment_rehook.aws.table import PAUSE_SECONDS, Table
from segment_rehook.delivery.ledger.record import Record, State, Swap
from segment_rehook.delivery.ports import Change, LedgerUnavailable
from tests.unit.aws.conftest import Stub
from tools.fakes.surroundings import FakeClock, FakeTelemetry

CLAIMED = Record(id="m1:track", state=State.CLAIMED, token=1, nonce="n1", content="c", expires_at=1)
DELIVERED = replace(CLAIMED, state=State.DELIVERED, nonce="n2", request_id="6df44043")
PARKED = replace(CLAIMED, state=State.PARKED, nonce="n2", reason="rejected", parked_token=1)
FIRST, SECOND = Change(CLAIMED, None), Change(replace(CLAIMED, id="m2:track"), None)
WON = Swap(won=True)


class World:
    """A ledger over a stubbed client."""

    def __init__(self) -> None:
        self.stub = Stub("dynamodb")
        self.clock = FakeClock()
        self.ledger = DynamoLedger(Table(self.stub.dynamodb, "ledger", self.clock, FakeTelemetry()))

    def answers(self, *answers: dict[str, Any]) -> None:
        """Set the answer of the next shared call: one for each statement."""
        self.stub.add_response("batch_execute_statement", {"Responses": list(answers)})


@pytest.fixture
def world() -> World:
    """Give a ledger whose client gives the answers that the test sets."""
    return World()


def failed(code: str, item: Any = None) -> dict[str, Any]:
    """Give the answer of a statement that failed. `item`: the record that it found, if any."""
    error = {"Code": code, "Message": "of key ann@example.com"}
    return {"Error": error | ({"Item": item} if item else {})}


def test_a_new_record_is_inserted() -> None:
    """The statement of a new record is an INSERT that names each attribute."""
    sent = statement("ledger", FIRST)

    names = list(items.record_item(CLAIMED))
    members = ", ".join(f"'{name}': ?" for name in names)
    assert sent["Statement"] == f'INSERT INTO "ledger" VALUE {{{members}}}'
    assert sent["Parameters"] == list(items.record_item(CLAIMED).values())
    assert sent["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


def test_a_record_is_updated_where_the_nonce_is_the_old_one() -> None:
    """An UPDATE sets every attribute but the key, and its condition names the old nonce."""
    sent = statement("ledger", Change(DELIVERED, CLAIMED))

    item = items.record_item(DELIVERED)
    key = item.pop("id")
    changes = " ".join(f'SET "{name}"=?' for name in item)
    assert sent["Statement"] == f'UPDATE "ledger" {changes} WHERE "id"=? AND "nonce"=?'
    assert sent["Parameters"] == [*item.values(), key, {"S": "n1"}]


def test_a_change_that_drops_an_attribute_goes_alone(world: World) -> None:
    """A change that drops an attribute is a PutItem, since an UPDATE would keep the attribute."""
    parked = replace(PARKED, id="m3:track")
    anew = Change(replace(parked, state=State.CLAIMED, nonce="n3", token=2, reason=None), parked)
    assert not shares(anew)
    world.answers({}, {})
    world.stub.add_response("put_item", {})

    assert world.ledger.swap([FIRST, anew, SECOND]) == [WON, WON, WON]
    world.stub.assert_no_pending_responses()


def test_an_insert_that_finds_an_unnamed_record_asks_with_a_put(world: World) -> None:
    """After `DuplicateItem` without an item, a PutItem is refused and returns the item."""
    other = replace(CLAIMED, nonce="other", token=4)
    world.answers({}, failed("DuplicateItem"))
    found_item = items.record_item(replace(other, id="m2:track"))
    world.stub.add_refusal("put_item", "ConditionalCheckFailedException", Item=found_item)

    found = Swap(won=False, found=replace(other, id="m2:track"))
    assert world.ledger.swap([FIRST, SECOND]) == [WON, found]
    world.stub.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["DuplicateItem", "ConditionalCheckFailed"])
def test_a_statement_that_finds_its_own_nonce_has_won(world: World, code: str) -> None:
    """If boto sent a call twice, the second one finds its own nonce: the change was made."""
    world.answers(failed(code, items.record_item(CLAIMED)), {})

    assert world.ledger.swap([FIRST, SECOND]) == [WON, WON]


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_throttled_statement_is_sent_once_more(world: World, code: str) -> None:
    """A throttled statement is sent once more after a pause, without those that succeeded."""
    world.answers({}, failed(code))
    world.stub.add_response(
        "batch_execute_statement",
        {"Responses": [{}]},
        {"Statements": [statement("ledger", SECOND)]},
    )
    before = world.clock.monotonic()

    assert world.ledger.swap([FIRST, SECOND]) == [WON, WON]
    assert world.clock.monotonic() == before + PAUSE_SECONDS
    world.stub.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["InternalServerError", "AccessDenied"])
def test_a_statement_that_fails_is_told_by_its_code_alone(world: World, code: str) -> None:
    """The error has the code and not the text, which may quote keys. Other changes have won."""
    world.answers({}, failed(code))
    if code == "InternalServerError":
        world.answers(failed(code))

    won, unknown = world.ledger.swap([FIRST, SECOND])

    assert won == WON
    assert isinstance(unknown, LedgerUnavailable)
    assert code in str(unknown)
    assert "ann" not in str(unknown)


def test_only_what_is_known_of_both_counts_as_settled_and_cleared(world: World) -> None:
    """An error of either statement, or of the call, leaves it to the caller to do both again.

    A mark with another name is no error: it is a later message's.
    """
    change = Change(DELIVERED, CLAIMED)
    conditional = failed("ConditionalCheckFailed")
    for answers, known in [
        (({}, {}), True),
        (({}, conditional), True),
        ((conditional, {}), False),
        ((failed("AccessDenied"), {}), False),
        (({}, failed("AccessDenied")), False),
    ]:
        world.answers(*answers)
        assert world.ledger.settle_and_clear(change, "ann", "x") is known
    world.stub.add_refusal("batch_execute_statement", "ThrottlingException")
    assert world.ledger.settle_and_clear(change, "ann", "x") is False
    world.stub.assert_no_pending_responses()


def test_a_shared_call_without_an_answer_leaves_all_unknown(world: World) -> None:
    """If a shared call gets no answer, it is unknown for each change whether it was made."""
    world.stub.add_refusal("batch_execute_statement", "ThrottlingException")

    answers = world.ledger.swap([FIRST, SECOND])

    assert [type(each) for each in answers] == [LedgerUnavailable] * 2
