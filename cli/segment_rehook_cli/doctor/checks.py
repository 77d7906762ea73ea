"""All checks, and how they are run: none of them ends the others.

A check that AWS refuses is skipped, and its line names the missing permission.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from segment_rehook_cli.doctor.alarm_check import check_alarms, check_notification
from segment_rehook_cli.doctor.balance_check import check_balance
from segment_rehook_cli.doctor.check_result import CheckResult, Diagnosis, skipped
from segment_rehook_cli.doctor.clock_check import check_clock
from segment_rehook_cli.doctor.destination_check import (
    check_deployed_destination,
    check_destination_of_checkout,
)
from segment_rehook_cli.doctor.function_check import check_event_source, check_functions
from segment_rehook_cli.doctor.log_check import check_log_groups
from segment_rehook_cli.doctor.mode_check import check_mode
from segment_rehook_cli.doctor.parameter_check import check_parameters
from segment_rehook_cli.doctor.queue_check import check_dead_letter_queue, check_parking_lot
from segment_rehook_cli.doctor.rehook_check import check_key_pair
from segment_rehook_cli.doctor.table_check import check_table
from segment_rehook_cli.doctor.waiting_check import check_parked, check_waiting
from segment_rehook_cli.doctor.webhook_check import check_version, check_webhook
from segment_rehook_cli.stack.aws_errors import StackUnusable, error_line
from segment_rehook_cli.stack.botocore_errors import AWS_ERRORS, error_code

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["CHECKS", "PERMISSIONS", "diagnose", "refused"]

CheckFunction = Callable[["Subject"], Iterator[CheckResult]]

CHECKS: Final[Mapping[str, CheckFunction]] = {
    "alarms": check_alarms,
    "notification": check_notification,
    "mode": check_mode,
    "parameters": check_parameters,
    "key pair": check_key_pair,
    "webhook": check_webhook,
    "version": check_version,
    "functions": check_functions,
    "event source": check_event_source,
    "destination": check_deployed_destination,
    "checkout": check_destination_of_checkout,
    "dead-letter queue": check_dead_letter_queue,
    "parking lot": check_parking_lot,
    "table": check_table,
    "log groups": check_log_groups,
    "waiting": check_waiting,
    "parked": check_parked,
    "balance": check_balance,
    "clock": check_clock,
}
"""By their names, in the order of their lines."""

PERMISSIONS: Final = {
    "DescribeAlarms": "cloudwatch:DescribeAlarms",
    "DescribeLogGroups": "logs:DescribeLogGroups",
    "DescribeStackResources": "cloudformation:DescribeStackResources",
    "DescribeStacks": "cloudformation:DescribeStacks",
    "DescribeTable": "dynamodb:DescribeTable",
    "DescribeTimeToLive": "dynamodb:DescribeTimeToLive",
    "GetAlias": "lambda:GetAlias",
    "GetFunctionConfiguration": "lambda:GetFunctionConfiguration",
    "GetLayerVersionByArn": "lambda:GetLayerVersion",
    "GetMetricData": "cloudwatch:GetMetricData",
    "GetParameter": "ssm:GetParameter",
    "GetParametersByPath": "ssm:GetParametersByPath",
    "GetQueryResults": "logs:GetQueryResults",
    "GetQueueAttributes": "sqs:GetQueueAttributes",
    "ListEventSourceMappings": "lambda:ListEventSourceMappings",
    "ListStackResources": "cloudformation:ListStackResources",
    "ListSubscriptionsByTopic": "sns:ListSubscriptionsByTopic",
    "StartQuery": "logs:StartQuery",
    "StopQuery": "logs:StopQuery",
}
"""The permission that each operation needs, of all that `doctor` calls."""

DECRYPTS: Final = "GetParametersByPath"
"""It fails in the same way where the key of the secrets may not be used."""

_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError"})


def diagnose(subject: Subject, checks: Mapping[str, CheckFunction] = CHECKS) -> Iterator[Diagnosis]:
    """Run the checks in order; each gives one line or several."""
    for name, check in checks.items():
        try:
            for result in check(subject):
                yield Diagnosis(name, result)
        except (*AWS_ERRORS, StackUnusable) as error:
            yield Diagnosis(name, refused(error))


def refused(error: Exception) -> CheckResult:
    """Give the result where AWS refused a call, or the stack lacks what is looked at."""
    if isinstance(error, StackUnusable):
        return skipped(str(error))
    operation = getattr(error, "operation_name", "")
    permission = PERMISSIONS.get(operation)
    said = error_line(error)
    if permission and error_code(error) in _DENIED:
        decrypt = " or kms:Decrypt" if operation == DECRYPTS else ""
        return skipped(f"your credentials lack the permission {permission}{decrypt} ({said})")
    return skipped(said)
