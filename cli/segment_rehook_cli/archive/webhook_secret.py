"""The shared secret under which a replay signs: of the environment, or of the stack."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from segment_rehook.aws.parameters import SecretName, numbered_lines
from segment_rehook_cli.secrets.parameter_store import secret_path
from segment_rehook_cli.stack.aws_errors import StackUnusable, exit_on_aws_error
from segment_rehook_cli.stack.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

__all__ = ["VARIABLE", "read_shared_secret"]

VARIABLE: Final = "SHARED_SECRET"


def read_shared_secret(stack: Stack) -> str:
    """Read the secret: SHARED_SECRET, or the first of the stack's.

    Without the variable it needs ssm:GetParameter, and kms:Decrypt where the stack has a key of its
    own. Ends the command with one line and the code REFUSED if there is none.
    """
    given = os.environ.get(VARIABLE, "").strip()
    if given:
        return given
    with exit_on_aws_error():
        client: SSMClient = stack.client("ssm")
        name = secret_path(stack, SecretName.SHARED_SECRETS)
        try:
            parameter = client.get_parameter(Name=name, WithDecryption=True)["Parameter"]
        except client.exceptions.ParameterNotFound:
            parameter = {}
        lines = numbered_lines(parameter.get("Value", ""))
        if not lines:
            raise StackUnusable(
                f"the stack has no shared secret to sign with ({name}): put one with "
                f"`segment-rehook secrets put {SecretName.SHARED_SECRETS}`, or set {VARIABLE}"
            )
        return lines[0][1]
