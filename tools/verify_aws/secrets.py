"""Reads the stack's secrets as its functions do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.aws.ssm import SsmSecretStore
from segment_rehook.aws.system import SystemClock
from segment_rehook.delivery.ports import SecretsUnavailable
from segment_rehook_cli.stack.botocore_errors import AWS_ERRORS, error_code
from tools.verify_aws.check import Check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_ssm import SSMClient

    from segment_rehook.delivery.stack_parameters import Secrets


def read_secrets(client: SSMClient, path: str) -> tuple[Secrets | None, Check]:
    """Read the secrets under a path. They are None if no delivery could be made with them."""
    warnings = _Warnings()
    secrets, seen = None, ""
    try:
        secrets = SsmSecretStore(client, path, SystemClock(), warnings).read()
    except SecretsUnavailable as error:
        seen = str(error)
    except AWS_ERRORS as error:
        seen = f"The parameters under {path} cannot be read: {error_code(error)}."
    text = "all secrets are there and valid"
    seen = " ".join([seen, *warnings.texts]).strip()
    return secrets, Check(text, holds=not seen, seen=seen)


class _Warnings:
    """The port `Telemetry`: keeps the warnings, which name parameters and hold no values."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def outcomes(self, lines: Sequence[Mapping[str, str | int | float | None]]) -> None:
        """Ignore the outcome."""

    def warn(self, message: str, **fields: str | float | None) -> None:
        """Keep a warning with its fields."""
        self.texts.append(" ".join([message, *(f"{name}={fields[name]}" for name in fields)]))

    def count(self, metric: str, value: int = 1) -> None:
        """Ignore the count."""
