"""The deployed stack that a command works on, looked up in CloudFormation first.

Without the look-up, a command would write the parameters of a stack that does not exist. It needs
the permission `cloudformation:DescribeStacks` only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import typer

from segment_rehook_cli.stack.aws_errors import NOT_AWS, StackUnusable, exit_on_aws_error
from segment_rehook_cli.stack.botocore_errors import error_code
from segment_rehook_cli.terminal.exit_codes import REFUSED
from segment_rehook_cli.terminal.messages import failure

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation.client import CloudFormationClient

__all__ = ["Location", "Stack", "StackUnusable", "look_up"]

# READ_SECONDS is more than the longest poll of SQS, 20 s.
CONNECT_SECONDS, READ_SECONDS, MAX_TRIES = 5, 30, 3
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


_NEEDED: Final = ("SecretsPath", "DeadLetterQueueUrl", "ParkingLotUrl")


@dataclass(frozen=True, slots=True)
class Location:
    """Where a stack is. None: what the AWS configuration says.

    `endpoint` and `key_pair` are set for the sandbox only, whose stack is not on AWS.
    """

    region: str | None = None
    profile: str | None = None
    endpoint: str | None = None
    key_pair: tuple[str, str] | None = field(default=None, repr=False)

    @classmethod
    def of_environment(cls, variables: Mapping[str, str]) -> Location:
        """Read the variables with which other commands find a sandbox. Raises KeyError."""
        return cls(
            region=variables["AWS_REGION"],
            endpoint=variables["AWS_ENDPOINT_URL"],
            key_pair=(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack: its outputs and parameters by their names, and the clients of its account.

    `endpoint`: the address that answers all calls; None for AWS's own.
    """

    name: str
    account: str
    region: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    session: boto3.Session = field(repr=False, compare=False)
    endpoint: str | None = None

    @classmethod
    def read(
        cls, described: Mapping[str, Any], session: boto3.Session, endpoint: str | None = None
    ) -> Stack:
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
        stack = cls(
            name=name,
            account=account,
            region=region,
            outputs=outputs,
            parameters=parameters,
            session=session,
            endpoint=endpoint,
        )
        for needed in _NEEDED:
            stack.output(needed)
        return stack

    def output(self, name: str) -> str:
        """Return the value of an output. Raises StackUnusable if the stack does not have it."""
        if name in self.outputs:
            return self.outputs[name]
        if all(each in self.outputs for each in _NEEDED):
            why = "an older version of the template made it: deploy it anew"
        else:
            why = "it is not a stack of segment-rehook"
        raise StackUnusable(
            f"the stack {self.name} in account {self.account}, {self.region}, has no output "
            f"{name}: {why}"
        )

    def command(self, words: str) -> str:
        """Write a command of this command line that works on this stack."""
        if self.in_sandbox:
            return f"segment-rehook {words} --sandbox"
        profile = self.session.profile_name
        chosen = "" if profile == "default" else f" --profile {profile}"
        return f"segment-rehook {words} --stack {self.name} --region {self.region}{chosen}"

    @property
    def in_sandbox(self) -> bool:
        """Whether it is the sandbox's, which sends no alarm to anybody."""
        return self.endpoint is not None

    @property
    def secrets_path(self) -> str:
        """The SSM path of the stack's secrets and of its mode."""
        return self.output("SecretsPath")

    @property
    def dead_letter_queue_url(self) -> str:
        """The queue of the events that wait to be delivered again."""
        return self.output("DeadLetterQueueUrl")

    @property
    def parking_lot_url(self) -> str:
        """The queue of the events that wait for a person."""
        return self.output("ParkingLotUrl")

    @property
    def secrets_key(self) -> str:
        """The ARN of the KMS key of the secrets; empty for the AWS managed key."""
        return self.parameters.get("SecretsKeyArn", "")

    def client(self, service: str) -> Any:
        """Make a boto3 client. Annotate what it is assigned to: the types are boto3's own."""
        # boto3's own types know each service by a literal, so a name that varies has none.
        make: Any = self.session.client
        return make(service, endpoint_url=self.endpoint)

    def announce(self) -> None:
        """Print on standard error which stack is about to be changed."""
        typer.echo(f"stack {self.name}, account {self.account}, region {self.region}", err=True)


def look_up(name: str, location: Location) -> Stack:
    """Find the stack. Ends the command with one line and the code REFUSED if it can't be used."""
    # boto3 takes 0.25 s to import, and only the commands on a stack need it.
    from botocore.exceptions import ClientError  # noqa: PLC0415 — see above

    with exit_on_aws_error():
        session = _session(location)
        client = _cloudformation(session, location.endpoint)
        try:
            [described] = client.describe_stacks(StackName=name)["Stacks"]
        except KeyError:
            # boto3 found XML or HTML that is not an answer of CloudFormation.
            raise failure(NOT_AWS, REFUSED) from None
        except ClientError as error:
            # The name is well-formed, so this error code means that there is no such stack.
            if error_code(error) != "ValidationError":
                raise
            raise failure(
                f"there is no stack {name} in {client.meta.region_name}, in the account of your "
                "credentials: check the name, --region, and --profile or AWS_PROFILE",
                REFUSED,
            ) from None
        return Stack.read(described, session, location.endpoint)


def _session(location: Location) -> boto3.Session:
    """Make a session whose calls end within two minutes even if no answer comes."""
    import boto3  # noqa: PLC0415 — see above
    import botocore.session  # noqa: PLC0415 — see above
    from botocore.config import Config  # noqa: PLC0415 — see above

    core = botocore.session.Session(profile=location.profile)
    core.set_default_client_config(
        Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": MAX_TRIES, "mode": "standard"},
        )
    )
    key, secret = location.key_pair or (None, None)
    return boto3.Session(
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name=location.region,
        botocore_session=core,
    )


def _cloudformation(session: boto3.Session, endpoint: str | None) -> CloudFormationClient:
    from botocore.exceptions import BotoCoreError, NoRegionError  # noqa: PLC0415 — see above

    try:
        return session.client("cloudformation", endpoint_url=endpoint)
    except BotoCoreError:
        raise  # some of them are ValueErrors too
    except ValueError:
        if not session.region_name:
            raise NoRegionError from None
        raise failure(
            "AWS_ENDPOINT_URL is not a URL: unset it, or set one that begins with https://",
            REFUSED,
        ) from None
