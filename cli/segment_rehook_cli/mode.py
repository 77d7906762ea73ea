"""A stack's mode: whether events are delivered, stored for later, or only reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from segment_rehook.aws.parameters import MODE, mode_from
from segment_rehook.delivery.stack_parameters import Mode
from segment_rehook_cli.aws_errors import exit_on_aws_error
from segment_rehook_cli.messages import say
from segment_rehook_cli.on_stack import on_stack
from segment_rehook_cli.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = ["Mode", "mode", "read_mode", "set_mode"]


_EFFECT: Final = {
    Mode.DELIVER: "within a minute for new events; stored events are delivered 5 minutes to 2 "
    "hours after redrive last looked at them, later the longer they have waited",
    Mode.PAUSE: "within a minute; events are stored until the mode is deliver",
    Mode.DRY_RUN: "within a minute; new events are answered and not stored, stored events stay "
    "stored",
}


@on_stack
def mode(
    stack: Stack,
    wanted: Annotated[
        Mode | None, typer.Argument(help="The mode to set. Without it, the current mode is shown.")
    ] = None,
) -> None:
    """Show or set a stack's mode: deliver, pause (store events) or dry-run (store nothing)."""
    with exit_on_aws_error():
        client: SSMClient = stack.client("ssm")
        if wanted is None:
            current, warnings = mode_from(read_mode(client, stack.secrets_path), stack.secrets_path)
            for warning in warnings:
                say(warning)
            typer.echo(current)
            return
        stack.announce()
        set_mode(client, stack.secrets_path, wanted)
    typer.echo(f"{stack.name}: {wanted.value} ({_EFFECT[wanted]})")


def read_mode(client: SSMClient, path: str) -> str | None:
    """Read the parameter's text under the stack's path; None if the parameter does not exist."""
    try:
        return client.get_parameter(Name=f"{path}/{MODE}")["Parameter"].get("Value", "")
    except client.exceptions.ParameterNotFound:
        return None


def set_mode(client: SSMClient, path: str, wanted: Mode) -> None:
    """Set the mode as a plain String parameter: it is not a secret."""
    client.put_parameter(
        Name=f"{path}/{MODE}",
        Description="deliver, pause or dry-run",
        Value=wanted.value,
        Type="String",
        Overwrite=True,
    )
