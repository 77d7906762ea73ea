"""The deployed stack that a command works on, looked up in CloudFormation before anything is done.

A name that nobody deployed would otherwise be taken at its word: its parameters would be written,
and nobody would read them. Only `cloudformation:DescribeStacks` is needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from segment_rehook_cli.aws_errors import NOT_AWS, refusals_told
from segment_rehook_cli.botocore_errors import error_code

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation.client import CloudFormationClient

__all__ = ["Region", "Stack", "StackName", "StackUnusable", "look_up"]

NAME_MOST: Final = 49
# A long poll of SQS takes 20 s; the rest is for an answer on its way.
CONNECT_SECONDS, READ_SECONDS, TRIES = 5, 30, 3
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_UNFINISHED: Final = {
    "REVIEW_IN_PROGRESS": "was never created: its change set waits to be executed",
    "CREATE_IN_PROGRESS": "is still being created: wait until that is done",
    "CREATE_FAILED": "could not be created: see its events, delete it, and deploy again",
    "ROLLBACK_IN_PROGRESS": "could not be created, and is being rolled back",
    "ROLLBACK_COMPLETE": "could not be created: see its events, delete it, and deploy again",
    "ROLLBACK_FAILED": "could not be created: see its events, delete it, and deploy again",
    "DELETE_IN_PROGRESS": "is being deleted",
    "DELETE_FAILED": "could not be deleted whole: see its events, and delete it again",
    "DELETE_COMPLETE": "is deleted",
}


class StackUnusable(Exception):
    """CloudFormation knows the stack, and nothing can be done with it; the text says why."""


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise typer.BadParameter("a stack's name is letters, digits and hyphens, a letter first")
    if len(name) > NAME_MOST:
        raise typer.BadParameter(
            f"{len(name)} characters; a stack of this template has {NAME_MOST} at most, since its "
            "queues are named after it"
        )
    return name


StackName = Annotated[
    str, typer.Option(help="The CloudFormation stack's name.", callback=_checked, metavar="NAME")
]


def _no_empty(region: str | None) -> str | None:
    if region == "":
        raise typer.BadParameter("a region is wanted, such as eu-west-1")
    return region


Region = Annotated[
    str | None, typer.Option(help="AWS region, if not your default.", callback=_no_empty)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What the commands need of a stack. `secrets_key`: the KMS key's ARN, empty for AWS's own."""

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
                f"{missing.args[0]}: it is not one of segment-rehook's"
            ) from None

    def announce(self) -> None:
        """Say on standard error what is about to be changed."""
        typer.echo(f"stack {self.name}, account {self.account}, region {self.region}", err=True)


def look_up(name: str, region: str | None) -> Stack:
    """Find the stack; one line and exit code 1 where there is none that can be used."""
    # boto3 takes a quarter of a second to import, and few commands need it.
    from botocore.exceptions import ClientError  # noqa: PLC0415 — see above

    with refusals_told():
        session = _session(region)
        client = _cloudformation(session)
        try:
            [described] = client.describe_stacks(StackName=name)["Stacks"]
        except KeyError:
            # How boto3 takes XML or HTML that is no answer of CloudFormation's.
            raise _failed(NOT_AWS) from None
        except ClientError as error:
            # The name's form was checked, so this is CloudFormation's word for a name unknown.
            if error_code(error) != "ValidationError":
                raise
            raise _failed(
                f"there is no stack {name} in {client.meta.region_name}, in the account of your "
                "credentials: check the name, --region, and AWS_PROFILE"
            ) from None
    try:
        return Stack.read(described, session)
    except StackUnusable as error:
        raise _failed(str(error)) from None


def _session(region: str | None) -> boto3.Session:
    """Give a session whose calls end within two minutes, however silent the other side is."""
    import boto3  # noqa: PLC0415 — see above
    import botocore.session  # noqa: PLC0415 — see above
    from botocore.config import Config  # noqa: PLC0415 — see above

    core = botocore.session.get_session()
    core.set_default_client_config(
        Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": TRIES, "mode": "standard"},
        )
    )
    return boto3.Session(region_name=region, botocore_session=core)


def _cloudformation(session: boto3.Session) -> CloudFormationClient:
    from botocore.exceptions import BotoCoreError, NoRegionError  # noqa: PLC0415 — see above

    try:
        return session.client("cloudformation")
    except BotoCoreError:
        raise  # some are ValueErrors
    except ValueError:
        if not session.region_name:
            raise NoRegionError from None
        raise _failed("AWS_ENDPOINT_URL is no URL: unset it, or give one with https://") from None


def _failed(message: str) -> typer.Exit:
    typer.echo(f"segment-rehook: {message}", err=True)
    return typer.Exit(1)
