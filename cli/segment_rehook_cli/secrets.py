"""Put a stack's secrets where the functions read them: SSM SecureStrings under one path.

CloudFormation can't create a SecureString, so a person puts the secrets once. A value comes from a
hidden prompt or from standard input. It is never an argument, because other users of the machine
can read a process's arguments, and it is never printed.
"""

from __future__ import annotations

import sys
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated, Final, TypedDict

import typer

from segment_rehook.aws.parameters import LISTS, SecretName
from segment_rehook_cli import terminal
from segment_rehook_cli.aws_errors import exit_on_aws_error
from segment_rehook_cli.messages import failure
from segment_rehook_cli.on_stack import on_stack
from segment_rehook_cli.secret_values import ValueRefused, cleaned, decoded
from segment_rehook_cli.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = ["commands", "make_user_key", "put_secret", "secret_path"]

_DESCRIPTIONS: Final = {
    SecretName.API_KEY: "Rehook's API key",
    SecretName.API_SECRET: "Rehook's API secret",
    SecretName.SHARED_SECRETS: "Segment's shared secrets, one per line",
    SecretName.TOKENS: "header tokens that Segment sends, one per line",
    SecretName.USER_KEY: "the key of the users' hashes in the log",
}
USER_KEY_BYTES: Final = 32

_DEFAULT_NAMES: Final = (SecretName.API_KEY, SecretName.API_SECRET, SecretName.SHARED_SECRETS)

commands = typer.Typer(help="The secrets of a deployed stack.", no_args_is_help=True)


@commands.callback()
def group() -> None:
    """Make `put` a subcommand: typer would merge a group's only command into the group."""


@commands.command(
    epilog="Examples: segment-rehook secrets put --stack prod · "
    "segment-rehook secrets put --stack prod segment/shared-secrets < secrets.txt"
)
@on_stack
def put(
    stack: Stack,
    names: Annotated[
        list[SecretName] | None,
        typer.Argument(
            help="The secrets to put. By default rehook/api-key, rehook/api-secret and "
            "segment/shared-secrets, and a random logs/user-key if there is none."
        ),
    ] = None,
) -> None:
    """Put secrets as SecureStrings. Values are read from hidden prompts, or one from a pipe.

    All values are checked before any is put. If the stack has a KMS key of its own (SecretsKeyArn),
    that key encrypts them.
    """
    chosen = list(dict.fromkeys(names or _DEFAULT_NAMES))
    piped = not terminal.input_is_terminal()
    if piped and len(chosen) > 1:
        raise typer.BadParameter("standard input holds one secret: name it", param_hint="names")
    stack.announce()
    values = {name: _read_value(name, piped=piped) for name in chosen}
    with exit_on_aws_error():
        client: SSMClient = stack.client("ssm")
        for name, value in values.items():
            put_secret(client, stack, name, value)
            typer.echo(f"put {secret_path(stack, name)}")
        if not names and make_user_key(client, stack):
            typer.echo(f"put {secret_path(stack, SecretName.USER_KEY)}, a random one")


def secret_path(stack: Stack, name: SecretName) -> str:
    """Return the full name of the secret's SSM parameter."""
    return f"{stack.secrets_path}/{name.value}"


def make_user_key(client: SSMClient, stack: Stack) -> bool:
    """Put a random key for the users' hashes in the log, unless there is a key. Say if it was put.

    A key is never replaced by chance: the log's lines of before could no longer be found by user.
    Raises what boto3 raises.
    """
    key = token_hex(USER_KEY_BYTES)
    try:
        put_secret(client, stack, SecretName.USER_KEY, key, overwrite=False)
    except client.exceptions.ParameterAlreadyExists:
        return False
    return True


def put_secret(
    client: SSMClient, stack: Stack, name: SecretName, value: str, *, overwrite: bool = True
) -> None:
    """Create or replace one SecureString, under the stack's own key if it has one.

    Raises what boto3 raises.
    """
    key: _Key = {"KeyId": stack.secrets_key} if stack.secrets_key else {}
    client.put_parameter(
        Name=secret_path(stack, name),
        Description=_DESCRIPTIONS[name],
        Value=value,
        Type="SecureString",
        Overwrite=overwrite,
        **key,
    )


class _Key(TypedDict, total=False):
    KeyId: str


def _read_value(name: SecretName, *, piped: bool) -> str:
    try:
        return cleaned(name, decoded(sys.stdin.buffer.read()) if piped else _prompt(name))
    except ValueRefused as error:
        raise failure(f"{name.value}: {error}; no secret was put", 2) from None


def _prompt(name: SecretName) -> str:
    value: str = typer.prompt(_DESCRIPTIONS[name].partition(",")[0], hide_input=True, err=True)
    lines = [value]
    while name in LISTS:
        more: str = typer.prompt(
            "another (press Enter if there is none)",
            hide_input=True,
            err=True,
            default="",
            show_default=False,
        )
        if not more:
            break
        lines.append(more)
    return "\n".join(lines)
