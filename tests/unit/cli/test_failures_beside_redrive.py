"""Tests that `failures list` and `failures discard` do no harm to deliveries that wait.

The real functions and the real commands run on one world, in simulated time: events come, Rehook
fails and recovers, redrive works, and the commands run, and are killed at any call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from segment_rehook.delivery.ledger.record import State
from segment_rehook.segment.jsontext import decode
from segment_rehook_cli.failures.holding import BESIDE_LAMBDA
from segment_rehook_cli.failures.message import FailedMessage
from segment_rehook_cli.failures.settling import DISCARDED
from tests.unit.cli.operator import Operator
from tests.unit.delivery.samples import delivery_of, track
from tests.unit.delivery.world import World
from tools.fakes.faults import Fate
from tools.fakes.rehook import DELIVERED, UNAVAILABLE

USERS = ("ann", "bob", "cy")


@dataclass
class Service:
    """A world with an operator, and the events that were sent, by user and in order."""

    world: World = field(default_factory=lambda: World(threshold=1_000))
    operator: Operator = field(init=False)
    sent: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    number: int = 0

    def __post_init__(self) -> None:
        self.operator = Operator(self.world)
        self.redrive = self.world.redrive()

    def switch(self, *, on: bool) -> None:
        """Let Rehook take all calls, or refuse all as out of order."""
        self.world.rehook.answer = lambda _request, _action: DELIVERED if on else UNAVAILABLE

    def post(self, user: str) -> None:
        """Have Segment send an event; it is accepted."""
        self.number += 1
        assert self.world.post(track(f"m{self.number}", user)).status == 200
        self.sent[user].append(self.number)

    def delivered(self, user: str) -> list[int]:
        """Return the numbers of a user's events that Rehook acted on, in its order."""
        bodies: list[Any] = [decode(each.body) for each in self.world.rehook.books]
        return [int(each["metadata"]["of"][1:]) for each in bodies if each["source_id"] == user]

    def finish(self) -> None:
        """Let Rehook recover and redrive do all its work."""
        self.switch(on=True)
        self.world.drain(self.redrive, most=2_000)


def number_of(failed: FailedMessage) -> int:
    """Return the number of a message's event."""
    return int(failed.message.attributes["delivery"].partition(":")[0][1:])


def even(failed: FailedMessage) -> bool:
    """Whether a message is one that the operator discards."""
    return number_of(failed) % 2 == 0


kills = st.one_of(st.none(), st.integers(1, 30))
actions = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.sampled_from(USERS)),
        st.tuples(st.just("wait"), st.sampled_from([1, 5, 20, 31, 300])),
        st.tuples(st.just("poll"), st.none()),
        st.tuples(st.just("rehook"), st.booleans()),
        st.tuples(st.just("look"), kills),
        st.tuples(st.just("discard"), kills),
        st.tuples(st.just("table fails"), st.sampled_from(list(Fate))),
    ),
    max_size=40,
)


def run(service: Service, script: list[tuple[str, object]], *, discards: bool) -> None:
    """Act a script, and let everything end."""
    does: dict[str, Callable[[object], object]] = {
        "post": lambda user: service.post(str(user)),
        "wait": lambda seconds: service.world.clock.advance(float(str(seconds))),
        "poll": lambda _: service.world.poll(service.redrive),
        "rehook": lambda on: service.switch(on=bool(on)),
        "look": lambda at: service.operator.look(killed_at=at if isinstance(at, int) else None),
    }
    if discards:
        does["discard"] = lambda at: service.operator.discard(
            even, killed_at=at if isinstance(at, int) else None
        )
    service.switch(on=False)
    for action, argument in script:
        if action in does:
            does[action](argument)
    service.finish()


@given(script=actions)
def test_looking_changes_neither_order_nor_rewards(script: list[tuple[str, object]]) -> None:
    """However often `failures list` runs and is killed, each event is delivered once, in order."""
    service = Service()
    run(service, script, discards=False)
    for user in USERS:
        assert service.delivered(user) == service.sent[user]


@given(script=actions)
def test_what_is_discarded_is_never_delivered_and_all_else_is(
    script: list[tuple[str, object]],
) -> None:
    """After discards that are killed anywhere, each event is delivered once or discarded for good.

    What was not to be discarded is delivered. A user's events keep their order, also the events
    that come after a discard.
    """
    service = Service()
    run(service, script, discards=True)
    for user in USERS:
        delivered = service.delivered(user)
        assert delivered == sorted(set(delivered))
        for number in service.sent[user]:
            record = service.world.record(delivery_of(track(f"m{number}", user)))
            assert record is not None
            if number in delivered:
                assert record.state is State.DELIVERED
            else:
                assert number % 2 == 0
                assert (record.state, record.reason) == (State.PARKED, DISCARDED)
    assert not service.world.dead.stored()
    assert not service.world.lot.stored()


@given(at=st.integers(1, 40), more=st.sampled_from(USERS))
def test_a_discard_that_is_killed_at_any_call_is_finished_by_the_next_one(
    at: int, more: str
) -> None:
    """A second run discards the rest, and nothing that was discarded is delivered."""
    service = Service()
    service.switch(on=False)
    for number in range(24):
        service.post(USERS[number % 3])
    hasten(service)
    service.operator.discard(even, killed_at=at)
    service.post(more)
    service.world.clock.advance(BESIDE_LAMBDA.hidden)
    while (run_ := service.operator.discard(even)) and run_.discarded:
        pass  # a reading holds the first messages of a user, so others are behind them
    assert not any(even_number(each.message.attributes) for each in service.world.dead.stored())
    service.finish()
    for user in USERS:
        assert service.delivered(user) == [each for each in service.sent[user] if each % 2]


def even_number(attributes: object) -> bool:
    """Whether the attributes are those of an event that was to be discarded."""
    assert isinstance(attributes, dict)
    number = int(attributes["delivery"].partition(":")[0][1:])
    return number % 2 == 0 and number <= 24


def hasten(service: Service) -> None:
    """Let all back-offs end: each message is visible."""
    service.world.dead.hasten(None)


@pytest.mark.parametrize("fate", list(Fate))
@pytest.mark.parametrize("times", [1, 2, 99])
def test_a_ledger_that_fails_leaves_the_message(fate: Fate, times: int) -> None:
    """If the ledger gives no answer, the message stays; a write that was made shows at the next."""
    service = Service()
    service.switch(on=False)
    for _ in range(6):
        service.post("ann")
    hasten(service)
    service.world.table.order(fate, operation="ledger.*", times=times)
    first = service.operator.discard(even)
    service.world.table.forget()
    assert first is not None
    if times == 99:
        assert (first.discarded, first.busy) == (0, 3)
        assert any("the ledger gave no answer" in line for line in first.notes())
    second = service.operator.discard(even)
    assert second is not None
    assert first.discarded + second.discarded == 3
    service.finish()
    assert service.delivered("ann") == [1, 3, 5]


def test_what_a_function_holds_is_left() -> None:
    """A delivery whose claim is alive is not discarded, and is counted."""
    service = Service()
    service.switch(on=False)
    service.post("ann")
    service.post("ann")
    hasten(service)
    # Its claimant is at work: another copy of the message is in its hands.
    records = service.world.ledger.records
    [record] = [each for each in records.values() if each.state is State.QUEUED]
    lease = service.world.clock.now() + 60
    records[record.id] = replace(record, state=State.CLAIMED, nonce="another", lease=lease)
    run_ = service.operator.discard(lambda _failed: True)
    assert run_ is not None
    assert run_.busy == 1
    assert list(run_.notes()) == ["left, because they are being delivered: 1"]


def test_a_killed_look_hides_messages_for_half_a_minute_at_most() -> None:
    """After a SIGKILL in the middle of a reading, all is visible again when the hold ends."""
    service = Service()
    service.switch(on=False)
    for number in range(45):
        service.post(USERS[number % 3])
    hasten(service)
    service.operator.look(killed_at=4)
    assert service.world.dead.in_flight()
    service.world.clock.advance(BESIDE_LAMBDA.hidden)
    assert not service.world.dead.in_flight()
    assert {each.receive_count for each in service.world.dead.stored()} <= {0, 1, 2}


def test_a_look_hides_nothing_when_it_ends_and_takes_some_seconds() -> None:
    """A whole reading of hundreds ends within 18 s, and costs one receive of each message."""
    service = Service()
    service.switch(on=False)
    for number in range(300):
        service.post(f"user-{number}")
    hasten(service)
    before = {each.message_id: each.receive_count for each in service.world.dead.stored()}
    began = service.world.clock.monotonic()
    found = service.operator.look()
    assert len(found) == 300
    assert service.world.clock.monotonic() - began < 18
    assert not service.world.dead.in_flight()
    after = {each.message_id: each.receive_count for each in service.world.dead.stored()}
    assert after == {each: count + 1 for each, count in before.items()}


def test_a_reading_beside_lambda_ends_in_time() -> None:
    """With a slow SQS, a reading receives for 15 s, and not for the time that the queue takes."""
    service = Service()
    service.switch(on=False)
    for number in range(300):
        service.post(f"user-{number}")
    hasten(service)
    service.operator.sqs.seconds = 2.0
    found = service.operator.look()
    assert 0 < len(found) < 300
    assert service.operator.sqs.calls.count("ReceiveMessage") == 8
    assert not service.world.dead.in_flight()


def test_a_reading_reaches_ten_messages_of_each_user() -> None:
    """Of each user ten messages are read, also where SQS's answer ended within the user's."""
    service = Service()
    service.switch(on=False)
    for number in range(36):
        service.post(USERS[number % 3])
    hasten(service)
    found = [number_of(each) for each in service.operator.look()]
    assert sorted(found) == list(range(1, 31))
    assert not service.world.dead.in_flight()


def test_what_waits_before_a_discarded_event_still_goes_first() -> None:
    """While an earlier event of the user waits, a new one waits behind it."""
    service = Service()
    service.switch(on=False)
    service.post("ann")
    service.post("ann")
    hasten(service)
    done = service.operator.discard(even)
    assert done is not None
    assert done.discarded == 1
    service.switch(on=True)
    service.post("ann")
    assert service.delivered("ann") == []
    service.finish()
    assert service.delivered("ann") == [1, 3]


def test_after_a_discard_of_all_that_waits_nothing_is_delayed() -> None:
    """If all events of the user are discarded, the mark is cleared: a new one is delivered."""
    service = Service()
    service.switch(on=False)
    service.post("ann")
    service.post("ann")
    hasten(service)
    service.operator.discard(lambda _failed: True)
    service.switch(on=True)
    service.post("ann")
    assert service.delivered("ann") == [3]
