"""What the queue in memory does that no call to SQS does: for the sandbox, and for simulations."""

from __future__ import annotations

import pytest

from tools.fakes.surroundings import FakeClock
from tools.sqs.fifo import FifoQueue


@pytest.fixture
def queue() -> FifoQueue[str]:
    """Three messages of as many groups, of which the first two are in flight."""
    made: FifoQueue[str] = FifoQueue(now=FakeClock().now)
    for name in "abc":
        made.add(name, name, name)
    made.take(2)
    return made


def test_time_passes_for_what_waits(queue: FifoQueue[str]) -> None:
    """All that is hidden can be received at once, in its order."""
    assert queue.hasten(None) == 2
    assert [each.message for each in queue.take()] == ["c", "a", "b"]


def test_no_time_passes_for_what_a_consumer_holds(queue: FifoQueue[str]) -> None:
    """What it is done with waits for its visibility; what it received since is in its hand."""
    first, second = queue.in_flight()
    assert queue.hasten({first.message_id: 1, second.message_id: 0}) == 1
    assert [each.message for each in queue.in_flight()] == ["b"]


def test_an_emptied_queue_remembers_deduplication_ids(queue: FifoQueue[str]) -> None:
    """A purge takes the messages only."""
    queue.empty()
    queue.add("a", "a", "again")
    queue.add("a", "new", "new")
    assert [each.message for each in queue.take()] == ["new"]


def test_a_redrive_policy_needs_a_queue_behind() -> None:
    """It is a mistake of whoever made the queue."""
    queue: FifoQueue[str] = FifoQueue(now=FakeClock().now, max_receives=0)
    queue.add("a", "a", "a")
    with pytest.raises(ValueError, match="parking"):
        queue.take()
