"""Tests of reading the ledger: in portions, and again where DynamoDB left a part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from segment_rehook.aws.items import mark_item, record_item
from segment_rehook.delivery.ledger.record import State
from segment_rehook_cli.stack.aws_errors import StackUnusable
from segment_rehook_cli.why.ledger_records import LedgerRecords
from tests.unit.cli.log_lines import NOW
from tests.unit.cli.test_conclusion import record
from tools.fakes.surroundings import FakeClock


class FakeTable:
    """A client of DynamoDB with some items. It processes so many keys of a call at most."""

    def __init__(self, items: Sequence[Mapping[str, Any]], *, at_once: int = 100) -> None:
        self.items = {each["id"]["S"]: each for each in items}
        self.at_once = at_once
        self.calls: list[int] = []

    def batch_get_item(self, **asked: Any) -> Mapping[str, Any]:
        """Give what is there of the first keys, and the others back."""
        keys = asked["RequestItems"]["ledger"]["Keys"]
        self.calls.append(len(keys))
        done, rest = keys[: self.at_once], keys[self.at_once :]
        found = [self.items[each["id"]["S"]] for each in done if each["id"]["S"] in self.items]
        left = {"ledger": {"Keys": rest}} if rest else {}
        return {"Responses": {"ledger": found}, "UnprocessedKeys": left}


def ledger(table: FakeTable) -> LedgerRecords:
    """Read this table."""
    return LedgerRecords(table, "ledger", FakeClock(NOW))


def test_records_are_read_in_portions_and_once_each() -> None:
    """At most 100 keys a call; a delivery that is named twice is asked for once."""
    made = [record(State.QUEUED, id=f"m{number}:s") for number in range(150)]
    table = FakeTable([record_item(each) for each in made])
    asked = [each.id for each in made] * 2
    assert ledger(table).records([*asked, "unknown:s"]) == {each.id: each for each in made}
    assert table.calls == [100, 51]
    assert ledger(table).records([]) == {}


def test_what_dynamodb_leaves_is_asked_for_again() -> None:
    """Throttled keys come with a later call; after several rounds it is an error."""
    made = [record(State.PARKED, id=f"m{number}:s", reason="rejected") for number in range(5)]
    items = [record_item(each) for each in made]
    found = ledger(FakeTable(items, at_once=2)).records([each.id for each in made])
    assert len(found) == 5
    with pytest.raises(StackUnusable, match="does not answer for all records"):
        ledger(FakeTable(items, at_once=0)).records(["m1:s"])


def test_a_users_mark() -> None:
    """A user is marked if the item is there."""
    records = ledger(FakeTable([mark_item("u", "name", 1)]))
    assert records.is_marked("u")
    assert not records.is_marked("v")


def test_a_record_of_another_version_is_an_error_of_one_line() -> None:
    """The error names the attribute and no value."""
    broken = {**record_item(record(State.QUEUED, id="m:s")), "state": {"S": "odd"}}
    with pytest.raises(StackUnusable, match="another version of the bridge"):
        ledger(FakeTable([broken])).records(["m:s"])
