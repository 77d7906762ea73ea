"""The policies for people: enough for what they do, and no more than the stack."""

from __future__ import annotations

from fnmatch import fnmatchcase

import botocore.session
import pytest

from tests.template import policies
from tests.template.deployed import REGION, schema, translated
from tests.template.test_deployments_in_steps import CANARY
from tests.template.test_permissions import as_list

PLACEHOLDERS = {"REGION", "ACCOUNT", "STACK"}
# Permissions that CloudFormation's schemas list for properties that the template does not set.
NOT_SET = {
    "dynamodb:*Item*": "copies of a global table, imports",
    "dynamodb:*ResourcePolicy": "a policy of the table",
    "dynamodb:*TableReplica": "a global table",
    "dynamodb:*KinesisStreamingDestination": "a stream",
    "dynamodb:ImportTable": "an import",
    "dynamodb:Query": "as the items",
    "dynamodb:Scan": "as the items",
    "dynamodb:UpdateContributorInsights": "insights",
    "ec2:*": "a network of one's own",
    "elasticfilesystem:*": "a file system",
    "firehose:*": "a log that goes elsewhere",
    "iam:CreateServiceLinkedRole": "capacity that scales",
    "kinesis:*": "a stream",
    "kms:*": "keys of one's own",
    "lambda:AssociateRuntimeAlias": "a version of the runtime",
    "lambda:PassCapacityProvider": "machines of one's own",
    "logs:*DataProtectionPolicy": "masked data",
    "logs:*IndexPolicy": "an index",
    "logs:*KmsKey": "keys of one's own",
    "logs:CreateLogStream": "an import into the table",
    "logs:DeleteResourcePolicy": "a policy of the account",
    "logs:DescribeLogStreams": "an import into the table",
    "logs:PutBearerTokenAuthentication": "logs that are sent in",
    "logs:PutLogEvents": "an import into the table",
    "logs:PutLogGroupDeletionProtection": "a group that can't be deleted",
    "codedeploy:RegisterOnPremisesInstance": "machines of one's own",
    "s3files:*": "a file system",
    "s3:GetObjectMetadata": "an import into the table",
    "s3:REST.PUT.OBJECT": "a log that goes elsewhere",
    "sns:PutDataProtectionPolicy": "masked data",
}
# Made by the template of a later version, or by its other choices.
ALSO = {"AWS::CloudWatch::Dashboard", "AWS::Logs::QueryDefinition"}
# Actions that IAM knows and no client's method is called like.
NO_OPERATION = {f"apigateway:{method}" for method in ("DELETE", "GET", "PATCH", "POST", "PUT")} | {
    "apigateway:TagResource",
    "apigateway:UntagResource",
    "cloudformation:TagResource",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "iam:PassRole",
    "logs:*LogDelivery",
    "logs:ListLogDeliveries",
    "s3:DeleteObjectVersion",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutEncryptionConfiguration",
}
EVERYWHERE = {
    # Neither has a resource in the service authorization reference, or it is the account's.
    "TemplateSummary",
    "LogsOfTheAccount",
    "StopADeployment",
    "ReadFigures",
}


def listed_but_unset(permission: str) -> bool:
    """Whether a permission is for a property that the template does not set."""
    return any(fnmatchcase(permission, pattern) for pattern in NOT_SET)


def kinds() -> set[str]:
    """The type of every resource that is deployed, in steps and with a topic for alarms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        return {str(each["Type"]) for each in translated(CANARY).values()} | ALSO


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_a_deployer_may_make_change_and_delete_each_resource(kind: str) -> None:
    """The deployer's policy allows what CloudFormation's schema of each resource type asks for."""
    handlers = schema(kind)["handlers"]
    needed = {
        permission
        for step in ("create", "read", "update", "delete")
        for permission in handlers.get(step, {}).get("permissions", [])
    }
    missing = {
        each
        for each in needed
        if not listed_but_unset(each) and not policies.allows("deployer", each)
    }
    assert needed
    assert not missing


def test_a_deployer_reads_no_event_and_no_secret() -> None:
    """The deployer's policy allows neither to read or send messages, records and secrets."""
    for action in (
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
        "dynamodb:GetItem",
        "dynamodb:Scan",
        "ssm:GetParameter",
        "lambda:InvokeFunction",
        "logs:GetLogEvents",
    ):
        assert not policies.allows("deployer", action)


@pytest.mark.parametrize("name", policies.NAMES)
def test_a_policy_is_for_one_stack(name: str) -> None:
    """Each resource of a policy names the stack, SAM's bucket or what has no name of its own."""
    for statement in policies.statements(name):
        assert statement["Effect"] == "Allow"
        assert not {"NotAction", "NotResource"} & set(statement)
        for resource in as_list(statement["Resource"]):
            if resource == "*":
                assert statement["Sid"] in EVERYWHERE
            else:
                own = ("STACK", "aws-sam-cli-managed-default", "Serverless-2016-10-31", "apis*")
                unnamed = ("event-source-mapping:*", "/tags/*", "CodeDeployDefault.Lambda*")
                assert any(each in resource for each in own + unnamed), resource


@pytest.mark.parametrize("name", policies.NAMES)
def test_each_action_of_a_policy_exists(name: str) -> None:
    """Each action is an operation of its service, so that none is misspelt."""
    session = botocore.session.Session()
    for action in policies.actions(name) - NO_OPERATION:
        service, _, pattern = action.partition(":")
        names = session.get_service_model(service).operation_names
        known = any(fnmatchcase(each, pattern) for each in names)
        assert known or any(fnmatchcase(action, each) for each in NO_OPERATION), action


@pytest.mark.parametrize("name", policies.NAMES)
def test_a_policy_fits_into_one_managed_policy(name: str) -> None:
    """A policy is small enough for a managed policy, with the longest stack name filled in."""
    longest = {"STACK": "s" * 49, "ACCOUNT": "1" * 12, "REGION": "ap-southeast-1"}
    filled = policies.text_of(name)
    assert all(word in filled for word in PLACEHOLDERS)
    for word, value in longest.items():
        filled = filled.replace(word, value)
    assert len("".join(filled.split())) <= policies.MAX_CHARACTERS
