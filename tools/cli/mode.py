"""A stack's mode: whether events are delivered, kept, or only looked at."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from tools.cli.secrets import ROOT

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = ["Mode", "mode", "read_mode", "set_mode"]


class Mode(StrEnum):
    """What a stack does with events."""

    DELIVER = "deliver"
    PAUSE = "pause"
    DRY_RUN = "dry-run"


def mode(
    stack: Annotated[str, typer.Option(help="The CloudFormation stack's name.")],
    wanted: Annotated[Mode | None, typer.Argument(help="Without it, the mode is shown.")] = None,
    region: Annotated[str | None, typer.Option(help="AWS region, if not your default.")] = None,
) -> None:
    """Show or set a stack's mode: deliver, pause (store and wait), dry-run (keep nothing)."""
    # boto3 takes a quarter of a second to import, and few commands need it.
    import boto3  # noqa: PLC0415 — see above
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 — see above

    try:
        client: SSMClient = boto3.client("ssm", region_name=region)
        if wanted is None:
            typer.echo(read_mode(client, stack))
            return
        set_mode(client, stack, wanted)
    except (BotoCoreError, ClientError) as error:
        typer.echo(f"segment-rehook: AWS refused: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{stack}: {wanted.value} (within a minute)")


def read_mode(client: SSMClient, stack: str) -> str:
    """Give the mode that is set; `deliver` where none is."""
    try:
        return client.get_parameter(Name=f"{ROOT}/{stack}/mode")["Parameter"].get("Value", "")
    except client.exceptions.ParameterNotFound:
        return Mode.DELIVER.value


def set_mode(client: SSMClient, stack: str, wanted: Mode) -> None:
    """Set the mode. It is no secret, so it lies there as plain text."""
    client.put_parameter(
        Name=f"{ROOT}/{stack}/mode",
        Description="deliver, pause or dry-run",
        Value=wanted.value,
        Type="String",
        Overwrite=True,
    )
