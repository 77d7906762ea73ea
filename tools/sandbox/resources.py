"""The stack's queues, tables and parameters, created as the template describes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

    from tools.sandbox.template import Resource, Stack

_TABLE_PROPERTIES = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
)


def create(stack: Stack, sqs: SQSClient, dynamodb: DynamoDBClient, ssm: SSMClient) -> None:
    """Create all of them; a queue after the queue that its redrive policy names."""
    for queue in sorted(stack.queues.values(), key=lambda q: "RedrivePolicy" in q.properties):
        sqs.create_queue(QueueName=queue.name, Attributes=_attributes(queue))
    for table in stack.tables.values():
        _create_table(table, dynamodb)
    for parameter in stack.parameters.values():
        ssm.put_parameter(
            Name=parameter.name,
            Type=parameter.properties["Type"],
            Value=parameter.properties["Value"],
        )


def _attributes(queue: Resource) -> Any:
    return {
        name: json.dumps(value) if isinstance(value, dict | bool) else str(value)
        for name, value in queue.properties.items()
        if name not in {"QueueName", "Tags"}
    }


def _create_table(table: Resource, dynamodb: DynamoDBClient) -> None:
    properties: Any = {
        name: value for name, value in table.properties.items() if name in _TABLE_PROPERTIES
    }
    dynamodb.create_table(TableName=table.name, **properties)
    recovery: Any = table.properties.get("PointInTimeRecoverySpecification")
    if recovery is not None:
        dynamodb.update_continuous_backups(
            TableName=table.name, PointInTimeRecoverySpecification=recovery
        )
    time_to_live: Any = table.properties.get("TimeToLiveSpecification")
    if time_to_live is not None:
        dynamodb.update_time_to_live(TableName=table.name, TimeToLiveSpecification=time_to_live)
