"""Put a stack's secrets where the functions read them: SSM SecureStrings under one path.

CloudFormation can't create a SecureString, so a person puts them once. A value
comes from a hidden prompt or from standard input, never from the command line
(others could read it there), and is never printed.
"""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = ["SecretName", "commands", "put_secret", "secret_path"]

ROOT: Final = "/segment-rehook"
_STACK: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")


class SecretName(StrEnum):
    """The secrets of a stack, by their names below its path."""

    API_KEY = "rehook/api-key"
    API_SECRET = "rehook/api-secret"  # noqa: S105 — a parameter's name, not its value
    SHARED_SECRETS = "segment/shared-secrets"
    TOKENS = "segment/tokens"


_PURPOSE: Final = {
    SecretName.API_KEY: "Rehook's API key",
    SecretName.API_SECRET: "Rehook's API secret",
    SecretName.SHARED_SECRETS: "Segment's shared secrets, one a line",
    SecretName.TOKENS: "header tokens that Segment sends, one a line",
}
_LISTS: Final = frozenset({SecretName.SHARED_SECRETS, SecretName.TOKENS})
_ASKED_FOR: Final = (SecretName.API_KEY, SecretName.API_SECRET, SecretName.SHARED_SECRETS)

commands = typer.Typer(help="The secrets of a deployed stack.", no_args_is_help=True)


@commands.callback()
def group() -> None:
    """Keep `put` a word of its own while it is the only command."""


@commands.command(
    epilog="Examples: segment-rehook secrets put --stack prod · "
    "segment-rehook secrets put --stack prod segment/shared-secrets < secrets.txt"
)
def put(
    stack: Annotated[str, typer.Option(help="The CloudFormation stack's name.")],
    names: Annotated[
        list[SecretName] | None,
        typer.Argument(help="Which secrets; without one: Rehook's pair and the shared secrets."),
    ] = None,
    region: Annotated[str | None, typer.Option(help="AWS region, if not your default.")] = None,
) -> None:
    """Put secrets as SecureStrings; each is asked for, hidden, or read from standard input."""
    if not _STACK.fullmatch(stack):
        raise typer.BadParameter("letters, digits and hyphens, a letter first", param_hint="stack")
    chosen = names or list(_ASKED_FOR)
    piped = _is_piped()
    if piped and len(chosen) > 1:
        raise typer.BadParameter("standard input holds one secret: name it", param_hint="names")
    # boto3 takes a quarter of a second to import, and only this command needs it.
    import boto3  # noqa: PLC0415 — see above
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 — see above

    try:
        client: SSMClient = boto3.client("ssm", region_name=region)
        for name in chosen:
            value = _clean(name, sys.stdin.read() if piped else _asked(name))
            put_secret(client, stack, name, value)
            typer.echo(f"put {secret_path(stack, name)}")
    except (BotoCoreError, ClientError) as error:
        typer.echo(f"segment-rehook: AWS did not take it: {error}", err=True)
        raise typer.Exit(1) from None


def secret_path(stack: str, name: SecretName) -> str:
    """Give the parameter's name, as the functions know it."""
    return f"{ROOT}/{stack}/{name.value}"


def put_secret(client: SSMClient, stack: str, name: SecretName, value: str) -> None:
    """Create or replace one SecureString. Raises what boto3 raises."""
    client.put_parameter(
        Name=secret_path(stack, name),
        Description=_PURPOSE[name],
        Value=value,
        Type="SecureString",
        Overwrite=True,
    )


def _is_piped() -> bool:
    return not sys.stdin.isatty()


def _asked(name: SecretName) -> str:
    value: str = typer.prompt(_PURPOSE[name].partition(",")[0], hide_input=True, err=True)
    lines = [value]
    while name in _LISTS:
        more: str = typer.prompt(
            "another (Enter for none)", hide_input=True, err=True, default="", show_default=False
        )
        if not more:
            break
        lines.append(more)
    return "\n".join(lines)


def _clean(name: SecretName, value: str) -> str:
    """Take off what an editor or a paste adds around a secret, and refuse what can't be one."""
    lines = [line.strip() for line in value.splitlines() if line.strip()]
    if not lines:
        typer.echo(f"segment-rehook: {name.value}: nothing was given", err=True)
        raise typer.Exit(2)
    if name not in _LISTS and len(lines) > 1:
        typer.echo(f"segment-rehook: {name.value}: one line is wanted, not {len(lines)}", err=True)
        raise typer.Exit(2)
    return "\n".join(lines)
