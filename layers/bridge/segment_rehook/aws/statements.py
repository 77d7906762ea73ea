"""A change of the ledger as a PartiQL statement, several of which share one call.

    INSERT INTO "table" VALUE {'id': ?, 'state': ?, …}
    UPDATE "table" SET "state"=? SET "token"=? … WHERE "id"=? AND "nonce"=?

Unlike a PutItem, an UPDATE leaves attributes alone that it does not name. So a record that loses
one does not share (`shares`), and a later version that adds an attribute to the records has to
think of what this one leaves behind.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from segment_rehook.aws import items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import BatchStatementRequestTypeDef

    from segment_rehook.delivery.ports import Change


def shares(change: Change) -> bool:
    """Whether the change can be a statement: no attribute of the old record vanishes."""
    new, was = change.new, change.was
    return was is None or all(
        after is not None or before is None
        for before, after in (
            (was.parked_token, new.parked_token),
            (was.reason, new.reason),
            (was.request_id, new.request_id),
        )
    )


def statement(table: str, change: Change) -> BatchStatementRequestTypeDef:
    """The change as a statement of BatchExecuteStatement."""
    item = items.record_item(change.new)
    if change.was is None:
        text, values = _insert(table, tuple(item)), list(item.values())
    else:
        key = item.pop("id")
        text = _update(table, tuple(item))
        values = [*item.values(), key, {"S": change.was.nonce}]
    return {
        "Statement": text,
        "Parameters": values,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


@lru_cache
def _insert(table: str, names: tuple[str, ...]) -> str:
    members = ", ".join(f"'{name}': ?" for name in names)
    return f'INSERT INTO "{table}" VALUE {{{members}}}'


@lru_cache
def _update(table: str, names: tuple[str, ...]) -> str:
    changes = " ".join(f'SET "{name}"=?' for name in names)
    return f'UPDATE "{table}" {changes} WHERE "id"=? AND "nonce"=?'
