"""A stack's mode: whether events are delivered, kept, or only looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from segment_rehook.aws.parameters import MODE, mode_from
from segment_rehook.delivery.stack_parameters import Mode
from segment_rehook_cli.aws_errors import refusals_told
from segment_rehook_cli.stack import Region, StackName, look_up

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = ["Mode", "mode", "read_mode", "set_mode"]


_FOLLOWS: Final = {
    Mode.DELIVER: "within a minute for new events; what was stored meanwhile is taken up 5 minutes "
    "to 2 hours after it was last looked at, the later the longer it has waited",
    Mode.PAUSE: "within a minute; events are stored until the mode is deliver",
    Mode.DRY_RUN: "within a minute; new events are answered and not kept, stored ones stay stored",
}


def mode(
    stack: StackName,
    wanted: Annotated[Mode | None, typer.Argument(help="Without it, the mode is shown.")] = None,
    region: Region = None,
) -> None:
    """Show or set a stack's mode: deliver, pause (store and wait), dry-run (keep nothing)."""
    found = look_up(stack, region)
    with refusals_told():
        client = found.session.client("ssm")
        if wanted is None:
            shown, warnings = mode_from(read_mode(client, found.secrets_path), found.secrets_path)
            for warning in warnings:
                typer.echo(f"segment-rehook: {warning}", err=True)
            typer.echo(shown)
            return
        found.announce()
        set_mode(client, found.secrets_path, wanted)
    typer.echo(f"{stack}: {wanted.value} ({_FOLLOWS[wanted]})")


def read_mode(client: SSMClient, path: str) -> str | None:
    """Give the text that is set under the stack's path; None where none is."""
    try:
        return client.get_parameter(Name=f"{path}/{MODE}")["Parameter"].get("Value", "")
    except client.exceptions.ParameterNotFound:
        return None


def set_mode(client: SSMClient, path: str, wanted: Mode) -> None:
    """Set the mode. It is no secret, so it lies there as plain text."""
    client.put_parameter(
        Name=f"{path}/{MODE}",
        Description="deliver, pause or dry-run",
        Value=wanted.value,
        Type="String",
        Overwrite=True,
    )
