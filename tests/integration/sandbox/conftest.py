"""One sandbox over a stack of its own, for all tests of the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

STACK = Path(__file__).parent / "stack" / "template.yaml"


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    """The sandbox, started once."""
    with Sandbox(built=STACK, parameters={"Greeting": "hi"}) as box:
        yield box


@pytest.fixture
def box(running: Sandbox) -> Iterator[Sandbox]:
    """The same, with every fault lifted after each test."""
    yield running
    running.rehook.clear()
    running.aws.clear()
