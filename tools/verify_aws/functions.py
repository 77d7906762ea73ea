"""The functions of a deployed stack: event source, permissions, alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.verify_aws.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient

MANY = 50
"""Alarms whose states are asked for at once: more than a stack has."""


def event_source(client: LambdaClient, function: str, queue_arn: str) -> Iterator[Check]:
    """The mapping from the dead-letter queue to the redrive function's live alias."""
    found = client.list_event_source_mappings(
        FunctionName=f"{function}:live", EventSourceArn=queue_arn
    )["EventSourceMappings"]
    yield Check("the redrive function has one event source", holds=len(found) == 1)
    for mapping in found:
        yield Check(
            "it is enabled and reports partial failures",
            holds=mapping.get("State") == "Enabled"
            and mapping.get("FunctionResponseTypes") == ["ReportBatchItemFailures"],
            seen=f"{mapping.get('State')}, {mapping.get('FunctionResponseTypes')}",
        )


def permissions(client: IAMClient, role: str) -> Iterator[Check]:
    """Whether a role may do what its policy says, whatever else is in force in the account."""
    arn = client.get_role(RoleName=role)["Role"]["Arn"]
    for name in client.list_role_policies(RoleName=role)["PolicyNames"]:
        document: Any = client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in document["Statement"]:
            actions, resources = _list(statement["Action"]), _list(statement["Resource"])
            answer = client.simulate_principal_policy(
                PolicySourceArn=arn, ActionNames=actions, ResourceArns=resources
            )
            denied = [
                each["EvalActionName"]
                for each in answer["EvaluationResults"]
                if each["EvalDecision"] != "allowed"
            ]
            yield Check(
                f"{role} may do {', '.join(actions)}", holds=not denied, seen=f"denied: {denied}"
            )


def alarms(cloudwatch: Any, names: Sequence[str]) -> Iterator[Check]:
    """That the stack's alarms exist, and none rings now."""
    found = cloudwatch.describe_alarms(AlarmNames=list(names)[:MANY])["MetricAlarms"]
    ringing = [each["AlarmName"] for each in found if each.get("StateValue") == "ALARM"]
    yield Check(f"all {len(names)} alarms exist", holds=len(found) == len(names))
    yield Check("no alarm rings", holds=not ringing, seen=", ".join(ringing))


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
