"""BatchExecuteStatement for moto, whose own ignores conditions and fails at parameters.

Each write is carried out as the conditional PutItem or DeleteItem that it stands for, so it goes
through moto's own checks to moto's own table. A batch that reads is refused.

Sources: the API reference of BatchExecuteStatement, BatchStatementRequest and BatchStatementError;
the developer guide on PartiQL. What they leave open is in ``docs/sandbox.md``.
"""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.responses import DynamoHandler, DynamoResult

from tools.dynamodb.partiql import Delete, Insert, InvalidStatement, Update, is_read, parse_write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.core.responses import ActionResult

    from tools.dynamodb.partiql import Item, Write

MAX_STATEMENTS = 25
MAX_STATEMENT_CHARACTERS = 8192

_CODES = {
    "ValidationException": "ValidationError",
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "ResourceNotFoundException": "ResourceNotFound",
}
_one_batch_at_a_time = threading.Lock()
"""moto evaluates a condition and writes in two steps."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """One statement: a write with the key of its item, or the error that it has."""

    write: Write | None = None
    key: Item | None = None
    error: dict[str, str] | None = None


def install() -> None:
    """Put BatchExecuteStatement in place of moto's own. A second time changes nothing."""
    handler = DynamoHandler
    handler.batch_execute_statement = batch_execute_statement  # type: ignore[method-assign]  # a patch


def batch_execute_statement(self: DynamoHandler) -> ActionResult:
    """Carry out each statement by itself; a refusal of one leaves the others alone."""
    statements: list[dict[str, Any]] = self.body.get("Statements", [])
    if len(statements) > MAX_STATEMENTS:
        raise MockValidationException(
            "1 validation error detected: Value at 'statements' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MAX_STATEMENTS}"
        )
    if any(len(each["Statement"]) > MAX_STATEMENT_CHARACTERS for each in statements):
        raise MockValidationException(
            "1 validation error detected: Value at 'statements.member.statement' failed to satisfy "
            f"constraint: Member must have length less than or equal to {MAX_STATEMENT_CHARACTERS}"
        )
    reads = {is_read(each["Statement"]) for each in statements}
    if len(reads) > 1:
        raise MockValidationException(
            "Read and write requests together in the same batch is not supported."
        )
    if True in reads:
        raise MockValidationException("This stand-in for DynamoDB carries out writes only.")
    prepared = [_prepare(self, each) for each in statements]
    keys = [(each.write.table, each.key) for each in prepared if each.write and each.key]
    if any(keys.count(key) > 1 for key in keys):
        raise MockValidationException("Provided list of item keys contains duplicates")
    with _one_batch_at_a_time:
        responses = [_carry_out(self, *each) for each in zip(statements, prepared, strict=True)]
    return DynamoResult({"Responses": responses})


def _prepare(handler: DynamoHandler, statement: Mapping[str, Any]) -> _Prepared:
    try:
        write = parse_write(statement["Statement"], statement.get("Parameters", []))
        key = _key(handler, write)
    except InvalidStatement as error:
        return _Prepared(error={"Code": "ValidationError", "Message": str(error)})
    except JsonRESTError as error:
        return _Prepared(error=_error(error))
    return _Prepared(write, key)


def _key(handler: DynamoHandler, write: Write) -> Item:
    names = handler.dynamodb_backend.get_table(write.table).table_key_attrs
    given = write.item if isinstance(write, Insert) else write.where
    missing = [name for name in names if name not in given]
    if missing and isinstance(write, Insert):
        raise InvalidStatement(
            f"One or more parameter values were invalid: Missing the key {missing[0]} in the item"
        )
    if missing:
        raise InvalidStatement(
            "Where clause does not contain a mandatory equality on all key attributes"
        )
    if isinstance(write, Update):
        for name in names:
            if name in write.assigned or name in write.removed:
                raise InvalidStatement(
                    f"Cannot update attribute {name}. This attribute is part of the key"
                )
    return {name: given[name] for name in names}


def _carry_out(
    handler: DynamoHandler, statement: Mapping[str, Any], prepared: _Prepared
) -> dict[str, Any]:
    write, key = prepared.write, prepared.key
    if write is None or key is None:
        return {"Error": prepared.error}
    found = handler.dynamodb_backend.get_item(write.table, key)
    old: Item = found.to_json()["Attributes"] if found else {}
    put = copy.copy(handler)
    if isinstance(write, Delete) and not old:
        return {"TableName": write.table}
    try:
        if isinstance(write, Delete):
            put.body = {"TableName": write.table, "Key": key} | _condition(write.where)
            put.delete_item()
        else:
            put.body = (
                _insertion(write, key) if isinstance(write, Insert) else _change(write, key, old)
            )
            put.put_item()
    except JsonRESTError as refusal:
        error: dict[str, Any] = _error(refusal)
        if error["Code"] == "ValidationError":
            return {"Error": error}
        if isinstance(write, Insert):
            # AWS documents no item for a key that is taken, whatever was asked.
            error = {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}
        elif old and statement.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
            error["Item"] = old
        return {"Error": error, "TableName": write.table}
    return {"TableName": write.table}


def _insertion(insert: Insert, key: Item) -> dict[str, Any]:
    return {
        "TableName": insert.table,
        "Item": insert.item,
        "ConditionExpression": "attribute_not_exists(#key)",
        "ExpressionAttributeNames": {"#key": next(iter(key))},
    }


def _change(update: Update, key: Item, old: Item) -> dict[str, Any]:
    changed = key | old | update.assigned
    return {
        "TableName": update.table,
        "Item": {name: changed[name] for name in changed if name not in update.removed},
    } | _condition(update.where)


def _condition(where: Item) -> dict[str, Any]:
    numbered = list(enumerate(where.items()))
    return {
        "ConditionExpression": " AND ".join(f"#{n} = :{n}" for n, _ in numbered),
        "ExpressionAttributeNames": {f"#{n}": name for n, (name, _) in numbered},
        "ExpressionAttributeValues": {f":{n}": value for n, (_, value) in numbered},
    }


def _error(error: JsonRESTError) -> dict[str, str]:
    name = str(error.error_type).rpartition("#")[2]
    return {"Code": _CODES.get(name, name), "Message": str(error.message)}
