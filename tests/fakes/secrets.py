"""The stack's parameters in memory, cached as the real store caches them."""

from __future__ import annotations

from segment_rehook.delivery.ports import Clock, Secrets, SecretsUnavailable
from tests.fakes.faults import Faults

FRESH_SECONDS = 60.0
REFUSED_SECONDS = 30.0

SECRETS = Secrets(
    api_key="key-1",
    api_secret="secret-1",
    shared_secrets=("shared-1",),
    tokens=(),
    mode="deliver",
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
        self._tried = float("-inf")

    def read(self) -> Secrets:
        """What was read at most 60 s ago, or the last that could be read."""
        return self._at_most(FRESH_SECONDS)

    def refused(self) -> Secrets:
        """What was read at most 30 s ago, or the last that could be read."""
        return self._at_most(REFUSED_SECONDS)

    def _at_most(self, age: float) -> Secrets:
        if self._cached is not None and self._clock.monotonic() - self._tried < age:
            return self._cached
        try:
            secrets = self.faults.run("secrets.read", None, lambda: self.stored)
        except SecretsUnavailable:
            if self._cached is None:
                raise
            secrets = self._cached
        self._tried = self._clock.monotonic()
        self._cached = secrets
        return secrets
