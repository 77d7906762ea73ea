"""Each function may do what its code calls, on its own resources, and nothing else."""

from __future__ import annotations

import ast
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

import segment_rehook
from tests.template.stack import ROOT, Tree, parameters, properties, resources, template

ROLES = {"IngestRole": "IngestLog", "RedriveRole": "RedriveLog"}
SERVICES = ("dynamodb", "sqs", "ssm")
# Statements are authorised by kind. Ingest claims and settles, redrive settles and clears marks.
STATEMENTS = {
    "IngestRole": {"dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"},
    "RedriveRole": {"dynamodb:PartiQLDelete", "dynamodb:PartiQLUpdate"},
}
# Batch calls are authorised as what they are made of: service authorization reference.
AUTHORISED_AS = {
    "dynamodb:BatchExecuteStatement": set().union(*STATEMENTS.values()),
    "lambda:GetLayerVersionByArn": {"lambda:GetLayerVersion"},
    "sqs:SendMessageBatch": {"sqs:SendMessage"},
    "sqs:ChangeMessageVisibilityBatch": {"sqs:ChangeMessageVisibility"},
    "sqs:DeleteMessageBatch": {"sqs:DeleteMessage"},
}
# What Lambda itself does with the function's role.
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
TRACE = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
EVENT_SOURCE = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
# By function and resource: ingest marks users and redrive clears the marks; ingest stores dead
# letters and redrive takes them, without ever sending one; both park.
READ_SECRETS = {"ssm:GetParametersByPath"}
MAY = {
    "IngestRole": {
        "secrets": READ_SECRETS,
        "Ledger": {
            "dynamodb:BatchGetItem",
            "dynamodb:BatchWriteItem",
            "dynamodb:PutItem",
            *STATEMENTS["IngestRole"],
        },
        "DeadLetterQueue": {"sqs:SendMessage"},
        "ParkingLot": {"sqs:SendMessage"},
    },
    "RedriveRole": {
        "secrets": READ_SECRETS,
        "Ledger": {
            "dynamodb:BatchGetItem",
            "dynamodb:DeleteItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            *STATEMENTS["RedriveRole"],
        },
        "DeadLetterQueue": EVENT_SOURCE | {"sqs:ChangeMessageVisibility"},
        "ParkingLot": {"sqs:SendMessage"},
    },
}


def operations() -> dict[str, set[str]]:
    """IAM actions by the name of the client's method, for the services that the bridge uses."""
    found = {}
    for service in SERVICES:
        for operation in botocore.session.Session().get_service_model(service).operation_names:
            action = f"{service}:{operation}"
            found[xform_name(operation)] = AUTHORISED_AS.get(action, {action})
    return found


def actions_called() -> set[str]:
    """IAM actions of the calls that stand in the package."""
    known = operations()
    (package,) = segment_rehook.__path__
    names = set()
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="get_paginator"), args=[ast.Constant(value)]):
                    names.add(str(value))
                case ast.Call(func=ast.Attribute(attr=name)):
                    names.add(name)
                case _:
                    pass
    return set().union(*(known[name] for name in names & known.keys()))


def statements(role: str) -> list[Tree]:
    """The statements of a role, those under a condition included."""
    (policy,) = properties(role)["Policies"]
    listed = policy["PolicyDocument"]["Statement"]
    return [entry["Fn::If"][1] if "Fn::If" in entry else entry for entry in listed]


def is_tracing(statement: Tree) -> bool:
    """Whether it is what Lambda needs to trace the function, which has no resource of its own."""
    return set(as_list(statement["Action"])) == TRACE


def as_list(value: Any) -> list[Any]:
    """IAM takes one or many."""
    return value if isinstance(value, list) else [value]


def granted(role: str) -> dict[str, set[str]]:
    """Actions by resource, for what the role may do without a condition."""
    found: dict[str, set[str]] = {}
    for statement in statements(role):
        if "Condition" in statement or is_tracing(statement):
            continue
        for resource in as_list(statement["Resource"]):
            name = resource["Fn::GetAtt"][0] if "Fn::GetAtt" in resource else "secrets"
            found.setdefault(name, set()).update(as_list(statement["Action"]))
    return found


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_on_each_resource_what_its_function_does_there(role: str) -> None:
    """Each role allows on each resource exactly what its function does there."""
    assert granted(role) == MAY[role] | {ROLES[role]: LOGS}


def test_what_may_be_done_is_what_the_code_calls() -> None:
    """Together the roles allow each AWS call that stands in the package, and Lambda's own."""
    allowed = {action for role in MAY.values() for actions in role.values() for action in actions}
    assert allowed == actions_called() | EVENT_SOURCE


@pytest.mark.parametrize("role", ROLES)
def test_no_permission_reaches_beyond_the_stack(role: str) -> None:
    """Each permission is for a resource of the stack; the one star ends its secrets' path.

    Traces are no resources. They have a test of their own.
    """
    own = {
        logical_id
        for kind in ("AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::Logs::LogGroup")
        for logical_id in resources(kind)
    }
    for statement in statements(role):
        if is_tracing(statement):
            continue
        assert statement["Effect"] == "Allow"
        assert not {"NotAction", "NotResource"} & set(statement)
        assert not any("*" in action for action in as_list(statement["Action"]))
        for resource in as_list(statement["Resource"]):
            match resource:
                case {"Fn::GetAtt": [logical_id, "Arn"]}:
                    assert logical_id in own
                case {"Fn::Sub": text}:
                    stem = text.removesuffix("/*")
                    assert stem.endswith(":parameter/segment-rehook/${AWS::StackName}")
                    assert "*" not in stem
                case _:
                    assert resource == {"Ref": "SecretsKeyArn"}
                    assert "kms:ViaService" in statement["Condition"]["StringEquals"]


@pytest.mark.parametrize(("role", "log"), ROLES.items())
def test_each_function_writes_its_own_log(role: str, log: str) -> None:
    """Each function may write to its own log group, and make none."""
    (statement,) = [s for s in statements(role) if set(as_list(s["Action"])) & LOGS]
    assert set(statement["Action"]) == LOGS
    assert statement["Resource"] == {"Fn::GetAtt": [log, "Arn"]}


@pytest.mark.parametrize("role", ROLES)
def test_a_function_may_trace_only_if_tracing_is_on(role: str) -> None:
    """X-Ray's permissions and Lambda's tracing are there under the parameter `Tracing` only."""
    (policy,) = properties(role)["Policies"]
    listed = policy["PolicyDocument"]["Statement"]
    [(condition, statement, otherwise)] = [
        entry["Fn::If"] for entry in listed if "Fn::If" in entry and is_tracing(entry["Fn::If"][1])
    ]
    assert (condition, otherwise) == ("Traces", {"Ref": "AWS::NoValue"})
    assert (statement["Effect"], statement["Resource"]) == ("Allow", "*")
    assert template()["Conditions"]["Traces"] == {"Fn::Equals": [{"Ref": "Tracing"}, "on"]}
    assert parameters()["Tracing"]["Default"] == "off"
    mode = {"Fn::If": ["Traces", "Active", "PassThrough"]}
    traced = [each["Properties"] for each in resources("AWS::Serverless::Function").values()]
    assert [
        each["Tracing"] for each in traced if each["Role"] == {"Fn::GetAtt": [role, "Arn"]}
    ] == [mode]


@pytest.mark.parametrize("role", ROLES)
def test_secrets_are_readable_by_path(role: str) -> None:
    """Both functions may read the secrets' path and what lies below it."""
    (statement,) = [s for s in statements(role) if s["Action"] == "ssm:GetParametersByPath"]
    path, below = (resource["Fn::Sub"] for resource in statement["Resource"])
    assert below == path + "/*"


def test_functions_have_these_roles_and_no_policies_of_sams() -> None:
    """Each function has a role of the template and no policies of SAM's.

    SAM would add managed policies, which reach every resource.
    """
    functions = resources("AWS::Serverless::Function")
    for name in ("Ingest", "Redrive", "PreTraffic"):
        logical_id, role = f"{name}Function", f"{name}Role"
        said = functions.pop(logical_id)["Properties"]
        assert said["Role"] == {"Fn::GetAtt": [role, "Arn"]}
        assert "Policies" not in said
    assert not functions, "a function that these tests do not know"
