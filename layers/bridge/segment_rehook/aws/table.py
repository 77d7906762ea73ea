"""The calls on the DynamoDB table that ledger, marks and breaker share (partition key `id`).

All methods raise LedgerUnavailable if the table gave no clear answer.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from segment_rehook.aws.errors import AwsError
from segment_rehook.delivery.ledger.record import State
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
    from segment_rehook.delivery.ports import Clock, Telemetry

    # The requests of a batch. The stubs have different types for all of them and for the rest.
    _Asked = Mapping[str, Any]

MAX_KEYS = 100  # BatchGetItem's limit
MAX_PUTS = 25  # BatchWriteItem's
MAX_ROUNDS = 4
PAUSE_SECONDS = 0.05  # before the second round; doubled for each further one
MAX_THREADS = 8

# Error codes of one statement among several that may succeed if it is sent again.
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
STILL_QUEUED = "#state = :waiting AND #content = :content"
TAKE = (
    "SET #state = :state, #token = #token + :one, #nonce = :nonce, #lease = :lease,"
    " #queued = :queued, #expires_at = :expires_at REMOVE #reason, #request_id"
)
TAKE_VALUES = ("state", "nonce", "lease", "queued", "expires_at", "content")
# Each name has a placeholder, since some are reserved words.
TAKE_NAMES = {f"#{name}": name for name in (*TAKE_VALUES, "token", "reason", "request_id")}


class Table:
    """The table of the given `name`."""

    def __init__(
        self, client: DynamoDBClient, name: str, clock: Clock, telemetry: Telemetry
    ) -> None:
        self.name = name
        self._client = client
        self._clock = clock
        self._telemetry = telemetry

    def swap(self, new: Item, was_nonce: str | None) -> Found | None:
        """Put `new` if the present item has the nonce `was_nonce` (None: if there is no item).

        Gives None if it was put, else the present item, empty if there is none.
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
        except AwsError as error:
            found = _condition_failed(error)
            if found is None:
                raise self._unavailable("PutItem", error) from error
            return None if found.get("nonce") == new["nonce"] else found
        return None

    def take_queued(self, claim: Item) -> Found:
        """Turn the item of `claim` into a claim if it is queued and has the content of `claim`.

        Gives the item that is there afterwards, empty if there is none.
        """
        values = {f":{name}": claim[name] for name in TAKE_VALUES}
        values |= {":one": {"N": "1"}, ":waiting": {"S": State.QUEUED}}
        try:
            answer = self._client.update_item(
                TableName=self.name,
                Key={"id": claim["id"]},
                UpdateExpression=TAKE,
                ConditionExpression=STILL_QUEUED,
                ExpressionAttributeNames=TAKE_NAMES,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except AwsError as error:
            found = _condition_failed(error)
            if found is None:
                raise self._unavailable("UpdateItem", error) from error
            return found
        return answer["Attributes"]

    def execute(
        self, statements: Sequence[BatchStatementRequestTypeDef]
    ) -> list[BatchStatementResponseTypeDef]:
        """Run up to 25 statements on different items in one call; give their answers in order.

        Each statement succeeds or fails independently. After a transient error it is sent again,
        once.
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
        except AwsError as error:
            raise self._unavailable("BatchExecuteStatement", error) from error

    def put_all(self, new: Sequence[Item]) -> None:
        """Put items. They replace what is there."""
        _side_by_side(self._put, _chunks(new, MAX_PUTS))

    def delete_mark(self, key: str, last: str) -> None:
        """Delete the item of this key if its attribute `last` has this value."""
        try:
            self._client.delete_item(
                TableName=self.name,
                Key={"id": {"S": key}},
                ConditionExpression="#last = :last",
                ExpressionAttributeNames={"#last": "last"},  # LAST is a reserved word
                ExpressionAttributeValues={":last": {"S": last}},
            )
        except AwsError as error:
            if _condition_failed(error) is None:
                raise self._unavailable("DeleteItem", error) from error

    def read(self, keys: Collection[str]) -> list[Found]:
        """Give the items that exist among `keys`, by consistent reads."""
        distinct = list(dict.fromkeys(keys))
        parts = _side_by_side(self._read, _chunks(distinct, MAX_KEYS))
        return [item for part in parts for item in part]

    def unclear(self, operation: str, code: str | None) -> LedgerUnavailable:
        """Log a failure with AWS's error code, once an invocation, and give the error to raise."""
        self._telemetry.warn_once("DynamoDB failed", operation=operation, code=code)
        return LedgerUnavailable(f"{operation}: {code}")

    def _unavailable(self, call: str, error: AwsError) -> LedgerUnavailable:
        return self.unclear(call, error.code)

    def _put(self, new: Sequence[Item]) -> None:
        asked: _Asked = {self.name: [{"PutRequest": {"Item": item}} for item in new]}
        rounds = self._rounds("BatchWriteItem")
        while asked:
            next(rounds)
            try:
                answer = self._client.batch_write_item(RequestItems=asked)
            except AwsError as error:
                raise self._unavailable("BatchWriteItem", error) from error
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
            except AwsError as error:
                raise self._unavailable("BatchGetItem", error) from error
            found += answer["Responses"].get(self.name, [])
            asked = answer.get("UnprocessedKeys", {})
        return found

    def _rounds(self, call: str) -> Iterator[None]:
        """Give one step for each time that a batch may be sent; wait before each but the first.

        A batch is sent again if DynamoDB has processed only a part of it.
        """
        yield
        for number in range(MAX_ROUNDS - 1):
            self._clock.sleep(PAUSE_SECONDS * 2**number)
            yield
        raise self.unclear(call, "a part was left unprocessed")


def _chunks(items: Sequence[Chunked], size: int) -> list[Sequence[Chunked]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _side_by_side(
    call: Callable[[Sequence[Chunked]], Answered], chunks: Sequence[Sequence[Chunked]]
) -> list[Answered]:
    """Make the calls on threads: a large request has too many users for one call at a time."""
    if len(chunks) <= 1:
        return [call(chunk) for chunk in chunks]
    with ThreadPoolExecutor(min(MAX_THREADS, len(chunks))) as pool:
        return list(pool.map(call, chunks))


def _condition_failed(error: AwsError) -> Found | None:
    """Give the present item (empty: none) if a condition failed; None after another error."""
    if error.code != "ConditionalCheckFailedException":
        return None
    found: Found = error.answer.get("Item", {})
    return found
