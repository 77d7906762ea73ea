"""Putting a list that was read before, unless somebody has changed it meanwhile.

SSM has no conditional put. So the version is compared just before the write, and checked after it:
in between, within milliseconds, somebody else's put can be overwritten. Then the version has grown
by two, which is told; SSM keeps what was overwritten in the parameter's history.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from segment_rehook.aws.parameters import SecretName
from segment_rehook_cli.secrets.parameter_store import SecretVersion, put_secret, secret_path

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

    from segment_rehook_cli.stack.stack import Stack

__all__ = ["ChangedMeanwhile", "put_lines"]


class ChangedMeanwhile(Exception):
    """Somebody else has put the parameter; the text says what that means."""


def put_lines(
    client: SSMClient, stack: Stack, name: SecretName, was: SecretVersion, lines: Sequence[str]
) -> None:
    """Put `lines` in place of `was`. Raises ChangedMeanwhile, and what boto3 raises."""
    there = client.get_parameter(Name=secret_path(stack, name))["Parameter"]["Version"]
    if there != was.version:
        raise ChangedMeanwhile(
            f"{name.value} was changed by somebody else meanwhile (version {there} instead of "
            f"{was.version}); nothing was put: run this again"
        )
    now = put_secret(client, stack, name, "\n".join(lines))
    if now != was.version + 1:
        raise ChangedMeanwhile(
            f"{name.value} was put by somebody else at the same moment, and version {now - 1} was "
            "overwritten. Look at it with `aws ssm get-parameter-history --with-decryption --name "
            f"{secret_path(stack, name)}`"
        )
