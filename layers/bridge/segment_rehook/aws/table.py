"""The calls on the DynamoDB table that ledger, marks and breaker share (partition key `id`).

Every method raises LedgerUnavailable where the table gave no clear answer.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from segment_rehook.aws.errors import AWS_ERRORS, error_code
from segment_rehook.delivery.ports import LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from typing import Any

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        BatchStatementRequestTypeDef,
        BatchStatementResponseTypeDef,
    )

    from segment_rehook.aws.items import Found, Item
    from segment_rehook.delivery.ports import Clock

    # What a batch asks for, and what is left to ask for: the stubs have two types for each.
    _Asked = Mapping[str, Any]

KEYS_A_READ = 100  # BatchGetItem's limit
PUTS_A_WRITE = 25  # BatchWriteItem's
ROUNDS = 4
PAUSE_SECONDS = 0.05  # before the second round; doubled for each further one
SIDE_BY_SIDE = 8

# Of one statement among several: it may succeed when it is sent again.
TRANSIENT = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "ThrottlingError",
        "TransactionConflict",
    }
)

Chunked = TypeVar("Chunked")
Answered = TypeVar("Answered")

ABSENT = "attribute_not_exists(id)"
STILL_WAS = "nonce = :was"


class Table:
    """The table `name`."""

    def __init__(self, client: DynamoDBClient, name: str, clock: Clock) -> None:
        self.name = name
        self._client = client
        self._clock = clock

    def swap(self, new: Item, was_nonce: str | None) -> Found | None:
        """Put `new` if the item there has that nonce (None: if there is no item).

        None where it was put; else the item found there, empty if there is none.
        """
        values: Mapping[str, AttributeValueTypeDef] = {":was": {"S": was_nonce or ""}}
        condition = (
            {"ConditionExpression": ABSENT}
            if was_nonce is None
            else {"ConditionExpression": STILL_WAS, "ExpressionAttributeValues": values}
        )
        try:
            self._client.put_item(
                TableName=self.name,
                Item=new,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **condition,
            )
        except AWS_ERRORS as error:
            found = _condition_failed(error)
            if found is None:
                raise _unavailable("PutItem", error) from error
            return None if found.get("nonce") == new["nonce"] else found
        return None

    def execute(
        self, statements: Sequence[BatchStatementRequestTypeDef]
    ) -> list[BatchStatementResponseTypeDef]:
        """Run up to 25 statements on different items, each by itself; their answers, in order.

        A statement whose error may pass is sent once more.
        """
        answers = self._execute(statements)
        again = [
            number
            for number, answer in enumerate(answers)
            if answer.get("Error", {}).get("Code") in TRANSIENT
        ]
        if again:
            self._clock.sleep(PAUSE_SECONDS)
            second = self._execute([statements[number] for number in again])
            for number, answer in zip(again, second, strict=True):
                answers[number] = answer
        return answers

    def _execute(
        self, statements: Sequence[BatchStatementRequestTypeDef]
    ) -> list[BatchStatementResponseTypeDef]:
        try:
            return self._client.batch_execute_statement(Statements=statements)["Responses"]
        except AWS_ERRORS as error:
            raise _unavailable("BatchExecuteStatement", error) from error

    def put_all(self, new: Sequence[Item]) -> None:
        """Put items, whatever is there in their place."""
        _side_by_side(self._put, _chunks(new, PUTS_A_WRITE))

    def delete_mark(self, key: str, last: str) -> None:
        """Delete the item if its `last` is this one."""
        try:
            self._client.delete_item(
                TableName=self.name,
                Key={"id": {"S": key}},
                ConditionExpression="#last = :last",
                ExpressionAttributeNames={"#last": "last"},  # LAST is a reserved word
                ExpressionAttributeValues={":last": {"S": last}},
            )
        except AWS_ERRORS as error:
            if _condition_failed(error) is None:
                raise _unavailable("DeleteItem", error) from error

    def read(self, keys: Collection[str]) -> list[Found]:
        """The items that there are among `keys`, as of now (consistent reads)."""
        distinct = list(dict.fromkeys(keys))
        parts = _side_by_side(self._read, _chunks(distinct, KEYS_A_READ))
        return [item for part in parts for item in part]

    def _put(self, new: Sequence[Item]) -> None:
        asked: _Asked = {self.name: [{"PutRequest": {"Item": item}} for item in new]}
        rounds = self._rounds("BatchWriteItem")
        while asked:
            next(rounds)
            try:
                answer = self._client.batch_write_item(RequestItems=asked)
            except AWS_ERRORS as error:
                raise _unavailable("BatchWriteItem", error) from error
            asked = answer.get("UnprocessedItems", {})

    def _read(self, keys: Sequence[str]) -> list[Found]:
        found: list[Found] = []
        wanted = [{"id": {"S": key}} for key in keys]
        asked: _Asked = {self.name: {"Keys": wanted, "ConsistentRead": True}}
        rounds = self._rounds("BatchGetItem")
        while asked:
            next(rounds)
            try:
                answer = self._client.batch_get_item(RequestItems=asked)
            except AWS_ERRORS as error:
                raise _unavailable("BatchGetItem", error) from error
            found += answer["Responses"].get(self.name, [])
            asked = answer.get("UnprocessedKeys", {})
        return found

    def _rounds(self, call: str) -> Iterator[None]:
        """One step for each time that a batch may be sent: DynamoDB may process a part of it."""
        yield
        for number in range(ROUNDS - 1):
            self._clock.sleep(PAUSE_SECONDS * 2**number)
            yield
        raise LedgerUnavailable(f"{call}: a part was left unprocessed {ROUNDS} times")


def _chunks(items: Sequence[Chunked], size: int) -> list[Sequence[Chunked]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _side_by_side(
    call: Callable[[Sequence[Chunked]], Answered], chunks: Sequence[Sequence[Chunked]]
) -> list[Answered]:
    """A large request has thousands of users: one call after the other would use up its budget."""
    if len(chunks) <= 1:
        return [call(chunk) for chunk in chunks]
    with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(chunks))) as pool:
        return list(pool.map(call, chunks))


def _condition_failed(error: Exception) -> Found | None:
    """The item that stood in a conditional write's way (empty: none); None: another error."""
    if not isinstance(error, ClientError):
        return None
    if error_code(error) != "ConditionalCheckFailedException":
        return None
    found: Found = error.response.get("Item", {})  # type: ignore[assignment]  # not in the stubs
    return found


def _unavailable(call: str, error: Exception) -> LedgerUnavailable:
    return LedgerUnavailable(f"{call}: {error_code(error)}")
