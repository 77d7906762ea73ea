"""The fakes go wrong as they are told, and keep the test's time: what tests build on."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.delivery.ports import LedgerUnavailable, QueueUnavailable
from tests.contract.ledgers import swap
from tests.contract.queues import bodies, message
from tools.fakes.faults import Crash, Fate, Faults
from tools.fakes.queue import FakeQueue
from tools.fakes.surroundings import FakeClock, FakeRandomness, FakeTelemetry
from tools.fakes.table import FakeLedger, FakeUserMarks

RECORD = Record(id="m:s", state=State.CLAIMED, token=1, nonce="n", content="c", expires_at=10)


@pytest.fixture
def queue(clock: FakeClock) -> FakeQueue:
    """An empty queue."""
    return FakeQueue(clock=clock)


def test_a_call_that_fails_has_done_nothing(queue: FakeQueue) -> None:
    """A call that is ordered to fail does nothing, as often as ordered."""
    queue.faults.order(times=2)

    for _ in range(2):
        with pytest.raises(QueueUnavailable):
            queue.send([message("a")])
    assert queue.stored() == []
    assert queue.send([message("a")]) == [True]


def test_a_call_that_landed_may_look_failed() -> None:
    """A call can be ordered to land and to look failed; the ledger knows its nonce afterwards."""
    ledger = FakeLedger()
    ledger.faults.order(Fate.DONE_UNHEARD)

    with pytest.raises(LedgerUnavailable):
        swap(ledger, RECORD, None)

    assert ledger.records == {RECORD.id: RECORD}
    assert swap(ledger, RECORD, None).won


def test_an_order_waits_for_its_operation() -> None:
    """An order to fail waits for its operation; a table that is down fails every operation."""
    faults = Faults(LedgerUnavailable)
    ledger, marks = FakeLedger(faults), FakeUserMarks(faults)
    faults.order(operation="marks.*")

    assert swap(ledger, RECORD, None).won
    with pytest.raises(LedgerUnavailable):
        marks.read(["ann"])
    marks.read(["ann"])
    faults.down = True
    with pytest.raises(LedgerUnavailable):
        marks.clear("ann", "m:s")
    faults.forget()
    marks.clear("ann", "m:s")
    assert faults.calls == {"ledger.swap": 1, "marks.read": 2, "marks.clear": 2}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_crash_falls_on_either_side_of_the_write(moment: str) -> None:
    """A crash before or after a write passes each `except Exception`."""
    ledger = FakeLedger()

    def crash(operation: str, subject: object) -> None:
        assert (operation, subject) == ("ledger.swap", RECORD)
        raise Crash

    setattr(ledger.faults, moment, crash)

    with pytest.raises(Crash):
        swap(ledger, RECORD, None)
    assert bool(ledger.records) is (moment == "after")
    assert not issubclass(Crash, Exception)


def test_entries_can_be_refused_one_by_one(queue: FakeQueue) -> None:
    """Single entries of a send and of a change of visibility can be refused."""
    queue.refuse = lambda entry: entry.body == "b"
    assert queue.send([message("a"), message("b"), message("c")]) == [True, False, True]

    first, second = queue.receive()
    queue.refuse_visibility = lambda receipt: receipt == second.receipt
    assert queue.change_visibility({first.receipt: 5, second.receipt: 5}) == {second.receipt}


def test_the_queue_says_when_something_can_be_received(queue: FakeQueue, clock: FakeClock) -> None:
    """The fake queue says in how many seconds its next message becomes visible."""
    assert queue.next_visible() is None
    queue.send([message("a")])
    assert queue.next_visible() == 0
    [got] = queue.receive()
    queue.change_visibility({got.receipt: 100})
    assert queue.next_visible() == 100
    clock.advance(100)
    assert bodies(queue.receive()) == ["a"]


def test_a_wall_clock_that_jumps_does_not_move_sqs(queue: FakeQueue, clock: FakeClock) -> None:
    """A jump of the function's wall clock does not change when messages become visible."""
    queue.send([message("a")])
    queue.receive()
    clock.jump(100_000)
    assert queue.receive() == []
    clock.jump(-200_000)
    clock.advance(361)
    assert bodies(queue.receive()) == ["a"]


def test_chance_is_the_same_each_time() -> None:
    """A seed gives the same randomness each time, and another seed gives another."""
    first, again, other = FakeRandomness(1), FakeRandomness(1), FakeRandomness(2)

    assert [first.nonce(), first.nonce()] == [again.nonce(), again.nonce()]
    assert first.uniform(0, 1) == again.uniform(0, 1)
    assert other.nonce() != FakeRandomness(1).nonce()


def test_a_log_field_must_not_be_one_of_loggings_own() -> None:
    """A log field under a name of the logging library raises, as it would in production."""
    with pytest.raises(KeyError, match="name"):
        FakeTelemetry().warn("x", name="y")
