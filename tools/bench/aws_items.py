"""DynamoDB in memory, as far as the product asks: conditional puts, deletes, statements, batches.

What it is not asked today raises, so that nobody measures a call that was never carried out.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Any, NamedTuple

from segment_rehook.aws.items import BREAKER_KEY

_INSERTED = re.compile(r"'(\w+)'\s*:\s*\?")
_ASSIGNED = re.compile(r"\"?(\w+)\"?\s*=\s*\?")
_STATEMENT = re.compile(
    r"(DELETE)\s+FROM\s+\S+\s+WHERE\s+(.+)|(INSERT)\s+INTO\s+\S+\s+VALUE\s+(.+)|(UPDATE)\s+\S+\s+(.+?)\s+WHERE\s+(.+)",
    re.IGNORECASE | re.DOTALL,
)
_REMOVED = re.compile(r"REMOVE\s+\"?(\w+)\"?", re.IGNORECASE)

SET = ("state", "nonce", "lease", "queued", "expires_at")
REMOVED = ("reason", "request_id")
TAKE = (
    "SET #state = :state, #token = #token + :one, #nonce = :nonce, #lease = :lease,"
    " #queued = :queued, #expires_at = :expires_at REMOVE #reason, #request_id"
)
QUEUED = "#state = :waiting AND #content = :content"

Item = dict[str, Any]


class Failed(Exception):
    """An error as DynamoDB answers it. `item`: what stood in the way of a conditional write."""

    def __init__(self, code: str, item: Item | None = None) -> None:
        super().__init__(code)
        self.code, self.item = code, item

    @property
    def body(self) -> Item:
        """The answer's body."""
        name = f"com.amazonaws.dynamodb.v20120810#{self.code}"
        return {"__type": name, "message": self.code} | ({"Item": self.item} if self.item else {})


class Statement(NamedTuple):
    """A PartiQL statement with parameters: attributes to set, to remove, and to compare, in order.

    `compares` is None of an INSERT. `deletes`: it is a DELETE.
    """

    sets: tuple[str, ...]
    removes: tuple[str, ...]
    compares: tuple[str, ...] | None
    deletes: bool = False


class Items:
    """One table, keyed by `id`; `reads` and `writes` in DynamoDB's units, as records are small."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.calls: Counter[str] = Counter()
        self.reads = self.writes = 0

    def put(self, asked: Item) -> Item:
        """PutItem: unconditional, where there is no item, or where the nonce is still this one."""
        new = asked["Item"]
        condition = asked.get("ConditionExpression")
        found = self.items.get(new["id"]["S"])
        self.writes += 1
        match condition:
            case None:
                fits = True
            case "attribute_not_exists(id)":
                fits = found is None
            case "nonce = :was":
                was = asked["ExpressionAttributeValues"][":was"]
                fits = found is not None and found.get("nonce") == was
            case _:
                raise NotImplementedError(condition)
        if not fits:
            raise Failed("ConditionalCheckFailedException", found)
        self.items[new["id"]["S"]] = new
        return {}

    def take_queued(self, asked: Item) -> Item:
        """UpdateItem: a claim of what is queued and has this content."""
        if (asked["UpdateExpression"], asked["ConditionExpression"]) != (TAKE, QUEUED):
            raise NotImplementedError(asked)
        values = asked["ExpressionAttributeValues"]
        key = asked["Key"]["id"]["S"]
        self.writes += 1
        found = self.items.get(key)
        if found is None or [found["state"], found["content"]] != [
            values[":waiting"],
            values[":content"],
        ]:
            raise Failed("ConditionalCheckFailedException", found)
        kept = {name: value for name, value in found.items() if name not in REMOVED}
        token = {"token": {"N": str(int(found["token"]["N"]) + 1)}}
        self.items[key] = kept | {name: values[f":{name}"] for name in SET} | token
        return {"Attributes": self.items[key]}

    def delete(self, asked: Item) -> Item:
        """DeleteItem: where the mark is still the one that is named."""
        if asked["ConditionExpression"] != "#last = :last":
            raise NotImplementedError(asked["ConditionExpression"])
        key = asked["Key"]["id"]["S"]
        self.writes += 1
        found = self.items.get(key)
        if found is None or found["last"] != asked["ExpressionAttributeValues"][":last"]:
            raise Failed("ConditionalCheckFailedException")
        del self.items[key]
        return {}

    def get_batch(self, asked: Item) -> Item:
        """BatchGetItem."""
        ((table, wanted),) = asked["RequestItems"].items()
        keys = [key["id"]["S"] for key in wanted["Keys"]]
        if keys == [BREAKER_KEY]:
            self.calls["BatchGetItem"] -= 1  # it goes by time, not by event
        else:
            self.reads += len(keys)
        found = [self.items[key] for key in keys if key in self.items]
        return {"Responses": {table: found}, "UnprocessedKeys": {}}

    def write_batch(self, asked: Item) -> Item:
        """BatchWriteItem, of puts."""
        ((_, requests),) = asked["RequestItems"].items()
        for request in requests:
            item = request["PutRequest"]["Item"]
            self.items[item["id"]["S"]] = item
            self.writes += 1
        return {"UnprocessedItems": {}}

    def execute_batch(self, asked: Item) -> Item:
        """BatchExecuteStatement: each statement succeeds or fails by itself."""
        return {"Responses": [self._execute(each) for each in asked["Statements"]]}

    def _execute(self, asked: Item) -> Item:
        statement = parsed(asked["Statement"])
        values = asked["Parameters"]
        self.writes += 1
        new = dict(zip(statement.sets, values, strict=False))
        if statement.compares is None:
            found = self.items.get(new["id"]["S"])
            if found is None:
                self.items[new["id"]["S"]] = new
                return {}
            return _refused("DuplicateItem", asked, found)
        compared = dict(zip(statement.compares, values[len(statement.sets) :], strict=True))
        found = self.items.get(compared["id"]["S"])
        if statement.deletes and found is None:
            return {}
        if found is None or any(found.get(name) != value for name, value in compared.items()):
            return _refused("ConditionalCheckFailed", asked, found)
        if statement.deletes:
            del self.items[compared["id"]["S"]]
            return {}
        kept = {name: value for name, value in found.items() if name not in statement.removes}
        self.items[compared["id"]["S"]] = kept | new
        return {}


@lru_cache(64)
def parsed(text: str) -> Statement:
    """Read a statement."""
    match = _STATEMENT.fullmatch(text.strip())
    if match is None:
        raise NotImplementedError(text)
    if match[1]:
        return Statement((), (), tuple(_ASSIGNED.findall(match[2])), deletes=True)
    if match[3]:
        return Statement(tuple(_INSERTED.findall(match[4])), (), None)
    removes = tuple(_REMOVED.findall(match[6]))
    return Statement(
        tuple(_ASSIGNED.findall(match[6])), removes, tuple(_ASSIGNED.findall(match[7]))
    )


def _refused(code: str, asked: Item, found: Item | None) -> Item:
    error: Item = {"Code": code, "Message": code}
    if found and asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
        error["Item"] = found
    return {"Error": error}
