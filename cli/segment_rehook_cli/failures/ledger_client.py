"""The ledger's ports over the AWS library's client, for commands that write to the ledger.

The ports' real sides belong to the functions' own client, which raises AwsError. This client makes
the same calls with the library, and raises the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from segment_rehook.aws.dynamodb import DynamoLedger, DynamoUserMarks
from segment_rehook.aws.errors import AwsError
from segment_rehook.aws.system import SystemClock, SystemRandomness
from segment_rehook.aws.table import Table
from segment_rehook_cli.failures.settling import DiscardingLedger
from segment_rehook_cli.stack.botocore_errors import aws_error_classes, error_code
from segment_rehook_cli.stack.keeping import Keeping
from segment_rehook_cli.terminal.durations import DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from segment_rehook.delivery.outcome_line import OutcomeLine
    from segment_rehook.delivery.ports import Clock
    from segment_rehook_cli.stack.stack import Stack

__all__ = ["discarding_ledger", "table_of"]


class _Calls:
    """The operations that `Table` uses."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(**arguments: Any) -> Any:
            try:
                return method(**arguments)
            except aws_error_classes() as error:
                answer = getattr(error, "response", None)
                raise AwsError(error_code(error), answer) from error

        return call


class _Silent:
    """The port `Telemetry` of a process without log and metrics: a command says what fails."""

    def outcomes(self, lines: Sequence[OutcomeLine]) -> None:
        """Do nothing."""

    def warn(self, message: str, **fields: str | float | None) -> None:
        """Do nothing."""

    def warn_once(self, message: str, **fields: str | float | None) -> None:
        """Do nothing."""

    def count(self, metric: str, value: int = 1, **dimension: str) -> None:
        """Do nothing."""

    def count_now(self, metric: str, value: int) -> None:
        """Do nothing."""

    def observe(self, metric: str, value: float) -> None:
        """Do nothing."""


def table_of(client: DynamoDBClient, name: str, clock: Clock | None = None) -> Table:
    """Give the ledger's table as the functions use it. `client`: the AWS library's."""
    return Table(cast("DynamoDBClient", _Calls(client)), name, clock or SystemClock(), _Silent())


def discarding_ledger(stack: Stack) -> DiscardingLedger:
    """Give the stack's ledger, for ending deliveries. Raises what boto3 raises, and StackUnusable.

    The parameter LedgerDays says for how long records and marks are kept.
    """
    keep = Keeping.of(stack.parameters).ledger_days * DAY
    clock = SystemClock()
    table = table_of(stack.client("dynamodb"), stack.output("LedgerTable"), clock)
    marks = DynamoUserMarks(table, clock, keep=keep)
    return DiscardingLedger(DynamoLedger(table), marks, clock, SystemRandomness(), keep=keep)
