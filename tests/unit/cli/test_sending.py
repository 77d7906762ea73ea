"""The sending of a replay: order, pace, what is sent again, and what ends a run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook.segment.signature import Coverage, coverage
from segment_rehook_cli.archive.sending import MAX_ROUND_EVENTS, PAUSES, Sending
from segment_rehook_cli.archive.spool import Spool, SpooledEvent
from segment_rehook_cli.archive.standing import EventStanding
from segment_rehook_cli.archive.webhook_client import HttpReply, WebhookClient
from tools.fakes.surroundings import FakeClock

SECRET = "a-secret"

Answer = Callable[[int, list[dict[str, Any]]], HttpReply]


def delivered(events: list[dict[str, Any]], *failed: str) -> HttpReply:
    """Give the webhook's answer: delivered, but for those that failed."""
    outcomes = ["failed" if event["messageId"] in failed else "delivered" for event in events]
    body = {"events": [{"outcome": each, "deliveries": []} for each in outcomes]}
    status = 503 if "failed" in outcomes else 200
    return HttpReply(status, body=json.dumps(body).encode())


@dataclass
class Receiver:
    """A webhook. `answer`: gives the reply to a request by its number, from 1."""

    answer: Answer = lambda _number, events: delivered(events)
    requests: list[list[dict[str, Any]]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    clock: FakeClock = field(default_factory=FakeClock)

    def __call__(self, body: bytes, signature: str) -> HttpReply:
        """Take a request whose signature is Segment's."""
        assert coverage(bytes.fromhex(signature), [SECRET.encode()], body) > Coverage.NOTHING
        read = json.loads(body)
        events = read if isinstance(read, list) else [read]
        self.requests.append(events)
        self.times.append(self.clock.monotonic())
        return self.answer(len(self.requests), events)

    def received(self) -> list[str]:
        """Give the ids of all events in the order in which they came."""
        return [event["messageId"] for events in self.requests for event in events]


@pytest.fixture
def spool() -> Iterator[Spool]:
    """Give an empty spool."""
    made = Spool()
    yield made
    made.close()


def fill(spool: Spool, events: list[tuple[str, float]], padding: int = 0) -> None:
    """Add events of users at times; the id of each is the user's name and its place."""
    spool.add(
        SpooledEvent(
            number=number,
            message_id=f"{user}{number}",
            at=at,
            user=user,
            standing=EventStanding.NEW,
            text=json.dumps({"messageId": f"{user}{number}", "x": "x" * padding}).encode(),
        )
        for number, (user, at) in enumerate(events, start=1)
    )
    spool.order()


def sender(
    receiver: Receiver,
    spool: Spool,
    *,
    rate: float = 500,
    batches: bool = True,
    max_bytes: int = 6_000_000,
) -> Sending:
    """Make the sending to a receiver."""
    client = WebhookClient(receiver, SECRET, batches=batches)
    return Sending(client, spool, receiver.clock, rate, max_bytes, lambda _line: None)


@pytest.mark.parametrize("batches", [True, False])
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5)), max_size=30))
def test_each_users_events_come_once_in_the_order_of_their_times(
    batches: bool, events: list[tuple[str, float]]
) -> None:
    """By time, then by place; a user's next event is sent when the one before has its answer."""
    receiver = Receiver()
    with closing(Spool()) as spool:
        fill(spool, events)
        sending = sender(receiver, spool, batches=batches)
        sending.run(lambda _number: None)
    numbered = [(at, place, user) for place, (user, at) in enumerate(events, start=1)]
    received = receiver.received()
    assert len(received) == len(events) == sending.answered
    for user in "abc":
        expected = [f"{user}{place}" for _, place, name in sorted(numbered) if name == user]
        assert [each for each in received if each[0] == user] == expected
    for request in receiver.requests:
        users = [event["messageId"][0] for event in request]
        assert len(users) == len(set(users))
        assert batches or len(users) == 1


def test_the_pace_is_kept(spool: Spool) -> None:
    """No more events a second are sent than the rate says, in rounds of about a second."""
    fill(spool, [(f"u{number}-", number) for number in range(60)])
    receiver = Receiver()
    sender(receiver, spool, rate=20).run(lambda _number: None)
    assert [len(events) for events in receiver.requests] == [20, 20, 20]
    assert receiver.times[-1] - receiver.times[0] == pytest.approx(2.0)


def test_a_slow_pace_sends_one_event_at_a_time(spool: Spool) -> None:
    """Below one event a second, each is sent alone, and the pause is as long as the rate says."""
    fill(spool, [("a", 1), ("b", 2)])
    receiver = Receiver()
    sender(receiver, spool, rate=0.1).run(lambda _number: None)
    assert [len(events) for events in receiver.requests] == [1, 1]
    assert receiver.times[1] - receiver.times[0] == pytest.approx(10.0)


def test_only_what_failed_is_sent_again_and_holds_its_user_back(spool: Spool) -> None:
    """Of a batch, the failed event alone is sent again, before any later event of its user."""
    fill(spool, [("a", 1), ("b", 1), ("a", 2)])
    receiver = Receiver(lambda number, events: delivered(events, *(["a1"] if number <= 2 else [])))
    sending = sender(receiver, spool)
    sending.run(lambda _number: None)
    assert receiver.received() == ["a1", "b2", "a1", "a1", "a3"]
    assert (sending.answered, sending.stopped) == (3, None)


@pytest.mark.parametrize(
    "reply",
    [
        HttpReply(429, retry_after="7"),
        HttpReply(503),
        HttpReply(500, body=b"<html>"),
        HttpReply(0, why="no answer (ReadTimeoutError)"),
        HttpReply(200, body=b"not ours"),
    ],
    ids=str,
)
def test_a_request_without_outcomes_is_sent_again_with_a_pause(
    spool: Spool, reply: HttpReply
) -> None:
    """Throttled, failed or unanswered: the same events come again, and not before Retry-After."""
    fill(spool, [("a", 1), ("b", 1)])
    receiver = Receiver(lambda number, events: reply if number < 3 else delivered(events))
    sending = sender(receiver, spool)
    sending.run(lambda _number: None)
    assert receiver.received() == ["a1", "b2"] * 3
    first = max(PAUSES[0], float(reply.retry_after or 0))
    assert receiver.times[1] - receiver.times[0] == pytest.approx(first)
    assert (sending.answered, sending.stopped) == (2, None)


@pytest.mark.parametrize("batches", [True, False])
def test_a_webhook_that_is_down_ends_the_run(spool: Spool, batches: bool) -> None:
    """After the last pause the run stops; nothing else is sent, and all of it stays unsent."""
    fill(spool, [("a", 1), ("b", 1), ("a", 2)])
    receiver = Receiver(lambda _number, _events: HttpReply(503))
    sending = sender(receiver, spool, batches=batches)
    sending.run(lambda _number: None)
    assert set(receiver.received()) == {"a1", "b2"}
    assert len(receiver.received()) == 2 * (len(PAUSES) + 1)
    assert sending.stopped == "the webhook did not take 2 events: 503"
    assert (sending.answered, spool.number_waiting()) == (0, 3)


def test_an_endless_retry_after_does_not_hold_the_run(spool: Spool) -> None:
    """A Retry-After of hours counts as a minute."""
    fill(spool, [("a", 1)])
    receiver = Receiver(
        lambda number, events: HttpReply(429, "99999") if number == 1 else delivered(events)
    )
    sender(receiver, spool).run(lambda _number: None)
    assert receiver.times[1] - receiver.times[0] == pytest.approx(60)


def test_a_refusal_ends_the_run_and_what_was_taken_beside_it_counts(spool: Spool) -> None:
    """A request that is refused is not sent again; the events that were taken stay counted."""
    fill(spool, [("a", 1), ("b", 1), ("c", 2), ("a", 3)])
    body = json.dumps({"error": {"code": "token_missing"}}).encode()

    def answer(_number: int, events: list[dict[str, Any]]) -> HttpReply:
        refused = events[0]["messageId"] == "b2"
        return HttpReply(401, body=body) if refused else delivered(events)

    receiver = Receiver(answer)
    sending = sender(receiver, spool, batches=False)
    sending.run(lambda _number: None)
    assert sorted(receiver.received()) == ["a1", "b2", "c3"]
    assert sending.stopped is not None
    assert sending.stopped.startswith("the webhook refuses the events (401 token_missing)")
    assert (sending.answered, spool.number_waiting()) == (2, 2)


def test_requests_fit_into_the_largest_body(spool: Spool) -> None:
    """A batch has no more bytes than the webhook takes, and no more events than a round."""
    fill(spool, [(f"u{number}-", 1) for number in range(2 * MAX_ROUND_EVENTS)], padding=1_000)
    receiver = Receiver()
    sender(receiver, spool, max_bytes=3_500).run(lambda _number: None)
    assert {len(events) for events in receiver.requests} <= {1, 2, 3}
    assert len(receiver.received()) == 2 * MAX_ROUND_EVENTS


def test_an_interruption_counts_the_request_under_way(spool: Spool) -> None:
    """Ctrl-C in a pause: what was answered before is counted and not sent again."""
    fill(spool, [("a", 1), ("a", 2)])
    receiver = Receiver()

    class Interrupted(FakeClock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            raise KeyboardInterrupt

    sending = sender(receiver, spool, rate=1)
    sending.clock = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        sending.run(lambda _number: None)
    assert (sending.answered, spool.number_waiting()) == (1, 1)
