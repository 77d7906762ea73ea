"""What the delivery protocol needs of the secret store, held to the fake and to SSM alike."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from segment_rehook.aws.ssm import SsmSecretStore
from segment_rehook.delivery.ports import SecretStore, SecretsUnavailable
from segment_rehook.delivery.stack_parameters import Mode, Secrets
from tests.contract.conftest import Clients
from tools.fakes.secrets import SECRETS, FakeSecretStore
from tools.fakes.surroundings import FakeClock, FakeTelemetry

_numbers = itertools.count(1)
ROTATED = replace(
    SECRETS, api_key="key-2", shared_secrets=("shared-2", "shared-1"), mode=Mode.PAUSE
)


@dataclass
class SecretBench:
    """A store, what an operator puts (which mends), and a way to make reading fail."""

    store: SecretStore
    put: Callable[[Secrets], None]
    break_off: Callable[[], None]


@pytest.fixture(params=["fake", "ssm"])
def secrets(request: pytest.FixtureRequest, clock: FakeClock) -> SecretBench:
    """A store whose parameters are `SECRETS`."""
    if request.param == "fake":
        return _fake(clock)
    return _ssm(request.getfixturevalue("clients"), clock)


def _fake(clock: FakeClock) -> SecretBench:
    fake = FakeSecretStore(clock)

    def put(stored: Secrets) -> None:
        fake.stored = stored
        fake.faults.forget()

    def break_off() -> None:
        fake.faults.down = True

    return SecretBench(fake, put, break_off)


def _ssm(clients: Clients, clock: FakeClock) -> SecretBench:
    path = f"/segment-rehook/secrets-{next(_numbers)}"
    store = SsmSecretStore(clients.functions.ssm, path, clock, FakeTelemetry())

    def put(stored: Secrets) -> None:
        values = {
            "rehook/api-key": stored.api_key + "\n",
            "rehook/api-secret": stored.api_secret,
            "segment/shared-secrets": "\n".join(stored.shared_secrets),
            "mode": stored.mode,
            "logs/user-key": (stored.user_key or b"").decode(),
        }
        for name, value in values.items():
            clients.ssm.put_parameter(
                Name=f"{path}/{name}", Value=value, Type="SecureString", Overwrite=True
            )

    def break_off() -> None:
        clients.ssm.delete_parameters(Names=[f"{path}/rehook/api-key", f"{path}/rehook/api-secret"])

    put(SECRETS)
    return SecretBench(store, put, break_off)


def test_secrets_are_read_and_kept_for_a_minute(secrets: SecretBench, clock: FakeClock) -> None:
    """Secrets and mode are read once a minute, and a change is seen then."""
    assert secrets.store.read() == SECRETS
    secrets.put(ROTATED)

    clock.advance(59)
    assert secrets.store.read() == SECRETS
    clock.advance(2)
    assert secrets.store.read() == ROTATED


def test_refused_secrets_are_read_anew(secrets: SecretBench, clock: FakeClock) -> None:
    """Secrets that were refused are read at once, and for all who read afterwards."""
    secrets.store.read()
    secrets.put(ROTATED)

    assert secrets.store.refused() == ROTATED
    assert secrets.store.read() == ROTATED
    clock.advance(59)
    secrets.put(SECRETS)
    assert secrets.store.read() == ROTATED


def test_refusals_ask_at_most_every_thirty_seconds(secrets: SecretBench, clock: FakeClock) -> None:
    """Refusals make the secrets be read once in thirty seconds at most."""
    secrets.store.read()
    secrets.store.refused()
    secrets.put(ROTATED)

    clock.advance(29)
    assert secrets.store.refused() == SECRETS
    clock.advance(2)
    assert secrets.store.refused() == ROTATED


def test_known_secrets_outlive_a_failing_read(secrets: SecretBench, clock: FakeClock) -> None:
    """Secrets that were read once stay in use for as long as reading fails."""
    secrets.store.read()
    secrets.break_off()

    for _ in range(3):
        clock.advance(3600)
        assert secrets.store.read() == SECRETS
        assert secrets.store.refused() == SECRETS


def test_a_failing_read_is_not_repeated_at_once(secrets: SecretBench, clock: FakeClock) -> None:
    """A read that failed is repeated when the cache would be old again, and not before."""
    secrets.store.read()
    secrets.break_off()
    clock.advance(61)
    secrets.store.read()
    secrets.put(ROTATED)

    clock.advance(59)
    assert secrets.store.read() == SECRETS


def test_without_any_secrets_there_is_an_error(secrets: SecretBench) -> None:
    """A failing read raises one kind of error when nothing was ever read."""
    secrets.break_off()

    for _ in range(2):
        with pytest.raises(SecretsUnavailable):
            secrets.store.read()
