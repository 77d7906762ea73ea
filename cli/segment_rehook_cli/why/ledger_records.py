"""Reads records and users' marks from a stack's ledger. Changes nothing.

It needs the permission `dynamodb:BatchGetItem` on the table. Reads are consistent, so
that what was settled a moment ago is seen: one read unit an item.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from segment_rehook.aws.items import DELIVERY, USER, ItemUnreadable, record_of
from segment_rehook.delivery.ledger.record import Record
from segment_rehook.delivery.ports import Clock
from segment_rehook_cli.stack.aws_errors import StackUnusable

__all__ = ["LedgerClient", "LedgerRecords"]

MAX_KEYS: Final = 100
"""BatchGetItem's limit."""

MAX_ROUNDS: Final = 6
PAUSE_SECONDS: Final = 0.2
"""Before the second round; doubled for each further one."""


class LedgerClient(Protocol):
    """What is used of boto3's client of DynamoDB."""

    def batch_get_item(self, **asked: Any) -> Mapping[str, Any]:
        """Give the items of some keys."""


class LedgerRecords:
    """The ledger of one stack. Methods raise what boto3 raises, and StackUnusable."""

    def __init__(self, client: LedgerClient, table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def records(self, deliveries: Iterable[str]) -> dict[str, Record]:
        """Give the records of deliveries by their ids; none for one that has no record."""
        items = self._read([DELIVERY + each for each in dict.fromkeys(deliveries)])
        try:
            found = [record_of(item) for item in items]
        except ItemUnreadable as error:
            raise StackUnusable(
                f"the ledger has a record of another version of the bridge: {error}"
            ) from None
        return {each.id: each for each in found}

    def is_marked(self, user: str) -> bool:
        """Whether the user (a hash, `ids.user_hash`) has dead letters waiting."""
        return bool(self._read([USER + user]))

    def _read(self, keys: Sequence[str]) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        for start in range(0, len(keys), MAX_KEYS):
            found += self._read_some(keys[start : start + MAX_KEYS])
        return found

    def _read_some(self, keys: Sequence[str]) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        wanted = [{"id": {"S": key}} for key in keys]
        asked: Mapping[str, Any] = {self._table: {"Keys": wanted, "ConsistentRead": True}}
        for number in range(MAX_ROUNDS):
            answer = self._client.batch_get_item(RequestItems=asked)
            found += answer.get("Responses", {}).get(self._table, [])
            asked = answer.get("UnprocessedKeys", {})
            if not asked:
                return found
            self._clock.sleep(PAUSE_SECONDS * 2**number)
        raise StackUnusable("BatchGetItem: DynamoDB does not answer for all records: try again")
