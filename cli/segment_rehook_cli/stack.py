"""The deployed stack that a command works on, looked up in CloudFormation first.

Without the look-up, a command would write the parameters of a stack that does not exist. It needs
the permission `cloudformation:DescribeStacks` only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from segment_rehook_cli.aws_errors import NOT_AWS, exit_on_aws_error
from segment_rehook_cli.botocore_errors import error_code
from segment_rehook_cli.messages import failure

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation.client import CloudFormationClient

__all__ = ["Region", "Stack", "StackName", "StackUnusable", "look_up"]

MAX_NAME_LENGTH: Final = 49
# READ_SECONDS is more than the longest poll of SQS, 20 s.
CONNECT_SECONDS, READ_SECONDS, MAX_TRIES = 5, 30, 3
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_UNFINISHED: Final = {
    "REVIEW_IN_PROGRESS": "is not created yet: its change set has not been executed",
    "CREATE_IN_PROGRESS": "is still being created: wait until it is complete",
    "CREATE_FAILED": "could not be created: look at its events, delete it, and deploy again",
    "ROLLBACK_IN_PROGRESS": "could not be created and is being rolled back",
    "ROLLBACK_COMPLETE": "could not be created: look at its events, delete it, and deploy again",
    "ROLLBACK_FAILED": "could not be created: look at its events, delete it, and deploy again",
    "DELETE_IN_PROGRESS": "is being deleted",
    "DELETE_FAILED": "could not be deleted completely: look at its events, and delete it again",
    "DELETE_COMPLETE": "is deleted",
}


class StackUnusable(Exception):
    """The stack exists but can't be used; the text says why."""


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise typer.BadParameter("use only letters, digits and hyphens, beginning with a letter")
    if len(name) > MAX_NAME_LENGTH:
        raise typer.BadParameter(
            f"the name has {len(name)} characters; a stack of this template can have "
            f"{MAX_NAME_LENGTH}, because its queues are named after it"
        )
    return name


StackName = Annotated[
    str, typer.Option(help="The CloudFormation stack's name.", callback=_checked, metavar="NAME")
]


def _not_empty(region: str | None) -> str | None:
    if region == "":
        raise typer.BadParameter("the region is empty; give one such as eu-west-1")
    return region


Region = Annotated[
    str | None,
    typer.Option(
        help="The AWS region; by default, that of your AWS configuration.", callback=_not_empty
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What the commands need to know of a stack.

    `secrets_key` is the KMS key's ARN; empty for the AWS managed key.
    """

    name: str
    account: str
    region: str
    secrets_path: str
    dead_letter_queue_url: str
    parking_lot_url: str
    secrets_key: str = ""
    session: boto3.Session = field(repr=False, compare=False)

    @classmethod
    def read(cls, described: Mapping[str, Any], session: boto3.Session) -> Stack:
        """Read one stack of DescribeStacks' answer. Raises StackUnusable."""
        name = described["StackName"]
        if why := _UNFINISHED.get(described.get("StackStatus", "")):
            raise StackUnusable(f"the stack {name} {why}")
        _, _, _, region, account, *_ = described["StackId"].split(":")
        outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
        parameters = {
            each["ParameterKey"]: each.get("ParameterValue", "")
            for each in described.get("Parameters", [])
        }
        try:
            return cls(
                name=name,
                account=account,
                region=region,
                secrets_path=outputs["SecretsPath"],
                dead_letter_queue_url=outputs["DeadLetterQueueUrl"],
                parking_lot_url=outputs["ParkingLotUrl"],
                secrets_key=parameters.get("SecretsKeyArn", ""),
                session=session,
            )
        except KeyError as missing:
            raise StackUnusable(
                f"the stack {name} in account {account}, {region}, has no output "
                f"{missing.args[0]}: it is not a stack of segment-rehook"
            ) from None

    def announce(self) -> None:
        """Print on standard error which stack is about to be changed."""
        typer.echo(f"stack {self.name}, account {self.account}, region {self.region}", err=True)


def look_up(name: str, region: str | None) -> Stack:
    """Find the stack. Ends the command with one line and exit code 1 if it can't be used."""
    # boto3 takes 0.25 s to import, and only the commands on a stack need it.
    from botocore.exceptions import ClientError  # noqa: PLC0415 — see above

    with exit_on_aws_error():
        session = _session(region)
        client = _cloudformation(session)
        try:
            [described] = client.describe_stacks(StackName=name)["Stacks"]
        except KeyError:
            # boto3 found XML or HTML that is not an answer of CloudFormation.
            raise failure(NOT_AWS) from None
        except ClientError as error:
            # The name is well-formed, so this error code means that there is no such stack.
            if error_code(error) != "ValidationError":
                raise
            raise failure(
                f"there is no stack {name} in {client.meta.region_name}, in the account of your "
                "credentials: check the name, --region, and AWS_PROFILE"
            ) from None
    try:
        return Stack.read(described, session)
    except StackUnusable as error:
        raise failure(str(error)) from None


def _session(region: str | None) -> boto3.Session:
    """Make a session whose calls end within two minutes even if no answer comes."""
    import boto3  # noqa: PLC0415 — see above
    import botocore.session  # noqa: PLC0415 — see above
    from botocore.config import Config  # noqa: PLC0415 — see above

    core = botocore.session.get_session()
    core.set_default_client_config(
        Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": MAX_TRIES, "mode": "standard"},
        )
    )
    return boto3.Session(region_name=region, botocore_session=core)


def _cloudformation(session: boto3.Session) -> CloudFormationClient:
    from botocore.exceptions import BotoCoreError, NoRegionError  # noqa: PLC0415 — see above

    try:
        return session.client("cloudformation")
    except BotoCoreError:
        raise  # some of them are ValueErrors too
    except ValueError:
        if not session.region_name:
            raise NoRegionError from None
        raise failure(
            "AWS_ENDPOINT_URL is not a URL: unset it, or set one that begins with https://"
        ) from None
