"""The command `secrets put`.

CloudFormation can't create a SecureString, so a person puts the secrets once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from segment_rehook.aws.parameters import SecretName
from segment_rehook_cli.secrets.asking import read_value
from segment_rehook_cli.secrets.parameter_store import make_user_key, put_secret, secret_path
from segment_rehook_cli.stack.aws_errors import exit_on_aws_error
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal import streams as terminal

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = ["put"]

_DEFAULT_NAMES: Final = (SecretName.API_KEY, SecretName.API_SECRET, SecretName.SHARED_SECRETS)


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
    values = {name: read_value(name, piped=piped) for name in chosen}
    with exit_on_aws_error():
        client: SSMClient = stack.client("ssm")
        for name, value in values.items():
            put_secret(client, stack, name, value)
            typer.echo(f"put {secret_path(stack, name)}")
        if not names and make_user_key(client, stack):
            typer.echo(f"put {secret_path(stack, SecretName.USER_KEY)}, a random one")
