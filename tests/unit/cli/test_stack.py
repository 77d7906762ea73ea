"""Tests of looking a stack up, and of the one line that each failure gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore import exceptions as aws
from botocore.parsers import ResponseParserError
from typer.testing import CliRunner

from segment_rehook_cli.main import app
from segment_rehook_cli.stack.aws_errors import StackUnusable, error_line
from segment_rehook_cli.stack.stack import Stack

ARN = "arn:aws-us-gov:cloudformation:us-gov-west-1:123456789012:stack/prod/1-2-3-4-5"
OUTPUTS = {
    "SecretsPath": "/segment-rehook/prod",
    "DeadLetterQueueUrl": "https://sqs/dead.fifo",
    "ParkingLotUrl": "https://sqs/parking.fifo",
}
COMMANDS = (["mode", "pause"], ["secrets", "put", "rehook/api-key"], ["failures", "list"])


def described(status: str, outputs: Mapping[str, str] = OUTPUTS, **parameters: str) -> Any:
    """Return a stack as DescribeStacks does."""
    return {
        "StackName": "prod",
        "StackId": ARN,
        "StackStatus": status,
        "Outputs": [{"OutputKey": name, "OutputValue": text} for name, text in outputs.items()],
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": text} for name, text in parameters.items()
        ],
    }


@pytest.fixture
def session() -> boto3.Session:
    """Return a session that makes no calls."""
    return boto3.Session("made-up", "made-up", region_name="eu-west-1")


@pytest.mark.parametrize(
    "status",
    [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
        "IMPORT_COMPLETE",
    ],
)
def test_a_stack_that_was_once_created_is_good(session: boto3.Session, status: str) -> None:
    """A stack that was created can be used, also while an update runs or after one failed."""
    stack = Stack.read(described(status, SecretsKeyArn="arn:key"), session)
    assert (stack.account, stack.region) == ("123456789012", "us-gov-west-1")
    assert stack.secrets_path == "/segment-rehook/prod"
    assert stack.secrets_key == "arn:key"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("CREATE_IN_PROGRESS", "still being created"),
        ("CREATE_FAILED", "could not be created"),
        ("ROLLBACK_COMPLETE", "delete it, and deploy again"),
        ("ROLLBACK_IN_PROGRESS", "rolled back"),
        ("REVIEW_IN_PROGRESS", "change set"),
        ("DELETE_IN_PROGRESS", "being deleted"),
        ("DELETE_FAILED", "delete it again"),
    ],
)
def test_a_stack_that_is_not_there_is_told_apart(
    session: boto3.Session, status: str, said: str
) -> None:
    """A stack that is not created or is deleted is refused, with its state."""
    with pytest.raises(StackUnusable, match=said):
        Stack.read(described(status, {}), session)


@pytest.mark.parametrize("missing", OUTPUTS)
def test_another_stack_is_known_by_its_outputs(session: boto3.Session, missing: str) -> None:
    """A stack without one of the outputs is refused as another application's."""
    outputs = {name: text for name, text in OUTPUTS.items() if name != missing}
    with pytest.raises(StackUnusable, match=f"has no output {missing}: it is not a stack of"):
        Stack.read(described("CREATE_COMPLETE", outputs), session)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../x", "letters, digits and hyphens"),
        ("", "letters, digits and hyphens"),
        ("-prod", "letters, digits and hyphens"),
        ("1prod", "letters, digits and hyphens"),
        ("prod\n", "letters, digits and hyphens"),
        ("pród", "letters, digits and hyphens"),
        (ARN, "letters, digits and hyphens"),
        ("p" * 50, "49"),
    ],
)
def test_what_is_no_name_is_refused_before_aws_is_asked(
    command: list[str], name: str, said: str
) -> None:
    """A name that is not valid is refused with exit code 2, without a call to AWS."""
    result = CliRunner().invoke(app, [*command, "--stack", name], input="x")
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("AWS_DEFAULT_REGION", "", "give --region"),
        ("AWS_DEFAULT_REGION", "eu west", "give --region, such as"),
        ("AWS_DEFAULT_REGION", " ", "give --region"),
        ("AWS_ENDPOINT_URL", "nonsense", "AWS_ENDPOINT_URL is not a URL"),
        ("AWS_ACCESS_KEY_ID", "", "there are no AWS credentials"),
        ("AWS_PROFILE", "nobody", "AWS_PROFILE names a profile"),
    ],
)
def test_a_machine_that_is_not_set_up_is_told_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, command: list[str], setting: str, value: str, said: str
) -> None:
    """Missing or wrong AWS settings give one line and exit code 3 in every command."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, text in {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "AWS_EC2_METADATA_DISABLED": "true",
        setting: value,
    }.items():
        if text:
            monkeypatch.setenv(name, text)
        else:
            monkeypatch.delenv(name, raising=False)
    if setting == "AWS_ACCESS_KEY_ID":
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    result = CliRunner().invoke(app, [*command, "--stack", "prod"], input="x")
    assert result.exit_code == 3
    [line] = result.stderr.splitlines()
    assert said in line


def refused(code: str, message: str = "value 's3cret' is wrong") -> aws.ClientError:
    """Return an error of AWS that refuses a call."""
    return aws.ClientError({"Error": {"Code": code, "Message": message}}, "PutParameter")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (refused("ExpiredToken"), "PutParameter: ExpiredToken: the AWS session has expired"),
        (refused("ExpiredTokenException"), "sign in again"),
        (refused("UnrecognizedClientException"), "does not know these credentials"),
        (refused("AWS.SimpleQueueService.NonExistentQueue"), "the queue does not exist"),
        (refused("ValidationException"), "PutParameter: ValidationException"),
        (refused("AccessDenied", "bob may\nnot"), "PutParameter: AccessDenied: bob may not"),
        (aws.NoCredentialsError(), "there are no AWS credentials"),
        (aws.PartialCredentialsError(provider="env", cred_var="x"), "there are no AWS cred"),
        (aws.UnauthorizedSSOTokenError(), "sign in again"),
        (aws.TokenRetrievalError(provider="sso", error_msg="x"), "sign in again"),
        (
            aws.EndpointConnectionError(endpoint_url="https://ssm.eu-wst-1.amazonaws.com"),
            "check the region",
        ),
        (aws.ReadTimeoutError(endpoint_url="https://ssm"), "AWS can't be reached"),
        (aws.ParamValidationError(report="s3cret"), "ParamValidationError"),
        (aws.ConfigParseError(path="config", error="x"), "AWS configuration file can't be read"),
        (ResponseParserError("s3cret"), "the answer is not from AWS"),
        (aws.ClientError({}, "GetParameter"), "GetParameter: the answer is not from AWS"),
    ],
    ids=repr,
)
def test_what_aws_says_is_one_line(error: Exception, said: str) -> None:
    """Each error is one line with what to do, and without a message that may contain a value."""
    line = error_line(error)
    assert said in line
    assert "\n" not in line
    assert "s3cret" not in line
