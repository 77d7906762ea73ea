"""Whether the ledger's table is there and forgets (dynamodb:DescribeTable, DescribeTimeToLive)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from segment_rehook_cli.doctor.check_result import finding, ok

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["check_table"]

EXPIRY: Final = "expires_at"


def check_table(subject: Subject) -> Iterator[CheckResult]:
    """Look at the table's state, and whether items are deleted when they expire."""
    client: DynamoDBClient = subject.client("dynamodb")
    name = subject.stack.output("LedgerTable")
    try:
        table = client.describe_table(TableName=name)["Table"]
    except client.exceptions.ResourceNotFoundException:
        yield finding(f"the table {name} does not exist: the stack can't run without it")
        return
    if table["TableStatus"] not in {"ACTIVE", "UPDATING"}:
        yield finding(f"the table {name} is {table['TableStatus']}")
        return
    expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if expiry.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
        yield finding(
            f"the time to live of {name} is off: what it remembers is never forgotten",
            f"aws dynamodb update-time-to-live --region {subject.stack.region} --table-name {name} "
            f"--time-to-live-specification Enabled=true,AttributeName={EXPIRY}",
        )
    elif expiry.get("AttributeName") != EXPIRY:
        yield finding(
            f"the time to live of {name} is by another attribute than {EXPIRY}", subject.deploy()
        )
    else:
        yield ok(f"{name}: {table['TableStatus'].lower()}, items expire by {EXPIRY}")
