"""What every test runs under: no network, and the same random cases each time.

Sockets are closed unless a folder is named here as one that talks to servers of its own, and those
reach this machine only. A folder of tests that nobody listed is a unit test.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import Phase, settings

TESTS = Path(__file__).parent
FOLDERS_WITH_SERVERS = frozenset(
    {"browser", "contract", "integration", "end_to_end", "faults", "conformance", "redrive"}
)
THIS_MACHINE = ["127.0.0.1", "127.0.0.2", "::1", "localhost"]

settings.register_profile("gate", derandomize=True, deadline=None)
# For tools/mutants: that a test fails is enough, nobody reads the smallest example.
settings.register_profile(
    "mutants", derandomize=True, deadline=None, phases=[Phase.explicit, Phase.generate]
)
# For `make coverage`: which lines are reached is known after a few cases.
settings.register_profile("coverage", derandomize=True, deadline=None, max_examples=10)
settings.load_profile("gate")

# A shell ignores Ctrl-C for what it starts in the background, and so would all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Close the sockets of every test, or open them to this machine alone."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        if folder in FOLDERS_WITH_SERVERS:
            item.add_marker(pytest.mark.allow_hosts(THIS_MACHINE))
        else:
            item.add_marker(pytest.mark.disable_socket)
