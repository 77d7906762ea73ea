"""How messages are sent to SQS: at most one of a user in a call, and each user's in order."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.delivery.ports import QueueUnavailable
from segment_rehook.delivery.queues.sending import CALL_SECONDS, Sender, UserMessages
from segment_rehook.delivery.queues.transport import MAX_MESSAGE_BYTES, Outgoing
from tools.fakes.faults import Fate, Faults
from tools.fakes.queue import FakeQueue
from tools.fakes.surroundings import FakeClock, FakeTelemetry


class Bench:
    """A sender with a queue, and what it sent in each call. A call takes `seconds`."""

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

    def send(self, users: list[UserMessages], seconds: float = 1_000.0) -> None:
        """Send what can be sent within `seconds`."""
        until = self.clock.monotonic() + seconds
        self.sender.send(users, lambda: until - self.clock.monotonic())

    def stored(self, group: str) -> list[str]:
        """Give the bodies of a group, in the order of the queue."""
        return [each.message.body for each in self.queue.stored() if each.message.group == group]


def messages_of(group: str, count: int, size: int = 1) -> UserMessages:
    """Give `count` messages of a user, each of `size` times four bytes."""
    return UserMessages(
        [
            Outgoing(
                group=group, dedupe=f"{group}-{number}", body=f"{number:04}" * size, attributes={}
            )
            for number in range(count)
        ]
    )


def bodies(count: int) -> list[str]:
    """Give the bodies of the messages that `messages_of` makes."""
    return [f"{number:04}" for number in range(count)]


def test_many_users_go_ten_a_call() -> None:
    """Thirty-five users with one message each need four calls."""
    bench = Bench()
    users = [messages_of(f"u{number}", 1) for number in range(35)]
    bench.send(users)

    assert sorted(map(len, bench.calls)) == [5, 10, 10, 10]
    assert all(each.taken == [True] for each in users)


@given(st.lists(st.integers(0, 7), max_size=30), st.integers(1, 8))
def test_each_user_is_stored_whole_and_in_order(counts: list[int], senders: int) -> None:
    """All messages of each user arrive, in order, with any number of calls side by side."""
    bench = Bench(senders=senders)
    users = [messages_of(f"u{number}", count) for number, count in enumerate(counts)]
    bench.send(users)

    for number, count in enumerate(counts):
        assert bench.stored(f"u{number}") == bodies(count)
        assert users[number].taken == [True] * count
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
    """The user's later messages are not sent; those of other users are."""
    bench = Bench()
    never = {(f"u{user}", f"{place:04}") for user, place in refused}
    bench.queue.refuse = lambda message: (message.group, message.body) in never
    users = [messages_of(f"u{number}", count) for number, count in enumerate(counts)]
    bench.send(users)

    for number, count in enumerate(counts):
        first = min((place for user, place in refused if user == number), default=count)
        kept = min(first, count)
        assert users[number].taken == [True] * kept + [False] * (count - kept)
        assert bench.stored(f"u{number}") == bodies(kept)


def test_a_refused_entry_is_tried_once_more() -> None:
    """An entry that SQS refuses once, as it does when it is busy, is sent at the second try."""
    bench = Bench()
    refusals = iter([True])
    bench.queue.refuse = lambda _message: next(refusals, False)
    users = [messages_of("u", 2)]
    bench.send(users)

    assert users[0].taken == [True, True]
    assert not bench.telemetry.counts


def test_a_call_without_an_answer_is_made_again_and_stored_once() -> None:
    """A call whose answer is lost is repeated, and SQS recognises the deduplication ids."""
    bench = Bench()
    bench.faults.order(Fate.DONE_UNHEARD)
    users = [messages_of("u", 1), messages_of("v", 1)]
    bench.send(users)

    assert [each.taken for each in users] == [[True], [True]]
    assert len(bench.queue.stored()) == 2


def test_a_queue_that_is_down_is_called_twice_only() -> None:
    """After two tries of the call no further message of its users is sent."""
    bench = Bench()
    bench.faults.down = True
    users = [messages_of("u", 50), messages_of("v", 50)]
    bench.send(users)

    assert not any(any(each.taken) for each in users)
    assert len(bench.calls) == 2


def test_calls_are_at_most_a_mebibyte() -> None:
    """The messages of one call together stay under the largest size that SQS takes."""
    bench = Bench()
    users = [messages_of(f"u{number}", 1, size=60_000) for number in range(9)]
    bench.send(users)

    assert all(each.taken == [True] for each in users)
    assert all(sum(message.size() for message in call) <= MAX_MESSAGE_BYTES for call in bench.calls)


def test_two_halves_of_a_mebibyte_go_in_one_call() -> None:
    """A call whose messages have exactly the largest size is made."""
    bench = Bench()
    users = [
        messages_of(f"u{number}", 1, size=MAX_MESSAGE_BYTES // 2 // len("0000"))
        for number in range(4)
    ]
    bench.send(users)

    assert list(map(len, bench.calls)) == [2, 2]


def test_a_message_too_large_stops_its_user_only() -> None:
    """A message that is too large is not sent, so SQS does not refuse the call for other users."""
    bench = Bench()
    large, small = messages_of("u", 1, size=300_000), messages_of("v", 1)
    bench.send([large, small])

    assert (large.taken, small.taken) == ([False], [True])
    assert not bench.sender.send_one(large.messages[0])


def test_nothing_is_sent_when_the_time_is_up() -> None:
    """With no time left, no call is made, and no message counts as taken."""
    bench = Bench(seconds=1.0)
    users = [messages_of("u", 10)]
    bench.send(users, seconds=0.0)

    assert not bench.calls
    assert not any(users[0].taken)


def test_calls_are_made_as_long_as_there_is_time() -> None:
    """Of four calls of a second each, the last two do not begin after two seconds."""
    bench = Bench(seconds=1.0)
    users = [messages_of(f"u{number}", 1) for number in range(40)]
    bench.send(users, seconds=2.0)

    assert len(bench.calls) == 2
    assert [each.taken for each in users] == [[True]] * 20 + [[False]] * 20


@pytest.mark.parametrize(("calls", "meet"), [(2, True), (3, False)])
def test_as_many_calls_go_side_by_side_as_there_are_senders(calls: int, meet: bool) -> None:
    """With two senders, two calls run at the same time, and a third does not."""
    bench = Bench(senders=2)
    meeting = threading.Barrier(calls)

    def before(_operation: str, _sent: object) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(timeout=10.0 if meet else 0.05)

    bench.faults.before = before
    users = [messages_of(f"u{number}", 1) for number in range(10 * calls)]
    bench.send(users)

    assert meeting.broken is not meet
    assert all(each.taken == [True] for each in users)


@pytest.mark.parametrize("seconds", [50 * CALL_SECONDS, 4.0])
def test_messages_of_a_user_go_one_at_a_time_when_there_is_time_for_it(seconds: float) -> None:
    """With enough time, each message has a call of its own, so a refusal stops all behind it."""
    bench = Bench()
    users = [messages_of("u", 50)]
    bench.send(users, seconds=seconds)

    assert list(map(len, bench.calls)) == [1] * 50


def test_of_more_than_ten_users_each_call_has_one_message_of_each() -> None:
    """With more than ten users, a call holds one message of each, also when time is short."""
    bench = Bench()
    bench.send([messages_of(f"u{number}", 50) for number in range(11)], seconds=1.0)

    for call in bench.calls[:2]:
        groups = [each.group for each in call]
        assert len(set(groups)) == len(groups)


def test_many_messages_of_a_user_go_ten_at_a_time_when_time_is_short() -> None:
    """When single calls would take too long, a call holds ten messages of the user."""
    bench = Bench(seconds=CALL_SECONDS)
    users = [messages_of("u", 400)]
    bench.send(users, seconds=4.0)

    assert all(users[0].taken)
    assert bench.stored("u") == bodies(400)
    assert len(bench.calls) < 4.0 / CALL_SECONDS


def test_messages_of_a_user_are_never_in_two_calls_at_once() -> None:
    """Messages of one user stay in order, because two calls at once never hold the same user."""
    bench = Bench(seconds=CALL_SECONDS, senders=4)
    users = [messages_of("u", 300), messages_of("v", 300), messages_of("w", 300)]
    bench.send(users, seconds=3.0)

    for group in "uvw":
        assert bench.stored(group) == bodies(300)[: len(bench.stored(group))]


def test_messages_that_change_places_are_counted() -> None:
    """Two messages of a call are swapped if SQS refuses the first one once; this is counted."""
    bench = Bench(seconds=CALL_SECONDS)
    refusals = iter([True])
    bench.queue.refuse = lambda message: message.body == "0000" and next(refusals, False)
    users = [messages_of("u", 200)]
    bench.send(users, seconds=2.0)

    assert all(users[0].taken)
    assert bench.telemetry.counts["OutOfOrder"] == 1


@pytest.mark.parametrize(
    ("refuse", "taken"), [(lambda _message: False, True), (lambda _message: True, False)]
)
def test_one_message(refuse: Callable[[Outgoing], bool], taken: bool) -> None:
    """`send_one` says whether SQS has taken the message."""
    bench = Bench()
    bench.queue.refuse = refuse

    assert bench.sender.send_one(messages_of("u", 1).messages[0]) is taken
