"""The AWS clients, with time-outs that fit a webhook's budget.

Every call made here may be repeated without harm (conditional writes that know their own nonce,
sends with a deduplication id, reads), so the library may try twice. What a service that hangs can
cost in all is attempts × (connect + read) and a pause of up to one second between attempts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

# Seconds. DynamoDB answers within some 10 ms and is asked twice for each delivery; when it hangs,
# what is left of the budget must still do for storing the event.
CONNECT_SECONDS = {"dynamodb": 0.5, "sqs": 1.0, "ssm": 1.0}
READ_SECONDS = {"dynamodb": 1.0, "sqs": 2.0, "ssm": 2.0}
ATTEMPTS = 2


@overload
def client(service: Literal["dynamodb"], *, connections: int) -> DynamoDBClient: ...


@overload
def client(service: Literal["sqs"], *, connections: int) -> SQSClient: ...


@overload
def client(service: Literal["ssm"], *, connections: int) -> SSMClient: ...


def client(
    service: Literal["dynamodb", "sqs", "ssm"], *, connections: int
) -> DynamoDBClient | SQSClient | SSMClient:
    """Make a client that keeps `connections` open: at least as many as threads that use it.

    Region, credentials and endpoint are the AWS library's business (`AWS_REGION`,
    `AWS_ENDPOINT_URL`, …). To be called from one thread.
    """
    return boto3.client(
        service,
        config=Config(
            connect_timeout=CONNECT_SECONDS[service],
            read_timeout=READ_SECONDS[service],
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=connections,
            # Lambda freezes between invocations; a dead connection should be found out early.
            tcp_keepalive=True,
            # The library would check each call's arguments against its model, which takes a seventh
            # of a call's processor time; the contract tests run with the check on.
            parameter_validation=False,
        ),
    )
