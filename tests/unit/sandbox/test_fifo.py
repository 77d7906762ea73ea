"""Operations of the queue in memory that SQS does not have."""

from __future__ import annotations

import pytest

from tools.fakes.surroundings import FakeClock
from tools.sqs.fifo import FifoQueue


@pytest.fixture
def queue() -> FifoQueue[str]:
    """A queue with three messages of three groups, of which the first two are in flight."""
    made: FifoQueue[str] = FifoQueue(now=FakeClock().now)
    for name in "abc":
        made.add(name, name, name)
    made.take(2)
    return made


def test_time_passes_for_what_waits(queue: FifoQueue[str]) -> None:
    """After ``hasten`` every hidden message can be received, in order."""
    assert queue.hasten(None) == 2
    assert [each.message for each in queue.take()] == ["c", "a", "b"]


def test_no_time_passes_for_what_a_consumer_holds(queue: FifoQueue[str]) -> None:
    """``hasten`` shows what a consumer has finished with, and not what it still processes."""
    first, second = queue.in_flight()
    assert queue.hasten({first.message_id: 1, second.message_id: 0}) == 1
    assert [each.message for each in queue.in_flight()] == ["b"]


def test_an_emptied_queue_remembers_deduplication_ids(queue: FifoQueue[str]) -> None:
    """A purge deletes the messages and keeps the deduplication ids."""
    queue.empty()
    queue.add("a", "a", "again")
    queue.add("a", "new", "new")
    assert [each.message for each in queue.take()] == ["new"]


def test_a_redrive_policy_needs_a_queue_behind() -> None:
    """A queue with a maximum of receives and without a dead-letter queue raises ValueError."""
    queue: FifoQueue[str] = FifoQueue(now=FakeClock().now, max_receives=0)
    queue.add("a", "a", "a")
    with pytest.raises(ValueError, match="parking"):
        queue.take()
