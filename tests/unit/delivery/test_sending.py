"""Sending to SQS: entry by entry, one message of a user a call, and each user in order."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.delivery.ports import QueueUnavailable
from segment_rehook.delivery.queues.sending import CALL_SECONDS, Line, Sender
from segment_rehook.delivery.queues.transport import MAX_MESSAGE_BYTES, Outgoing
from tools.fakes.faults import Fate, Faults
from tools.fakes.queue import FakeQueue
from tools.fakes.surroundings import FakeClock, FakeTelemetry


class Bench:
    """A queue, and what was sent to it, call by call. Each call takes `seconds`."""

    def __init__(self, *, seconds: float = 0.0, senders: int = 1) -> None:
        self.clock = FakeClock()
        self.faults = Faults(QueueUnavailable)
        self.queue = FakeQueue(clock=self.clock, faults=self.faults)
        self.telemetry = FakeTelemetry()
        self.calls: list[list[Outgoing]] = []
        self.sender = Sender(self.queue, self.telemetry, senders)

        def before(_operation: str, sent: object) -> None:
            assert isinstance(sent, Sequence)
            self.calls.append(list(sent))
            self.clock.advance(seconds)

        self.faults.before = before

    def send(self, lines: list[Line], seconds: float = 1_000.0) -> None:
        """Send within so many seconds."""
        until = self.clock.monotonic() + seconds
        self.sender.send(lines, lambda: until - self.clock.monotonic())

    def stored(self, group: str) -> list[str]:
        """The bodies of a group, in the queue's order."""
        return [each.message.body for each in self.queue.stored() if each.message.group == group]


def line(group: str, count: int, size: int = 1) -> Line:
    """A user's messages."""
    return Line(
        [
            Outgoing(
                group=group, dedupe=f"{group}-{number}", body=f"{number:04}" * size, attributes={}
            )
            for number in range(count)
        ]
    )


def bodies(count: int) -> list[str]:
    """What `line` holds."""
    return [f"{number:04}" for number in range(count)]


def test_many_users_go_ten_a_call() -> None:
    """One message each of thirty-five users takes four calls."""
    bench = Bench()
    lines = [line(f"u{number}", 1) for number in range(35)]
    bench.send(lines)

    assert sorted(map(len, bench.calls)) == [5, 10, 10, 10]
    assert all(each.taken == [True] for each in lines)


@given(st.lists(st.integers(0, 7), max_size=30), st.integers(1, 8))
def test_each_user_is_stored_whole_and_in_order(counts: list[int], senders: int) -> None:
    """Each user's messages are stored completely and in order, also with calls side by side."""
    bench = Bench(senders=senders)
    lines = [line(f"u{number}", count) for number, count in enumerate(counts)]
    bench.send(lines)

    for number, count in enumerate(counts):
        assert bench.stored(f"u{number}") == bodies(count)
        assert lines[number].taken == [True] * count
    for call in bench.calls:
        groups = [each.group for each in call]
        assert len(set(groups)) == len(groups)


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=8),
    st.sets(st.tuples(st.integers(0, 7), st.integers(0, 4))),
)
def test_a_refused_entry_stops_its_user_and_nobody_else(
    counts: list[int], refused: set[tuple[int, int]]
) -> None:
    """Behind a refused entry no message of that user is sent; other users' are."""
    bench = Bench()
    never = {(f"u{user}", f"{place:04}") for user, place in refused}
    bench.queue.refuse = lambda message: (message.group, message.body) in never
    lines = [line(f"u{number}", count) for number, count in enumerate(counts)]
    bench.send(lines)

    for number, count in enumerate(counts):
        first = min((place for user, place in refused if user == number), default=count)
        kept = min(first, count)
        assert lines[number].taken == [True] * kept + [False] * (count - kept)
        assert bench.stored(f"u{number}") == bodies(kept)


def test_a_refused_entry_is_tried_once_more() -> None:
    """An entry that SQS refuses is sent once more."""
    bench = Bench()
    refusals = iter([True])
    bench.queue.refuse = lambda _message: next(refusals, False)
    lines = [line("u", 2)]
    bench.send(lines)

    assert lines[0].taken == [True, True]
    assert not bench.telemetry.counts


def test_a_call_without_an_answer_is_made_again_and_stored_once() -> None:
    """A call without an answer is made again, and its deduplication ids store it once."""
    bench = Bench()
    bench.faults.order(Fate.DONE_UNHEARD)
    lines = [line("u", 1), line("v", 1)]
    bench.send(lines)

    assert [each.taken for each in lines] == [[True], [True]]
    assert len(bench.queue.stored()) == 2


def test_a_queue_that_is_down_takes_nothing_and_is_not_hammered() -> None:
    """While the queue is down each call is tried twice, and then its users have failed."""
    bench = Bench()
    bench.faults.down = True
    lines = [line("u", 50), line("v", 50)]
    bench.send(lines)

    assert not any(any(each.taken) for each in lines)
    assert len(bench.calls) == 2


def test_calls_are_at_most_a_mebibyte() -> None:
    """The messages of a call have at most a mebibyte together."""
    bench = Bench()
    lines = [line(f"u{number}", 1, size=60_000) for number in range(9)]
    bench.send(lines)

    assert all(each.taken == [True] for each in lines)
    assert all(sum(message.size() for message in call) <= MAX_MESSAGE_BYTES for call in bench.calls)


def test_two_halves_of_a_mebibyte_go_in_one_call() -> None:
    """Two messages of exactly half a mebibyte go in one call."""
    bench = Bench()
    lines = [
        line(f"u{number}", 1, size=MAX_MESSAGE_BYTES // 2 // len("0000")) for number in range(4)
    ]
    bench.send(lines)

    assert list(map(len, bench.calls)) == [2, 2]


def test_a_message_too_large_stops_its_user_only() -> None:
    """A message that is too large for SQS is never sent, and stops its own user alone."""
    bench = Bench()
    large, small = line("u", 1, size=300_000), line("v", 1)
    bench.send([large, small])

    assert (large.taken, small.taken) == ([False], [True])
    assert not bench.sender.send_one(large.messages[0])


def test_nothing_is_sent_when_the_time_is_up() -> None:
    """When the time is over nothing is sent, and each message is told as not sent."""
    bench = Bench(seconds=1.0)
    lines = [line("u", 10)]
    bench.send(lines, seconds=0.0)

    assert not bench.calls
    assert not any(lines[0].taken)


def test_of_the_calls_of_a_round_those_are_made_for_which_there_is_time() -> None:
    """Of four calls of a second each, two are made in two seconds."""
    bench = Bench(seconds=1.0)
    lines = [line(f"u{number}", 1) for number in range(40)]
    bench.send(lines, seconds=2.0)

    assert len(bench.calls) == 2
    assert [each.taken for each in lines] == [[True]] * 20 + [[False]] * 20


@pytest.mark.parametrize(("calls", "meet"), [(2, True), (3, False)])
def test_as_many_calls_go_side_by_side_as_there_are_senders(calls: int, meet: bool) -> None:
    """With two senders, two calls are under way at once, and a third is not."""
    bench = Bench(senders=2)
    meeting = threading.Barrier(calls)

    def before(_operation: str, _sent: object) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(timeout=10.0 if meet else 0.05)

    bench.faults.before = before
    lines = [line(f"u{number}", 1) for number in range(10 * calls)]
    bench.send(lines)

    assert meeting.broken is not meet
    assert all(each.taken == [True] for each in lines)


@pytest.mark.parametrize("seconds", [50 * CALL_SECONDS, 4.0])
def test_a_line_goes_one_at_a_time_when_there_is_time_for_it(seconds: float) -> None:
    """With time enough, a user's messages go one a call, so that a refusal stops the rest."""
    bench = Bench()
    lines = [line("u", 50)]
    bench.send(lines, seconds=seconds)

    assert list(map(len, bench.calls)) == [1] * 50


def test_of_more_than_ten_users_each_call_has_one_message_of_each() -> None:
    """With more than ten users, a call has one message of a user, also when time is short."""
    bench = Bench()
    bench.send([line(f"u{number}", 50) for number in range(11)], seconds=1.0)

    for call in bench.calls[:2]:
        groups = [each.group for each in call]
        assert len(set(groups)) == len(groups)


def test_a_long_line_goes_ten_at_a_time_when_time_is_short() -> None:
    """When time is short, a user's many messages go ten a call."""
    bench = Bench(seconds=CALL_SECONDS)
    lines = [line("u", 400)]
    bench.send(lines, seconds=4.0)

    assert all(lines[0].taken)
    assert bench.stored("u") == bodies(400)
    assert len(bench.calls) < 4.0 / CALL_SECONDS


def test_a_long_line_is_never_in_two_calls_at_once() -> None:
    """No two calls with messages of one user are under way at once."""
    bench = Bench(seconds=CALL_SECONDS, senders=4)
    lines = [line("u", 300), line("v", 300), line("w", 300)]
    bench.send(lines, seconds=3.0)

    for group in "uvw":
        assert bench.stored(group) == bodies(300)[: len(bench.stored(group))]


def test_changed_places_are_counted() -> None:
    """A message that was stored before an earlier one of its user is counted."""
    bench = Bench(seconds=CALL_SECONDS)
    refusals = iter([True])
    bench.queue.refuse = lambda message: message.body == "0000" and next(refusals, False)
    lines = [line("u", 200)]
    bench.send(lines, seconds=2.0)

    assert all(lines[0].taken)
    assert bench.telemetry.counts["OutOfOrder"] == 1


@pytest.mark.parametrize(
    ("refuse", "taken"), [(lambda _message: False, True), (lambda _message: True, False)]
)
def test_one_message(refuse: Callable[[Outgoing], bool], taken: bool) -> None:
    """One message is told as taken, or as not known to be."""
    bench = Bench()
    bench.queue.refuse = refuse

    assert bench.sender.send_one(line("u", 1).messages[0]) is taken
