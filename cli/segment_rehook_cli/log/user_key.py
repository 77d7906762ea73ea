"""The key with which the functions hash users in the log: a SecureString of the stack in SSM.

It needs the permissions ssm:GetParameter, and kms:Decrypt where the stack's secrets have a key of
their own. Neither the key nor the user's id is shown by any message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.aws.parameters import BYTE_ORDER_MARK, SecretName
from segment_rehook_cli.stack.aws_errors import StackUnusable
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.exit_codes import FINDINGS

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = ["NoUserKey", "read_user_key"]


class NoUserKey(StackUnusable):
    """The stack has no key, so its log names no users. AWS has refused nothing."""

    exit_code = FINDINGS


def read_user_key(stack: Stack) -> bytes:
    """Read the key. Raises what boto3 raises, and NoUserKey."""
    client: SSMClient = stack.client("ssm")
    name = f"{stack.secrets_path}/{SecretName.USER_KEY}"
    try:
        found = client.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    except client.exceptions.ParameterNotFound:
        found = {}
    key = found.get("Value", "").removeprefix(BYTE_ORDER_MARK).strip()
    if not key:
        put = stack.command("secrets put logs/user-key")
        raise NoUserKey(
            f"the log names no users, because there is no parameter {name}: put one with `{put}`; "
            "lines that are older stay without"
        )
    return key.encode(errors="surrogatepass")
