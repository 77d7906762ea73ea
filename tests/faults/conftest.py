"""How large the runs are: small by default."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def burst_events() -> int:
    """Events of the burst; BURST_EVENTS=50000 for the whole one."""
    return int(os.environ.get("BURST_EVENTS", "5000"))
