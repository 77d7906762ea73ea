"""The services that the bridge calls, and the operations of each that it uses.

The clients' methods have the names, arguments and answers of boto3's clients, whose type stubs
describe them here. They raise AwsError. Making a client reaches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from segment_rehook.aws.client import AwsClient, Service

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

    from segment_rehook.aws.access import Access
    from segment_rehook.delivery.ports import Clock, Randomness


@dataclass(frozen=True, slots=True)
class Clients:
    """Makes clients. `connections`: how many one keeps open, as many as threads that use it."""

    access: Access
    clock: Clock
    randomness: Randomness

    def dynamodb(self, *, connections: int) -> DynamoDBClient:
        """Make a client of DynamoDB."""
        return cast("DynamoDBClient", self._made(DynamoDb, connections))

    def sqs(self, *, connections: int) -> SQSClient:
        """Make a client of SQS."""
        return cast("SQSClient", self._made(Sqs, connections))

    def ssm(self, *, connections: int) -> SSMClient:
        """Make a client of SSM."""
        return cast("SSMClient", self._made(Ssm, connections))

    def _made(self, kind: type[AwsClient], connections: int) -> AwsClient:
        return kind(self.access, self.clock, self.randomness, connections=connections)


def _operation(name: str) -> Callable[..., dict[str, Any]]:
    def call(self: AwsClient, **arguments: Any) -> dict[str, Any]:
        return self.call(name, arguments)

    return call


class DynamoDb(AwsClient):
    """DynamoDB. It usually answers within 10 ms, and is called twice for each delivery.

    If it hangs, enough of the request's time must be left to store the event in SQS.
    """

    service = Service("dynamodb", "DynamoDB_20120810", "1.0", timeout=1.0)

    batch_execute_statement = _operation("BatchExecuteStatement")
    batch_get_item = _operation("BatchGetItem")
    batch_write_item = _operation("BatchWriteItem")
    delete_item = _operation("DeleteItem")
    put_item = _operation("PutItem")
    update_item = _operation("UpdateItem")


class Sqs(AwsClient):
    """SQS, in its JSON protocol."""

    service = Service("sqs", "AmazonSQS", "1.0", timeout=2.0)

    change_message_visibility_batch = _operation("ChangeMessageVisibilityBatch")
    send_message_batch = _operation("SendMessageBatch")


class Ssm(AwsClient):
    """Systems Manager: its parameter store."""

    service = Service("ssm", "AmazonSSM", "1.1", timeout=2.0)

    get_parameters_by_path = _operation("GetParametersByPath")
