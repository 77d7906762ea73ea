"""The stack's secrets and its mode, from the SSM parameters under one path.

One reading serves for a minute. A refresh that fails, or that finds what no delivery could be made
with, leaves the last good reading in force: a slip of an operator's hand or an SSM outage must not
stop a running stack. Only a stack that never had a good reading raises SecretsUnavailable.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from segment_rehook.aws.errors import AWS_ERRORS, error_code
from segment_rehook.aws.parameters import ParametersInvalid, secrets_from
from segment_rehook.delivery.ports import SecretsUnavailable

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

    from segment_rehook.delivery.ports import Clock, Telemetry
    from segment_rehook.delivery.stack_parameters import Secrets

FRESH_SECONDS = 60.0
REFUSED_SECONDS = 30.0


class SsmSecretStore:
    """The port `SecretStore`. `path` is `/segment-rehook/{stack}`, without a trailing slash."""

    def __init__(self, client: SSMClient, path: str, clock: Clock, telemetry: Telemetry) -> None:
        self._client = client
        self._path = path
        self._clock = clock
        self._telemetry = telemetry
        self._cached: Secrets | None = None
        self._tried_at = self._refused_at = float("-inf")
        # Held across the call: threads that find the cache old wait for one reading, not for many.
        self._lock = threading.Lock()

    def read(self) -> Secrets:
        """The secrets, read at most 60 s ago or the last good ones."""
        with self._lock:
            if self._cached is not None and self._age(self._tried_at) < FRESH_SECONDS:
                return self._cached
            return self._anew()

    def refused(self) -> Secrets:
        """The secrets as they are now or the last good ones; SSM is asked at most every 30 s.

        However fresh the last reading is: what was put a moment ago is what is looked for.
        """
        with self._lock:
            if self._cached is not None and self._age(self._refused_at) < REFUSED_SECONDS:
                return self._cached
            secrets = self._anew()
            self._refused_at = self._tried_at
            return secrets

    def _age(self, since: float) -> float:
        return self._clock.monotonic() - since

    def _anew(self) -> Secrets:
        try:
            self._cached = self._fetch()
        except SecretsUnavailable as error:
            if self._cached is None:
                raise
            self._telemetry.warn(f"The last known secrets stay in use. {error}")
        # Also after a failure: an SSM that hangs must not cost its time-out at each event.
        self._tried_at = self._clock.monotonic()
        return self._cached

    def _fetch(self) -> Secrets:
        try:
            parameters = self._parameters()
        except AWS_ERRORS as error:
            raise SecretsUnavailable(
                f"The parameters under {self._path} cannot be read: {error_code(error)}. "
                "The function's role needs ssm:GetParametersByPath on that path, and kms:Decrypt "
                "where they are encrypted with a key of your own."
            ) from error
        try:
            secrets, warnings = secrets_from(parameters, self._path)
        except ParametersInvalid as error:
            raise SecretsUnavailable(str(error)) from error
        for warning in warnings:
            self._telemetry.warn(warning)
        return secrets

    def _parameters(self) -> dict[str, str]:
        """Values by their name below the path. SSM gives ten a page, and empty pages at times."""
        found: dict[str, str] = {}
        pages = self._client.get_paginator("get_parameters_by_path").paginate(
            Path=self._path, Recursive=True, WithDecryption=True
        )
        for page in pages:
            for parameter in page.get("Parameters", []):
                found[parameter["Name"].removeprefix(f"{self._path}/")] = parameter["Value"]
        return found
