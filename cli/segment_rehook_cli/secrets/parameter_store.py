"""A stack's secrets as SSM keeps them: SecureStrings under one path, each with a version."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex
from typing import TYPE_CHECKING, Final, TypedDict

from segment_rehook.aws.parameters import SecretName, numbered_lines
from segment_rehook_cli.stack.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = [
    "DESCRIPTIONS",
    "SecretVersion",
    "StoredParameter",
    "distinct_lines",
    "make_user_key",
    "parameters_below",
    "put_secret",
    "random_user_key",
    "read_versions",
    "secret_path",
]

DESCRIPTIONS: Final = {
    SecretName.API_KEY: "Rehook's API key",
    SecretName.API_SECRET: "Rehook's API secret",
    SecretName.SHARED_SECRETS: "Segment's shared secrets, one per line",
    SecretName.TOKENS: "header tokens that Segment sends, one per line",
    SecretName.USER_KEY: "the key of the users' hashes in the log",
}
USER_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class StoredParameter:
    """A parameter. `put_at`: in seconds of Unix time. `key`: its KMS key, empty if not known."""

    value: str = field(repr=False)
    type: str
    version: int
    put_at: float
    key: str = ""


@dataclass(frozen=True, slots=True)
class SecretVersion:
    """One version of a secret. `put_at`: when it was put, in seconds of Unix time."""

    version: int
    put_at: float
    value: str = field(repr=False)

    @property
    def lines(self) -> list[str]:
        """The different lines, in order: credential `secret-1` is the first, as in the metric."""
        return distinct_lines(self.value)


def distinct_lines(value: str) -> list[str]:
    """Give the lines of a list as the functions read it: stripped, each once."""
    return list(dict.fromkeys(line for _, line in numbered_lines(value)))


def parameters_below(client: SSMClient, path: str) -> dict[str, StoredParameter]:
    """Read all parameters below a stack's path, by their names below it. Raises what boto3 raises.

    It needs the permissions ssm:GetParametersByPath, and kms:Decrypt for a key of one's own.
    """
    pages = client.get_paginator("get_parameters_by_path").paginate(
        Path=path, Recursive=True, WithDecryption=True
    )
    return {
        each["Name"].removeprefix(f"{path}/"): StoredParameter(
            each.get("Value", ""),
            each["Type"],
            each["Version"],
            each["LastModifiedDate"].timestamp(),
        )
        for page in pages
        for each in page["Parameters"]
    }


def read_versions(client: SSMClient, stack: Stack, name: SecretName) -> list[SecretVersion]:
    """Give a secret's versions that SSM has kept (100 at most), oldest first; none if it is absent.

    Raises what boto3 raises.
    """
    found: list[SecretVersion] = []
    pages = client.get_paginator("get_parameter_history")
    try:
        for page in pages.paginate(Name=secret_path(stack, name), WithDecryption=True):
            for each in page["Parameters"]:
                put_at: datetime = each["LastModifiedDate"]
                found.append(SecretVersion(each["Version"], put_at.timestamp(), each["Value"]))
    except client.exceptions.ParameterNotFound:
        return []
    return sorted(found, key=lambda each: each.version)


def secret_path(stack: Stack, name: SecretName) -> str:
    """Return the full name of the secret's SSM parameter."""
    return f"{stack.secrets_path}/{name.value}"


def random_user_key() -> str:
    """Draw a key for the users' hashes in the log."""
    return token_hex(USER_KEY_BYTES)


def make_user_key(client: SSMClient, stack: Stack) -> bool:
    """Put a random key for the users' hashes in the log, unless there is a key. Say if it was put.

    A key is never replaced by chance: the log's lines of before could no longer be found by user.
    Raises what boto3 raises.
    """
    try:
        put_secret(client, stack, SecretName.USER_KEY, random_user_key(), overwrite=False)
    except client.exceptions.ParameterAlreadyExists:
        return False
    return True


def put_secret(
    client: SSMClient, stack: Stack, name: SecretName, value: str, *, overwrite: bool = True
) -> int:
    """Create or replace one SecureString, under the stack's own key if it has one.

    Gives the parameter's new version. Raises what boto3 raises.
    """
    key: _Key = {"KeyId": stack.secrets_key} if stack.secrets_key else {}
    answer = client.put_parameter(
        Name=secret_path(stack, name),
        Description=DESCRIPTIONS[name],
        Value=value,
        Type="SecureString",
        Overwrite=overwrite,
        **key,
    )
    return answer["Version"]


class _Key(TypedDict, total=False):
    KeyId: str
