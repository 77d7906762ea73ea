"""For how long a dead letter is hidden: row by row of the protocol's times."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.delivery.pacing.breaker_record import BreakerRecord
from segment_rehook.delivery.pacing.pace import Pace
from segment_rehook.delivery.queues.transport import Outgoing
from segment_rehook.delivery.settings import RedriveSettings
from segment_rehook.rehook.reply import Reply, ReplyClass
from tests.unit.delivery.situations import state, waiting
from tests.unit.delivery.test_backoff import Luck
from tests.unit.delivery.world import FUNCTION_SECONDS, World, header_of
from tools.fakes import rehook
from tools.fakes.faults import Fate
from tools.fakes.surroundings import FakeClock

AGE = 600.0
FOUND = Record(
    id="m1:track", state=State.CLAIMED, token=1, nonce="n", content="another event", expires_at=0
)


def answers(kind: ReplyClass, retry_after: float | None = None) -> Callable[[World], None]:
    """Make Rehook answer with a reply of this class."""
    reply = Reply(kind=kind, code="x", retry_after=retry_after)
    return lambda world: world.rehook.script.append(rehook.Turn(reply, acts=False))


def breaker_open(world: World) -> None:
    """Open the breaker for fifty seconds."""
    world.breaker.record = BreakerRecord(nonce="n", open_until=world.clock.now() + 50.0)


def table_down(world: World) -> None:
    """Give the next claim no answer."""
    world.table.order(operation="ledger.swap")


def lot_down(world: World) -> None:
    """Make Rehook reject the delivery, and the parking lot take nothing."""
    world.rehook.script.append(rehook.REJECTED)
    world.queues.order(Fate.NOTHING_DONE, operation="parking.send", times=2)


def conflict_and_lot_down(world: World) -> None:
    """Record another event under the id, and make the parking lot take nothing."""
    world.ledger.records[FOUND.id] = FOUND
    world.queues.order(Fate.NOTHING_DONE, operation="parking.send", times=2)


@pytest.mark.parametrize(
    ("prepare", "shortest", "longest"),
    [
        pytest.param(answers(ReplyClass.UNREACHABLE), 1, AGE, id="unreachable"),
        pytest.param(answers(ReplyClass.UNAVAILABLE), 1, AGE, id="unavailable"),
        pytest.param(answers(ReplyClass.UNAVAILABLE, 100.0), 100, AGE, id="with a Retry-After"),
        pytest.param(answers(ReplyClass.THROTTLED), 5, 5, id="throttled"),
        pytest.param(answers(ReplyClass.THROTTLED, 7.0), 7, 7, id="throttled, with a Retry-After"),
        pytest.param(breaker_open, 50, AGE, id="the breaker is open"),
        pytest.param(lambda world: world.store_secrets(mode="pause"), 300, AGE, id="paused"),
        pytest.param(table_down, 1, AGE, id="the table is down"),
        pytest.param(lot_down, 1, AGE, id="the parking lot is down"),
        pytest.param(conflict_and_lot_down, 1, AGE, id="a conflict, and the lot is down"),
    ],
)
def test_a_message_of_ten_minutes_is_hidden_for(
    prepare: Callable[[World], None], shortest: float, longest: float
) -> None:
    """A message of ten minutes is hidden for a time between these bounds, by situation."""
    hidden = []
    for end in (False, True):
        world = waiting()
        world.clock.advance(AGE)
        environment = world.redrive()
        environment.redrive.attempts.claims.randomness = Luck(longest=end)
        prepare(world)
        (worked,) = world.poll(environment)
        assert worked.kept
        hidden.append(world.dead.next_visible())

    assert hidden == [shortest, longest]


class Crowd(FakeClock):
    """A clock on which other threads sleep: for this one no time passes."""

    def sleep(self, seconds: float) -> None:
        """Let another thread wait."""


@pytest.mark.parametrize("taken", [23, 100])
def test_a_turn_that_comes_too_late_is_waited_for_in_the_queue(taken: int) -> None:
    """A message whose turn comes too late is hidden until then, unclaimed.

    `taken` turns, one in two seconds, come before it.
    """
    world = waiting()
    world.clock.advance(AGE)
    environment = world.redrive()
    environment.redrive.attempts.claims.randomness = Luck(longest=True)
    pace = Pace(Crowd())
    pace.heard(rehook.THROTTLED.reply)
    for _ in range(taken):
        pace.wait(1_000.0)
    environment.redrive.attempts.pace = pace
    (worked,) = world.poll(environment)

    assert (worked.kept, worked.result.reason) == (True, "throttled")
    assert world.dead.next_visible() == 2 * taken
    assert state(world) is None
    assert not world.rehook.calls


def test_a_turn_that_comes_in_time_is_waited_for_at_once() -> None:
    """A turn is waited for as long as a whole time-out is left for the call after it."""
    world = waiting()
    environment = world.redrive()
    pace = Pace(Crowd())
    pace.heard(rehook.THROTTLED.reply)
    for _ in range(19):
        pace.wait(1_000.0)
    environment.redrive.attempts.pace = pace
    (worked,) = world.poll(environment, seconds=FUNCTION_SECONDS)

    assert worked.result.outcome == "delivered"


@pytest.mark.parametrize(
    ("left", "hidden"), [(RedriveSettings().lease, 96), (1.0, 7), (0.0, 6), (-4.0, 6)]
)
def test_somebody_elses_claim_is_waited_for(left: float, hidden: int) -> None:
    """A message that is claimed elsewhere is hidden until the lease and the margin have ended."""
    world = waiting()
    content = header_of(world.dead.stored()[0]).content
    world.ledger.records[FOUND.id] = replace(FOUND, content=content, lease=world.clock.now() + left)
    (worked,) = world.poll()

    assert (worked.kept, worked.result.reason) == (True, "claimed_elsewhere")
    assert world.dead.next_visible() == hidden


@pytest.mark.parametrize("vanishes", [True, False])
def test_whoever_always_comes_second_leaves_the_delivery_to_the_others(vanishes: bool) -> None:
    """A message whose claim loses each of its tries is hidden for a moment."""
    world = waiting()
    content = header_of(world.dead.stored()[0]).content
    writes: list[str] = []

    def come_first(operation: str, _subject: object) -> None:
        if operation != "ledger.swap":
            return
        writes.append(operation)
        if vanishes and len(writes) % 2 == 0:
            del world.ledger.records[FOUND.id]
        else:
            world.ledger.records[FOUND.id] = replace(
                FOUND, state=State.QUEUED, content=content, nonce=f"theirs-{len(writes)}"
            )

    world.table.before = come_first
    (worked,) = world.poll()

    assert (worked.kept, worked.result.reason) == (True, "claimed_elsewhere")
    assert world.dead.next_visible() == 6
    assert not world.rehook.calls


def test_a_foreign_message_is_hidden_like_any_other() -> None:
    """A foreign message is hidden like any other when the parking lot does not take it."""
    hidden = []
    for end in (False, True):
        world = World()
        world.dead.send([Outgoing(group="g", dedupe="d", body="?", attributes={})])
        world.clock.advance(AGE)
        environment = world.redrive()
        environment.redrive.attempts.claims.randomness = Luck(longest=end)
        world.queues.order(Fate.NOTHING_DONE, operation="parking.send", times=2)
        world.poll(environment)
        hidden.append(world.dead.next_visible())

    assert hidden == [1, AGE]
