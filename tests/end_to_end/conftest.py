"""The bridge as it was built (``make native``) in a sandbox that the files of tests share."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.commands import Commands
from tools.sandbox import Sandbox
from tools.sandbox.build import build

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator


NUMBERS = itertools.count(1)
FAILED = pytest.StashKey[bool]()
SHOWN_LINES = 40


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a test has failed, for the teardown of its fixtures."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def shared() -> Iterator[Sandbox]:
    """A sandbox of what the checkout says now, started once for each process that runs tests."""
    build()
    with Sandbox() as box:
        yield box


@pytest.fixture(scope="module")
def running(shared: Sandbox) -> Sandbox:
    """The same for the tests of one file: nothing waits, no failure is remembered."""
    for name in shared.stack.queues:
        shared.queue(name).empty()
    forget_failures(shared)
    return shared


@pytest.fixture
def box(running: Sandbox, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """The same, with nothing ordered to fail at the end of each test.

    Of a test that failed, it shows what the functions logged last.
    """
    before = len(running.log)
    yield running
    if request.node.stash.get(FAILED, False):
        for line in running.log.lines(since=before)[-SHOWN_LINES:]:
            print(f"{line.at:.3f} {line.function} {line.process}: {line.text}")  # noqa: T201 — pytest shows it
    running.rehook.clear()
    running.rehook.limit(None)
    running.rehook.switch(on=True)
    running.rehook.behave()
    running.aws.clear()


@pytest.fixture
def commands(box: Sandbox) -> Iterator[Commands]:
    """The command line; both queues are empty afterwards, and redrive works."""
    yield Commands(box)
    box.pollers["RedriveFunction"].resume()
    for name in ("ParkingLot", "DeadLetterQueue"):
        box.queue(name).empty()


@pytest.fixture
def fresh(box: Sandbox) -> None:
    """A bridge that remembers no failure of an earlier test, so that none slows this one down."""
    forget_failures(box)


def forget_failures(box: Sandbox) -> None:
    """Close the breaker, and set the count of failures back to zero.

    A breaker that was opened, or that held for a rate limit, has a record. Then processes are
    replaced: they know the record, and redrive's have a slower pace. Otherwise one delivery is
    enough.
    """
    [table] = box.stack.tables.values()
    records = [item["id"] for item in box.ledger() if item["id"]["S"].startswith("breaker#")]
    for record in records:
        box.dynamodb.delete_item(TableName=table.name, Key={"id": record})
    if records:
        for name, function in box.functions.items():
            box.kill(name)
            function.start()
    name = f"forget-{next(NUMBERS)}"
    event = {"type": "track", "event": "well", "messageId": name, "userId": name}
    assert box.segment.send(event).body["delivered"] == 1


@pytest.fixture
def user() -> str:
    """A user whom no other test knows."""
    return f"user-{next(NUMBERS)}"


@pytest.fixture
def track(user: str) -> Callable[..., dict[str, Any]]:
    """Makes track events of the user, each with an id of its own."""

    def make(**members: Any) -> dict[str, Any]:
        number = next(NUMBERS)
        return {
            "type": "track",
            "event": "order",
            "messageId": f"message-{number}",
            "userId": user,
            "timestamp": "2026-01-15T10:00:00.000Z",
            "properties": {"total": number},
            **members,
        }

    return make


def rewards(box: Sandbox, user: str) -> int:
    """How many rewards Rehook gave a user for the event ``order``."""
    return box.rehook.rewards().get((user, "order"), 0)


def drain(box: Sandbox, timeout: float = 60.0) -> None:
    """Let time pass for dead letters until none is left."""
    queue = box.queue("DeadLetterQueue")

    def empty() -> bool:
        queue.hasten()
        return not queue.messages()

    box.wait_until(empty, timeout, every=0.2)
