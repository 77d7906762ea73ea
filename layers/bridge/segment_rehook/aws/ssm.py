"""The stack's secrets and its mode, from the SSM parameters under one path.

One reading is used for a minute. If a refresh fails, or finds parameters that no delivery could be
made with, the last good reading stays in use: an operator's mistake or an outage of SSM must not
stop a running stack. SecretsUnavailable is raised only if there never was a good reading.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from segment_rehook.aws.errors import AwsError
from segment_rehook.aws.parameters import ParametersInvalid, secrets_from
from segment_rehook.delivery.ports import SecretsUnavailable

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_ssm.type_defs import GetParametersByPathRequestTypeDef

    from segment_rehook.delivery.ports import Clock, Warnings
    from segment_rehook.delivery.stack_parameters import Secrets

FRESH_SECONDS = 60.0
REFUSED_SECONDS = 30.0


class SsmSecretStore:
    """The port `SecretStore`. `path` is `/segment-rehook/{stack}`, without a trailing slash."""

    def __init__(self, client: SSMClient, path: str, clock: Clock, telemetry: Warnings) -> None:
        self._client = client
        self._path = path
        self._clock = clock
        self._telemetry = telemetry
        self._cached: Secrets | None = None
        self._tried_at = self._refused_at = float("-inf")
        # Held while SSM is asked: threads that find the reading too old wait for one new reading.
        self._lock = threading.Lock()

    def read(self) -> Secrets:
        """Give the secrets: read at most 60 s ago, or else the last good ones."""
        with self._lock:
            if self._cached is not None and self._age(self._tried_at) < FRESH_SECONDS:
                return self._cached
            return self._anew()

    def refused(self) -> Secrets:
        """Give the secrets as they are now, or the last good ones. SSM is asked at most every 30 s.

        A reading that `read` would still use is not enough: the secret that was put a moment ago is
        looked for.
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
        # Also after a failure: if SSM hangs, not every event may wait for its time-out.
        self._tried_at = self._clock.monotonic()
        return self._cached

    def _fetch(self) -> Secrets:
        try:
            parameters = self._parameters()
        except AwsError as error:
            raise SecretsUnavailable(
                f"The parameters under {self._path} cannot be read: {error.code}. "
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
        """Give values by their name below the path. SSM gives ten a page; pages may be empty."""
        found: dict[str, str] = {}
        asked: GetParametersByPathRequestTypeDef = {
            "Path": self._path,
            "Recursive": True,
            "WithDecryption": True,
        }
        while True:
            page = self._client.get_parameters_by_path(**asked)
            for parameter in page.get("Parameters", []):
                found[parameter["Name"].removeprefix(f"{self._path}/")] = parameter["Value"]
            if not (token := page.get("NextToken")):
                return found
            asked["NextToken"] = token
