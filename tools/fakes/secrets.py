"""The stack's parameters in memory, with the same cache times as the real store."""

from __future__ import annotations

from segment_rehook.delivery.ports import Clock, SecretsUnavailable
from segment_rehook.delivery.stack_parameters import Mode, Secrets
from tools.fakes.faults import Faults

MAX_AGE_SECONDS = 60.0
MIN_REFUSED_SECONDS = 30.0

USER_KEY = b"0123456789abcdef0123456789abcdef"
SECRETS = Secrets(
    api_key="key-1",
    api_secret="secret-1",
    shared_secrets=("shared-1",),
    tokens=(),
    mode=Mode.DELIVER,
    user_key=USER_KEY,
)


class FakeSecretStore:
    """A `SecretStore`. `stored` is what SSM holds; a test sets it to change a parameter."""

    def __init__(
        self, clock: Clock, stored: Secrets = SECRETS, faults: Faults | None = None
    ) -> None:
        self.faults = faults or Faults(SecretsUnavailable)
        self.stored = stored
        self._clock = clock
        self._cached: Secrets | None = None
        self._tried = self._refused = float("-inf")

    def read(self) -> Secrets:
        """Return what was read in the last 60 s; else read, or keep the last if that fails."""
        if self._cached is not None and self._clock.monotonic() - self._tried < MAX_AGE_SECONDS:
            return self._cached
        return self._anew()

    def refused(self) -> Secrets:
        """Read again, at most every 30 s; if that fails, return what was read last."""
        if (
            self._cached is not None
            and self._clock.monotonic() - self._refused < MIN_REFUSED_SECONDS
        ):
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
