"""What an erasure reads and writes in the ledger's table: the person's marks and records.

A record says what became of a delivery, so that it is not made again. Its id is Segment's messageId
or a business key, and it has hashes, but no data of the person. So a record by messageId is kept,
without Rehook's request id, with which Rehook could find the call. A business key, such as an
order's number, does name something of the person. Its record is deleted when Segment has ended its
retries. From then on the same order, sent again, is delivered again.

All writes are conditional on the record that was read. A record at work, which a function may hold
or a message names, is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from segment_rehook.aws.dynamodb import DynamoLedger, DynamoUserMarks
from segment_rehook.aws.items import DELIVERY, USER, ItemUnreadable, record_of
from segment_rehook.delivery import ids
from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.delivery.ports import Change, LedgerUnavailable
from segment_rehook_cli.failures.ledger_client import table_of
from segment_rehook_cli.stack.botocore_errors import aws_error_classes, error_code
from segment_rehook_cli.stack.keeping import SEGMENT_RETRY_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from segment_rehook.delivery.ports import Clock, Randomness

__all__ = ["UNDONE", "LedgerTable", "Mark", "RecordFate", "retries_end"]

_AT_WORK: Final = frozenset({State.CLAIMED, State.QUEUED})


class RecordFate(StrEnum):
    """What became of a record."""

    DELETED = "deleted"
    STRIPPED = "stripped"  # kept, without Rehook's request id
    LATER = "later"  # its business key is needed until Segment's retries end
    AT_WORK = "at_work"  # a function holds it, or a message waits for it
    UNREAD = "unread"  # its business key is needed until all that waits could be read
    FAILED = "failed"


UNDONE: Final = frozenset(
    {RecordFate.LATER, RecordFate.AT_WORK, RecordFate.UNREAD, RecordFate.FAILED}
)
"""What is left for a further run."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A user's mark. `put_at`: in Unix time, as far as LedgerDays was not changed since."""

    user: str
    name: str
    put_at: float


def retries_end(record: Record, keep: int) -> float:
    """Give when Segment's last retry of the event ends, in Unix time. `keep`: as LedgerTable's."""
    return record.expires_at - keep + SEGMENT_RETRY_SECONDS


class LedgerTable:
    """The table. `keep`: seconds for which it keeps a record after its last write.

    `read` and `read_marks` raise LedgerUnavailable; the others tell it in their answer.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        name: str,
        *,
        keep: int,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._client = client
        self._name = name
        self._table = table_of(client, name, clock)
        self._ledger = DynamoLedger(self._table)
        self._marks = DynamoUserMarks(self._table, clock, keep=keep)
        self._clock = clock
        self._randomness = randomness
        self.keep = keep
        self.failures: set[str] = set()

    def read(self, deliveries: Iterable[str]) -> dict[str, Record]:
        """Give the records of deliveries, by their ids; none where there is none."""
        found = self._table.read([DELIVERY + each for each in deliveries])
        try:
            return {record.id: record for record in map(record_of, found)}
        except ItemUnreadable as error:
            raise LedgerUnavailable(str(error)) from error

    def read_marks(self, users: Iterable[str]) -> dict[str, Mark]:
        """Give the marks of users, by the user."""
        marks: dict[str, Mark] = {}
        for item in self._table.read([USER + each for each in users]):
            user = item["id"]["S"].removeprefix(USER)
            put_at = float(item["expires_at"]["N"]) - self.keep
            marks[user] = Mark(user, item["last"]["S"], put_at)
        return marks

    def clear(self, mark: Mark) -> None:
        """Delete a mark if it still has this name. Adds to `failures` if that is not known."""
        try:
            self._marks.clear(mark.user, mark.name)
        except LedgerUnavailable as error:
            self.failures.add(str(error))

    def erase(
        self, records: Mapping[str, Record], *, keep_keys: bool, all_read: bool
    ) -> dict[str, RecordFate]:
        """Delete or strip records; say what was done, by delivery.

        `keep_keys`: records of business keys are kept, so that no order is delivered again.
        `all_read`: no message of the person waits. Else none of these records is deleted: without
        it, a copy that waits unseen would be delivered again.
        """
        return {
            name: self._erase(each, keep_keys=keep_keys, all_read=all_read)
            for name, each in records.items()
        }

    def _erase(self, record: Record, *, keep_keys: bool, all_read: bool) -> RecordFate:
        if record.state in _AT_WORK:
            return RecordFate.AT_WORK
        ends = ids.has_business_key(record.id) and not keep_keys
        over = self._clock.now() >= retries_end(record, self.keep)
        if ends and over and all_read:
            return self._delete(record)
        stripped = self._strip(record)
        if ends and over and stripped is RecordFate.STRIPPED:
            return RecordFate.UNREAD
        return RecordFate.LATER if ends and stripped is RecordFate.STRIPPED else stripped

    def _strip(self, record: Record) -> RecordFate:
        if record.request_id is None:
            return RecordFate.STRIPPED
        new = replace(record, nonce=self._randomness.nonce(), request_id=None)
        [swap] = self._ledger.swap([Change(new, record)])
        if isinstance(swap, LedgerUnavailable):
            self.failures.add(str(swap))
            return RecordFate.FAILED
        return RecordFate.STRIPPED if swap.won else RecordFate.AT_WORK

    def _delete(self, record: Record) -> RecordFate:
        try:
            self._client.delete_item(
                TableName=self._name,
                Key={"id": {"S": DELIVERY + record.id}},
                ConditionExpression="nonce = :was",
                ExpressionAttributeValues={":was": {"S": record.nonce}},
            )
        except aws_error_classes() as error:
            if error_code(error) == "ConditionalCheckFailedException":
                return RecordFate.AT_WORK
            self.failures.add(f"DeleteItem: {error_code(error)}")
            return RecordFate.FAILED
        return RecordFate.DELETED
