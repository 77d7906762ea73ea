"""What an operator puts into SSM for a stack."""

from __future__ import annotations

from tools.fakes.secrets import SECRETS


def test_secrets_are_not_shown() -> None:
    """Neither in a log line nor in a traceback that shows variables."""
    assert repr(SECRETS) == "Secrets(…)"
