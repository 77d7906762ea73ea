"""The size of the runs: small by default."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def burst_events() -> int:
    """Give the number of events of a burst; BURST_EVENTS=50000 is the full size."""
    return int(os.environ.get("BURST_EVENTS", "5000"))
