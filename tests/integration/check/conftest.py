"""The check as Lambda would run it, with AWS's side on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.check.aws_side import AwsSide, environment


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsSide]:
    """AWS's side, and the environment of the check."""
    with environment(monkeypatch) as side:
        yield side
