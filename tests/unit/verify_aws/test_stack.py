"""What `make verify-aws` asks of a stack, and what it finds in the answers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from mypy_boto3_iam import IAMClient
from mypy_boto3_lambda import LambdaClient
from mypy_boto3_ssm import SSMClient

from tests.template.deployed import FUNCTIONS, REGION, translated
from tests.template.stack import parameters, template
from tools.verify_aws.check import Check
from tools.verify_aws.functions import permissions
from tools.verify_aws.live_alias import live_alias
from tools.verify_aws.secrets import read_secrets
from tools.verify_aws.stack import DeployedStack, read_stack

SESSION = boto3.Session("made-up", "made-up", region_name=REGION)
PATH = "/segment-rehook/bridge"
ID = f"arn:aws:cloudformation:{REGION}:123456789012:stack/bridge/0-0-0-0-0"
SECRETS = {
    "rehook/api-key": "key-1",
    "rehook/api-secret": "s3cret",
    "segment/shared-secrets": "a secret with blanks\nthe old one\n",
}


def failures(checks: Iterable[Check]) -> list[Check]:
    """Give the checks that do not hold."""
    return [check for check in checks if not check.holds]


def page(values: dict[str, str], **more: str) -> dict[str, Any]:
    """Give one page of an answer of SSM."""
    listed = [{"Name": f"{PATH}/{name}", "Value": value} for name, value in values.items()]
    return {"Parameters": listed, **more}


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> DeployedStack:
    """Give a stack that was deployed from this template with default parameters."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    made = translated()
    return DeployedStack(
        stack_id=ID,
        outputs={},
        parameters={name: str(said["Default"]) for name, said in parameters().items()},
        physical={name: _physical(name, resource) for name, resource in made.items()},
        kinds={name: resource["Type"] for name, resource in made.items()},
        template={"Resources": made, "Conditions": template()["Conditions"]},
    )


def _physical(name: str, resource: dict[str, Any]) -> str:
    if resource["Type"] != "AWS::Lambda::Alias":
        return f"the-{name}"
    function = resource["Properties"]["FunctionName"]["Ref"]
    return f"arn:aws:lambda:{REGION}:123456789012:function:the-{function}:live"


def behind_the_alias(stack: DeployedStack) -> LambdaClient:
    """Give a client of Lambda that answers, for the alias `live`, what that stack deployed."""
    client: LambdaClient = SESSION.client("lambda")
    stub = Stubber(client)
    for function in FUNCTIONS:
        properties = stack.template["Resources"][function]["Properties"]
        answer = {
            name: stack.resolve(properties[name])
            for name in ("Architectures", "Environment", "MemorySize", "Timeout")
        }
        answer["MemorySize"] = int(answer["MemorySize"])
        answer |= {"Description": stack.resolve(stack.description(function)), "Version": "7"}
        stub.add_response(
            "get_function_configuration",
            answer,
            {"FunctionName": f"the-{function}", "Qualifier": "live"},
        )
    stub.activate()
    return client


def test_an_alias_that_runs_what_was_deployed_passes(stack: DeployedStack) -> None:
    """Functions that run with the values of the stack's parameters and resources pass the check."""
    assert failures(live_alias(behind_the_alias(stack), stack)) == []


@pytest.mark.parametrize(
    ("parameter", "value", "variable", "functions"),
    [
        ("BatchToken", "required", "BATCH_TOKEN", 1),
        ("UnknownPolicy", "park", "UNKNOWN_POLICY", 2),
        ("IngestMemory", "512", "MemorySize", 1),
        ("Architecture", "x86_64", "Architectures", 2),
    ],
)
def test_a_parameter_that_did_not_go_live_is_noticed(
    stack: DeployedStack, parameter: str, value: str, variable: str, functions: int
) -> None:
    """A parameter that the stack has and the functions do not is found, with both values."""
    before = behind_the_alias(stack)
    changed = replace(stack, parameters={**stack.parameters, parameter: value})
    failed = failures(live_alias(before, changed))
    assert len(failed) == functions
    for check in failed:
        assert f"{variable} is {stack.parameters[parameter]}, deployed was {value}" in check.seen
        assert "Description is" in check.seen


@pytest.mark.parametrize("form", ["text", "object"])
def test_a_stack_is_read_whole(form: str) -> None:
    """All pages of the resources are read, and the template in either form of the answer."""
    client = SESSION.client("cloudformation")
    stub = Stubber(client)
    described = {
        "StackName": "bridge",
        "StackId": ID,
        "CreationTime": "2026-01-01T00:00:00Z",
        "StackStatus": "CREATE_COMPLETE",
        "Parameters": [{"ParameterKey": "LogLevel", "ParameterValue": "INFO"}],
        "Outputs": [{"OutputKey": "SecretsPath", "OutputValue": PATH}],
    }
    stub.add_response("describe_stacks", {"Stacks": [described]})
    for number, token in ((1, {"NextToken": "2"}), (2, {})):
        resource = {
            "LogicalResourceId": f"Queue{number}",
            "PhysicalResourceId": f"queue-{number}",
            "ResourceType": "AWS::SQS::Queue",
            "LastUpdatedTimestamp": "2026-01-01T00:00:00Z",
            "ResourceStatus": "CREATE_COMPLETE",
        }
        stub.add_response("list_stack_resources", {"StackResourceSummaries": [resource], **token})
    text = json.dumps({"Resources": {}})
    stub.add_response(
        "get_template", {"TemplateBody": text if form == "object" else "Resources: {}"}
    )
    stub.activate()
    stack = read_stack(client, "bridge")
    assert stack.of_kind("AWS::SQS::Queue") == ["Queue1", "Queue2"]
    assert stack.physical["Queue2"] == "queue-2"
    assert stack.parameters == {"LogLevel": "INFO"}
    assert stack.template == {"Resources": {}}
    assert stack.resolve({"Fn::Sub": "${AWS::StackName}/${LogLevel}"}) == "bridge/INFO"


def test_secrets_are_read_as_the_functions_read_them() -> None:
    """All pages of the parameters are read, and each line is one secret, with its blanks."""
    client: SSMClient = SESSION.client("ssm")
    stub = Stubber(client)
    others = {f"unrelated-{number}": "x" for number in range(10)}
    stub.add_response("get_parameters_by_path", page(others, NextToken="more"))
    stub.add_response("get_parameters_by_path", page(SECRETS))
    stub.activate()
    secrets, check = read_secrets(client, PATH)
    assert check.holds
    assert secrets is not None
    assert secrets.shared_secrets == ("a secret with blanks", "the old one")


@pytest.mark.parametrize(
    ("change", "named"),
    [({"rehook/api-key": ""}, "rehook/api-key"), ({"mode": "of operation"}, "mode")],
)
def test_secrets_that_are_missing_or_wrong_are_found(change: dict[str, str], named: str) -> None:
    """The check fails with the name of the parameter, and does not show a value."""
    client: SSMClient = SESSION.client("ssm")
    stub = Stubber(client)
    stub.add_response("get_parameters_by_path", page(SECRETS | change))
    stub.activate()
    _, check = read_secrets(client, PATH)
    assert not check.holds
    assert named in check.seen
    assert "s3cret" not in check.seen


def test_a_permission_under_a_condition_is_tried_under_it() -> None:
    """A permission with a condition is simulated with values that meet the condition."""
    client: IAMClient = SESSION.client("iam")
    stub = Stubber(client)
    role = {
        "Path": "/",
        "RoleName": "role-of-ingest",
        "RoleId": "A" * 16,
        "Arn": "arn:aws:iam::123456789012:role/role-of-ingest",
        "CreateDate": "2026-01-01T00:00:00Z",
    }
    statement = {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": "arn:aws:kms:eu-west-1:123456789012:key/0-1",
        "Condition": {"StringEquals": {"kms:ViaService": "ssm.eu-west-1.amazonaws.com"}},
    }
    stub.add_response("get_role", {"Role": role})
    stub.add_response("list_role_policies", {"PolicyNames": ["ingest"]})
    stub.add_response(
        "get_role_policy",
        {
            "RoleName": "role-of-ingest",
            "PolicyName": "ingest",
            "PolicyDocument": json.dumps({"Statement": [statement]}),
        },
    )
    result = {"EvalActionName": "kms:Decrypt", "EvalDecision": "allowed"}
    stub.add_response(
        "simulate_principal_policy",
        {"EvaluationResults": [result]},
        {
            "PolicySourceArn": role["Arn"],
            "ActionNames": ["kms:Decrypt"],
            "ResourceArns": [statement["Resource"]],
            "ContextEntries": [
                {
                    "ContextKeyName": "kms:ViaService",
                    "ContextKeyValues": ["ssm.eu-west-1.amazonaws.com"],
                    "ContextKeyType": "string",
                }
            ],
        },
    )
    stub.activate()
    assert failures(permissions(client, "role-of-ingest")) == []
    stub.assert_no_pending_responses()
