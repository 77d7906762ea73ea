"""One sandbox with its console for all tests of the console over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.conftest import forget_failures
from tests.integration.console.running import Running, Visitor, running_console, token_of

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def started() -> Iterator[Running]:
    """Start both once."""
    with running_console() as running:
        yield running


@pytest.fixture
def running(started: Running) -> Iterator[Running]:
    """Give both; nothing is broken after a test, and no failure is remembered."""
    yield started
    visitor = Visitor(started.console.url)
    visitor.sign_in(token_of(started.console))
    assert visitor.order("all-well").status == 200
    for name in started.box.stack.queues:
        started.box.queue(name).empty()
    forget_failures(started.box)


@pytest.fixture
def stranger(running: Running) -> Visitor:
    """A client that has no cookie."""
    return Visitor(running.console.url)


@pytest.fixture
def visitor(running: Running) -> Visitor:
    """A client that is signed in."""
    signed_in = Visitor(running.console.url)
    assert signed_in.sign_in(token_of(running.console)).status == 204
    return signed_in
