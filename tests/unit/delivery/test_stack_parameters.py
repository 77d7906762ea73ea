"""What an operator puts into SSM for a stack."""

from __future__ import annotations

from tools.fakes.secrets import SECRETS


def test_secrets_are_not_shown() -> None:
    """The text form of the secrets, as a log or a traceback shows it, holds no secret."""
    assert repr(SECRETS) == "Secrets(…)"
