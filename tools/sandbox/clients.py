"""The sandbox's own clients of its AWS server."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import boto3
from botocore.config import Config

from tools.sandbox.intrinsics import REGION

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient


class Clients(NamedTuple):
    """A client of each service in which the sandbox creates something."""

    sqs: SQSClient
    dynamodb: DynamoDBClient
    ssm: SSMClient


def connect(endpoint: str) -> Clients:
    """Make the clients. Each call is made once."""
    session = boto3.Session(
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",  # noqa: S106 — moto takes any
        region_name=REGION,
    )
    config = Config(retries={"total_max_attempts": 1}, max_pool_connections=32)
    return Clients(
        session.client("sqs", endpoint_url=endpoint, config=config),
        session.client("dynamodb", endpoint_url=endpoint, config=config),
        session.client("ssm", endpoint_url=endpoint, config=config),
    )
