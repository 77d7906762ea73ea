"""Tests of the sandbox's CloudFormation, which the command line asks about the stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tools.sandbox import Fault, Kind, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_cloudformation import CloudFormationClient


@pytest.fixture
def client(box: Sandbox) -> Iterator[Callable[..., CloudFormationClient]]:
    """Give a function that makes clients with the variables that the sandbox prints."""
    made: list[CloudFormationClient] = []

    def make(region: str | None = None) -> CloudFormationClient:
        variables = box.description().environment
        made.append(
            boto3.client(
                "cloudformation",
                endpoint_url=variables["AWS_ENDPOINT_URL"],
                region_name=region or variables["AWS_REGION"],
                aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
                config=Config(retries={"total_max_attempts": 1}),
            )
        )
        return made[-1]

    yield make
    for each in made:
        each.close()


def pairs(members: list[Any], kind: str) -> dict[str, str]:
    """Return outputs or parameters as a dictionary."""
    return {each[f"{kind}Key"]: each[f"{kind}Value"] for each in members}


def test_a_stack_is_described(box: Sandbox, client: Callable[..., CloudFormationClient]) -> None:
    """The stack is found by name, by ARN and among all, with its outputs and parameters."""
    asked = client()
    [stack] = asked.describe_stacks(StackName=box.stack.name)["Stacks"]
    assert asked.describe_stacks(StackName=stack.get("StackId", ""))["Stacks"] == [stack]
    assert asked.describe_stacks()["Stacks"] == [stack]
    arn = stack.get("StackId", "").split(":")
    assert arn[:5] == ["arn", "aws", "cloudformation", "us-east-1", "123456789012"]
    assert arn[5].startswith(f"stack/{box.stack.name}/")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["CreationTime"].tzinfo is not None
    assert pairs(stack.get("Outputs", []), "Output") == {
        "WebhookUrl": box.webhook,
        "LettersUrl": box.queue("Letters").url,
        "ReturnedArn": f"arn:aws:sqs:us-east-1:123456789012:{box.stack.queues['Returned'].name}",
    }
    assert pairs(stack.get("Parameters", []), "Parameter") == {
        "Greeting": "hi",
        "Password": "****",
        "RehookUrl": box.rehook_url,
    }


@pytest.mark.parametrize("region", [None, "eu-west-1"])
def test_another_stack_does_not_exist(
    box: Sandbox, client: Callable[..., CloudFormationClient], region: str | None
) -> None:
    """Another name, or another region, gives the error that AWS gives."""
    name = box.stack.name if region else "other <&>"
    with pytest.raises(ClientError) as caught:
        client(region).describe_stacks(StackName=name)
    error = caught.value.response.get("Error", {})
    assert error.get("Code") == "ValidationError"
    assert error.get("Message") == f"Stack with id {name} does not exist"
    if region:
        assert client(region).describe_stacks()["Stacks"] == []


def test_its_resources_have_physical_ids(
    box: Sandbox, client: Callable[..., CloudFormationClient]
) -> None:
    """Each resource is listed with the id by which its service knows it."""
    asked = client()
    described = asked.describe_stack_resources(StackName=box.stack.name)["StackResources"]
    ids = {
        each["LogicalResourceId"]: (each["ResourceType"], each.get("PhysicalResourceId"))
        for each in described
    }
    name = box.stack.name
    assert ids["Letters"] == ("AWS::SQS::Queue", box.queue("Letters").url)
    assert ids["Notes"] == ("AWS::DynamoDB::Table", f"{name}-Notes")
    assert ids["Echo"] == ("AWS::Lambda::Function", f"{name}-Echo")
    alias = f"arn:aws:lambda:us-east-1:123456789012:function:{name}-Echo:live"
    assert ids["EchoAliaslive"] == ("AWS::Lambda::Alias", alias)
    layers = [id_ for kind, id_ in ids.values() if kind == "AWS::Lambda::LayerVersion"]
    assert layers == ["arn:aws:lambda:us-east-1:123456789012:layer:Shared:1"]
    pages = asked.get_paginator("list_stack_resources").paginate(StackName=described[0]["StackId"])
    listed = [each for page in pages for each in page["StackResourceSummaries"]]
    assert {
        each["LogicalResourceId"]: (each["ResourceType"], each.get("PhysicalResourceId"))
        for each in listed
    } == ids
    [one] = asked.describe_stack_resources(StackName=name, LogicalResourceId="Notes")[
        "StackResources"
    ]
    assert one["ResourceStatus"] == "CREATE_COMPLETE"


def test_resources_that_there_are_not(
    box: Sandbox, client: Callable[..., CloudFormationClient]
) -> None:
    """Another stack, another resource and another page are refused with CloudFormation's code."""
    asked = client()
    for call in (
        lambda: asked.list_stack_resources(StackName="other"),
        lambda: asked.list_stack_resources(StackName=box.stack.name, NextToken="other"),
        lambda: asked.describe_stack_resources(StackName="other"),
        lambda: asked.describe_stack_resources(StackName=box.stack.name, LogicalResourceId="No"),
        asked.describe_stack_resources,
    ):
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.response.get("Error", {}).get("Code") == "ValidationError"


def test_what_is_not_answered_says_so(client: Callable[..., CloudFormationClient]) -> None:
    """An operation that the sandbox does not have is refused by name."""
    with pytest.raises(ClientError, match="ListStackResources only"):
        client().list_stacks()


def test_it_can_be_made_to_fail(box: Sandbox, client: Callable[..., CloudFormationClient]) -> None:
    """Faults can be set for the operator's calls to CloudFormation, and the calls are counted."""
    match = {"caller": "operator", "service": "cloudformation", "operation": "DescribeStacks"}
    box.aws.fault(Fault(kind=Kind.ANSWER, match=match))
    with pytest.raises(ClientError, match="InternalFailure"):
        client().describe_stacks()
    box.aws.fault(Fault(kind=Kind.RESET, match=match))
    with pytest.raises(BotoCoreError):
        client().describe_stacks()
    assert client().describe_stacks()["Stacks"]
    assert box.aws.operations("operator")["cloudformation:DescribeStacks"] >= 3
