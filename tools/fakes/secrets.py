"""The stack's parameters in memory, cached as the real store caches them."""

from __future__ import annotations

from segment_rehook.delivery.ports import Clock, SecretsUnavailable
from segment_rehook.delivery.stack_parameters import Mode, Secrets
from tools.fakes.faults import Faults

FRESH_SECONDS = 60.0
REFUSED_SECONDS = 30.0

SECRETS = Secrets(
    api_key="key-1",
    api_secret="secret-1",
    shared_secrets=("shared-1",),
    tokens=(),
    mode=Mode.DELIVER,
)


class FakeSecretStore:
    """A `SecretStore`. `stored` is what SSM holds: set it to rotate a secret or change the mode."""

    def __init__(
        self, clock: Clock, stored: Secrets = SECRETS, faults: Faults | None = None
    ) -> None:
        self.faults = faults or Faults(SecretsUnavailable)
        self.stored = stored
        self._clock = clock
        self._cached: Secrets | None = None
        self._tried = self._refused = float("-inf")

    def read(self) -> Secrets:
        """What was read at most 60 s ago, or the last that could be read."""
        if self._cached is not None and self._clock.monotonic() - self._tried < FRESH_SECONDS:
            return self._cached
        return self._anew()

    def refused(self) -> Secrets:
        """What is stored now, or the last that could be read; looked up at most every 30 s."""
        if self._cached is not None and self._clock.monotonic() - self._refused < REFUSED_SECONDS:
            return self._cached
        secrets = self._anew()
        self._refused = self._tried
        return secrets

    def _anew(self) -> Secrets:
        try:
            secrets = self.faults.run("secrets.read", None, lambda: self.stored)
        except SecretsUnavailable:
            if self._cached is None:
                raise
            secrets = self._cached
        self._tried = self._clock.monotonic()
        self._cached = secrets
        return secrets
