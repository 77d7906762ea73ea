"""Checks the queues and the table of a deployed stack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tools.verify_aws.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

MIN_VISIBILITY_FACTOR = 6
"""AWS's advice: the visibility time-out is at least so many times the function's time-out."""


def queues(
    sqs: SQSClient, dead_letters: str, parking_lot: str, redrive_timeout: float
) -> Iterator[Check]:
    """Check visibility, retention, order and redrive policy of the queues with these URLs."""
    waiting, parked = (
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        for url in (dead_letters, parking_lot)
    )
    visibility = int(waiting["VisibilityTimeout"])
    yield Check(
        "the dead-letter queue's visibility is at least six times the redrive function's time-out",
        holds=visibility >= MIN_VISIBILITY_FACTOR * redrive_timeout,
        seen=f"{visibility} s and {redrive_timeout:.0f} s",
    )
    policy = json.loads(waiting.get("RedrivePolicy", "{}"))
    yield Check(
        "SQS moves what can't be consumed from the dead-letter queue to the parking lot",
        holds=policy.get("deadLetterTargetArn") == parked["QueueArn"],
        seen=str(policy),
    )
    retention = [int(each["MessageRetentionPeriod"]) for each in (waiting, parked)]
    yield Check(
        "the parking lot keeps messages longer than the dead-letter queue",
        holds=retention[0] < retention[1],
        seen=f"{retention[0]} s and {retention[1]} s",
    )
    yield Check(
        "both queues are FIFO, with deduplication ids per message group",
        holds=all(
            each.get("FifoQueue") == "true" and each.get("DeduplicationScope") == "messageGroup"
            for each in (waiting, parked)
        ),
    )


def table(dynamodb: DynamoDBClient, name: str) -> Iterator[Check]:
    """Check expiry and recovery of the ledger."""
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    yield Check(
        "DynamoDB deletes records of the ledger by expires_at",
        holds=expiry.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
        and expiry.get("AttributeName") == "expires_at",
        seen=str(expiry),
    )
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    yield Check(
        "the ledger can be restored to a point in time",
        holds=recovery == "ENABLED",
        seen=str(recovery),
    )
