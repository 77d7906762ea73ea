"""Writes a change of the ledger as a PartiQL statement. Several statements share one call.

    INSERT INTO "table" VALUE {'id': ?, 'state': ?, …}
    UPDATE "table" SET "state"=? SET "token"=? … WHERE "id"=? AND "nonce"=?
    DELETE FROM "table" WHERE "id"=? AND "last"=?

A PutItem replaces the whole item. An UPDATE keeps attributes that it does not name. So a change
that removes an attribute can't be a statement (`shares`). If a later version adds an attribute,
statements of this version will keep the old value of it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from segment_rehook.aws import items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import BatchStatementRequestTypeDef

    from segment_rehook.delivery.ports import Change


def shares(change: Change) -> bool:
    """Whether the change can be a statement: it removes no attribute of the old record."""
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
    """Give the change as a statement of BatchExecuteStatement. `table`: its name."""
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


def clearing(table: str, user: str, mark: str) -> BatchStatementRequestTypeDef:
    """Give a statement that deletes the mark of `user` if its name is `mark`.

    It succeeds where there is no mark, and fails as ConditionalCheckFailed at another name.
    """
    return {
        "Statement": f'DELETE FROM "{table}" WHERE "id"=? AND "last"=?',  # noqa: S608 — values are apart
        "Parameters": [{"S": items.USER + user}, {"S": mark}],
    }


@lru_cache
def _insert(table: str, names: tuple[str, ...]) -> str:
    members = ", ".join(f"'{name}': ?" for name in names)
    return f'INSERT INTO "{table}" VALUE {{{members}}}'


@lru_cache
def _update(table: str, names: tuple[str, ...]) -> str:
    changes = " ".join(f'SET "{name}"=?' for name in names)
    return f'UPDATE "{table}" {changes} WHERE "id"=? AND "nonce"=?'
