"""Checks the functions of a deployed stack: event source and permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.verify_aws.accepted import accepted
from tools.verify_aws.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import ContextEntryTypeDef
    from mypy_boto3_lambda import LambdaClient


def event_source(client: LambdaClient, function: str, queue_arn: str) -> Iterator[Check]:
    """Check the event source from the dead-letter queue to the redrive function's alias `live`."""
    pages = client.get_paginator("list_event_source_mappings").paginate(
        FunctionName=f"{function}:live", EventSourceArn=queue_arn
    )
    found = [mapping for page in pages for mapping in page["EventSourceMappings"]]
    yield Check("the redrive function has one event source", holds=len(found) == 1)
    for mapping in found:
        yield Check(
            "it is enabled and reports partial failures",
            holds=mapping.get("State") == "Enabled"
            and mapping.get("FunctionResponseTypes") == ["ReportBatchItemFailures"],
            seen=f"{mapping.get('State')}, {mapping.get('FunctionResponseTypes')}",
        )


def permissions(client: IAMClient, role: str) -> Iterator[Check]:
    """Check that a role may do what its policy says: other policies of the account may deny it."""
    found, check = accepted(
        client, f"the role {role} is read", lambda: client.get_role(RoleName=role)
    )
    if found is None:
        yield check
        return
    arn = found["Role"]["Arn"]
    pages = client.get_paginator("list_role_policies").paginate(RoleName=role)
    for name in [name for page in pages for name in page["PolicyNames"]]:
        document: Any = client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in document["Statement"]:
            actions = _list(statement["Action"])
            answers = client.get_paginator("simulate_principal_policy").paginate(
                PolicySourceArn=arn,
                ActionNames=actions,
                ResourceArns=_list(statement["Resource"]),
                ContextEntries=_context(statement),
            )
            denied = [
                each["EvalActionName"]
                for answer in answers
                for each in answer["EvaluationResults"]
                if each["EvalDecision"] != "allowed"
            ]
            yield Check(
                f"{role} may do {', '.join(actions)}", holds=not denied, seen=f"denied: {denied}"
            )


def _context(statement: Any) -> list[ContextEntryTypeDef]:
    """Give context entries with which the conditions of a statement hold.

    Without them, the simulation would deny what the policy allows under a condition, such as
    `kms:Decrypt` through SSM.
    """
    return [
        {"ContextKeyName": key, "ContextKeyValues": _list(value), "ContextKeyType": "string"}
        for tested in statement.get("Condition", {}).values()
        for key, value in tested.items()
    ]


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
