"""Put a stack's secrets where the functions read them: SSM SecureStrings under one path.

CloudFormation can't create a SecureString, so a person puts them once. A value
comes from a hidden prompt or from standard input, never from the command line
(others could read it there), and is never printed.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final, TypedDict

import typer

from segment_rehook.aws import parameters
from segment_rehook_cli import terminal
from segment_rehook_cli.aws_errors import refusals_told
from segment_rehook_cli.secret_values import ValueRefused, cleaned, decoded
from segment_rehook_cli.stack import Region, Stack, StackName, look_up

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = ["SecretName", "commands", "put_secret", "secret_path"]


class SecretName(StrEnum):
    """The secrets of a stack, by their names below its path."""

    API_KEY = parameters.API_KEY
    API_SECRET = parameters.API_SECRET
    SHARED_SECRETS = parameters.SHARED_SECRETS
    TOKENS = parameters.TOKENS


_PURPOSE: Final = {
    SecretName.API_KEY: "Rehook's API key",
    SecretName.API_SECRET: "Rehook's API secret",
    SecretName.SHARED_SECRETS: "Segment's shared secrets, one a line",
    SecretName.TOKENS: "header tokens that Segment sends, one a line",
}
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
    stack: StackName,
    names: Annotated[
        list[SecretName] | None,
        typer.Argument(help="Which secrets; without one: Rehook's pair and the shared secrets."),
    ] = None,
    region: Region = None,
) -> None:
    """Put secrets as SecureStrings; each is asked for, hidden, or read from standard input.

    Nothing is put before every value is checked. They are encrypted with the stack's own KMS key
    (SecretsKeyArn), if it has one.
    """
    chosen = list(dict.fromkeys(names or _ASKED_FOR))
    piped = not terminal.interactive()
    if piped and len(chosen) > 1:
        raise typer.BadParameter("standard input holds one secret: name it", param_hint="names")
    found = look_up(stack, region)
    found.announce()
    values = {name: _checked(name, piped=piped) for name in chosen}
    with refusals_told():
        client = found.session.client("ssm")
        for name, value in values.items():
            put_secret(client, found, name, value)
            typer.echo(f"put {secret_path(found, name)}")


def secret_path(stack: Stack, name: SecretName) -> str:
    """Give the parameter's name, as the functions know it."""
    return f"{stack.secrets_path}/{name.value}"


def put_secret(client: SSMClient, stack: Stack, name: SecretName, value: str) -> None:
    """Create or replace one SecureString, under the stack's own key if it has one.

    Raises what boto3 raises.
    """
    key: _Key = {"KeyId": stack.secrets_key} if stack.secrets_key else {}
    client.put_parameter(
        Name=secret_path(stack, name),
        Description=_PURPOSE[name],
        Value=value,
        Type="SecureString",
        Overwrite=True,
        **key,
    )


class _Key(TypedDict, total=False):
    KeyId: str


def _checked(name: SecretName, *, piped: bool) -> str:
    try:
        return cleaned(name, decoded(sys.stdin.buffer.read()) if piped else _asked(name))
    except ValueRefused as error:
        typer.echo(f"segment-rehook: {name.value}: {error}; nothing was put", err=True)
        raise typer.Exit(2) from None


def _asked(name: SecretName) -> str:
    value: str = typer.prompt(_PURPOSE[name].partition(",")[0], hide_input=True, err=True)
    lines = [value]
    while name in parameters.LISTS:
        more: str = typer.prompt(
            "another (Enter for none)", hide_input=True, err=True, default="", show_default=False
        )
        if not more:
            break
        lines.append(more)
    return "\n".join(lines)
