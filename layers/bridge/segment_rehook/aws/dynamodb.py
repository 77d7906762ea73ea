"""The ports for ledger, marks and breaker over one DynamoDB table (TTL attribute `expires_at`).

Ledger and breaker are changed by conditional writes. Each names the nonce that it replaces, and
asks DynamoDB to return the present item if the condition fails, so no second read is needed. boto
may send a write twice. The second one then finds its own nonce, which means that the first has won.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.aws import items
from segment_rehook.aws.statements import clearing, shares, statement
from segment_rehook.delivery.ledger.record import Swap
from segment_rehook.delivery.ports import MAX_CHANGES, LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mypy_boto3_dynamodb.type_defs import BatchStatementResponseTypeDef

    from segment_rehook.aws.items import Found
    from segment_rehook.aws.table import Table
    from segment_rehook.delivery.ledger.record import Record
    from segment_rehook.delivery.pacing.breaker_record import BreakerRecord
    from segment_rehook.delivery.ports import Change, Clock

WON = Swap(won=True)
# Error codes of a statement whose condition failed: another record is there, or none.
LOST = frozenset({"ConditionalCheckFailed", "DuplicateItem"})


class DynamoLedger:
    """The port `Ledger`. A change costs one write unit for each KiB, also if it loses.

    A single change is a PutItem. Several changes share a BatchExecuteStatement, each as a
    conditional statement. A statement takes a fraction of the CPU time that a PutItem takes.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def swap(self, changes: Sequence[Change]) -> list[Swap | LedgerUnavailable]:
        """Make the changes of different records, and answer for each, in order.

        If a statement loses and its answer lacks the record that is there, a PutItem asks again.
        """
        shared = [change for change in changes if shares(change)] if len(changes) > 1 else []
        swaps = dict(zip(map(_key, shared), self._share(shared), strict=True))
        return [
            swaps[_key(change)] if _key(change) in swaps else self._swap(change)
            for change in changes
        ]

    def take_queued(self, claim: Record) -> Record | None:
        """Claim with an UpdateItem: one write unit, also if the record is not queued."""
        there = self._table.take_queued(items.record_item(claim))
        try:
            return items.record_of(there) if there else None
        except items.ItemUnreadable as error:
            raise LedgerUnavailable(str(error)) from error

    def settle_and_clear(self, change: Change, user: str, mark: str) -> bool:
        """Share a BatchExecuteStatement between both: one write unit each."""
        table = self._table.name
        both = [statement(table, change), clearing(table, user, mark)]
        try:
            settled, cleared = self._table.execute(both)
        except LedgerUnavailable:
            return False
        # The condition fails if the mark has another name by now: then it is another message's.
        gone = cleared.get("Error", {}).get("Code") in {None, "ConditionalCheckFailed"}
        return gone and "Error" not in settled

    def _share(self, changes: Sequence[Change]) -> list[Swap | LedgerUnavailable]:
        swaps: list[Swap | LedgerUnavailable] = []
        for start in range(0, len(changes), MAX_CHANGES):
            part = changes[start : start + MAX_CHANGES]
            try:
                answers = self._table.execute([statement(self._table.name, each) for each in part])
            except LedgerUnavailable as error:
                swaps += [error] * len(part)
            else:
                swaps += [self._swap_of(*each) for each in zip(part, answers, strict=True)]
        return swaps

    def _swap_of(
        self, change: Change, answer: BatchStatementResponseTypeDef
    ) -> Swap | LedgerUnavailable:
        error = answer.get("Error")
        if error is None:
            return WON
        code = error.get("Code")
        if code not in LOST:
            return self._table.unclear("BatchExecuteStatement, a statement", code)
        found = error.get("Item")
        return _lost(change, found) if found else self._swap(change)

    def _swap(self, change: Change) -> Swap | LedgerUnavailable:
        was = change.was.nonce if change.was else None
        try:
            found = self._table.swap(items.record_item(change.new), was)
        except LedgerUnavailable as error:
            return error
        return WON if found is None else _lost(change, found)


class DynamoUserMarks:
    """The port `UserMarks`. A mark expires `keep` seconds after it was put: later than any message.

    A mark that has expired and is still there counts as a mark; it only delays an event. All
    methods raise LedgerUnavailable if the table gave no clear answer.
    """

    def __init__(self, table: Table, clock: Clock, *, keep: int) -> None:
        self._table = table
        self._clock = clock
        self._keep = keep

    def read(self, users: Collection[str]) -> dict[str, str]:
        """Read with a BatchGetItem for each 100 users: one read unit a user, marked or not."""
        found = self._table.read([items.USER + user for user in users])
        return dict(items.mark_of(item) for item in found)

    def put(self, lasts: Mapping[str, str]) -> None:
        """Write with a BatchWriteItem for each 25 users: one write unit a user."""
        expires_at = int(self._clock.now()) + self._keep
        self._table.put_all([items.mark_item(*mark, expires_at) for mark in lasts.items()])

    def clear(self, user: str, last: str) -> None:
        """Delete with a DeleteItem: one write unit, also if the mark stays."""
        self._table.delete_mark(items.USER + user, last)


class DynamoBreakerStore:
    """The port `BreakerStore`. Methods raise LedgerUnavailable as in `DynamoUserMarks`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self) -> BreakerRecord | None:
        """Read the record: one read unit."""
        for item in self._table.read([items.BREAKER_KEY]):
            try:
                return items.breaker_of(item)
            except items.ItemUnreadable as error:
                raise LedgerUnavailable(str(error)) from error
        return None

    def swap(self, new: BreakerRecord, was: BreakerRecord | None) -> bool:
        """Replace the record with a PutItem: one write unit, also if it loses."""
        return self._table.swap(items.breaker_item(new), was.nonce if was else None) is None


def _key(change: Change) -> str:
    return change.new.id


def _lost(change: Change, found: Found) -> Swap | LedgerUnavailable:
    """Give the answer for a failed condition: a write that finds its own nonce has won."""
    if not found:
        return Swap(won=False)
    if found.get("nonce") == {"S": change.new.nonce}:
        return WON
    try:
        return Swap(won=False, found=items.record_of(found))
    except items.ItemUnreadable as error:
        return LedgerUnavailable(str(error))
