"""The key with which the functions hash users in the log: a SecureString of the stack in SSM.

It needs the permissions ssm:GetParameter, and kms:Decrypt where the stack's secrets have a key of
their own. Neither the key nor the user's id is shown by any message.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from segment_rehook_cli.aws_errors import StackUnusable
from segment_rehook_cli.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = ["logged_user", "read_user_key"]

USER_KEY: Final = "logs/user-key"
DIGITS: Final = 16


def read_user_key(stack: Stack) -> bytes:
    """Read the key. Raises what boto3 raises, and StackUnusable if there is none."""
    client: SSMClient = stack.client("ssm")
    name = f"{stack.secrets_path}/{USER_KEY}"
    try:
        found = client.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    except client.exceptions.ParameterNotFound:
        found = {}
    key = found.get("Value", "").strip()
    if not key:
        raise StackUnusable(
            f"the log names no users, because there is no parameter {name}: put it with "
            f"`segment-rehook secrets put --stack {stack.name}`; lines that are older stay without"
        )
    return key.encode()


def logged_user(user: str, key: bytes) -> str:
    """Give the log's name of a user. `user`: the name in the ledger (`ids.user_hash`)."""
    return hmac.digest(key, user.encode(), hashlib.sha256).hex()[:DIGITS]
