"""Order per user across requests: marks, and what waits behind them."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.ids import user_hash
from tests.unit.delivery.samples import (
    outcomes,
    reasons,
    track,
)
from tests.unit.delivery.world import World, header_of
from tools.fakes import rehook
from tools.fakes.faults import Fate


def test_a_user_who_waits_keeps_waiting() -> None:
    """A waiting user's later events are stored behind the first, unclaimed and without a call."""
    world = World()
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(track("m1"))
    answer = world.post(track("m2"))

    assert reasons(answer) == ["user_waiting"]
    assert world.record("m2:track") is None
    world.drain()
    assert [request.body.count(b'"m1"') for request in world.rehook.books] == [1, 0]
    assert not world.marks.marks


def test_a_duplicate_does_not_clear_the_mark_ahead_of_others() -> None:
    """A duplicate of the first waiting event leaves the mark for the second.

    A third event must not overtake the second.
    """
    world = World()
    world.rehook.script.append(rehook.UNREACHABLE)
    world.post(track("m1"), track("m2"))
    world.clock.advance(400.0)
    world.post(track("m1"))
    environment = world.redrive()
    world.rehook.script.extend([rehook.DELIVERED, rehook.UNREACHABLE])
    world.poll(environment)

    assert reasons(world.post(track("m3"))) == ["user_waiting"]
    world.drain(environment)
    assert [name for request in world.rehook.books for name in _names(request.body)] == [
        "m1",
        "m2",
        "m3",
    ]


def test_the_mark_goes_with_the_last_message() -> None:
    """A user's mark stays until the last of the user's messages is done."""
    world = World()
    world.store_secrets(mode="pause")
    world.post(track("m1"), track("m2"))
    world.store_secrets(mode="deliver")
    world.rehook.script.extend([rehook.DELIVERED, rehook.UNREACHABLE])
    world.poll()

    assert reasons(world.post(track("m3"))) == ["user_waiting"]


def test_a_stale_mark_delays_one_event() -> None:
    """A mark without a message delays one event of its user, which clears it."""
    world = World()
    world.marks.marks[user_hash("u1")] = "left over"
    assert reasons(world.post(track("m1"))) == ["user_waiting"]
    world.drain()

    assert outcomes(world.post(track("m2"))) == ["delivered"]


def test_the_mark_is_put_before_the_message_is_sent() -> None:
    """The mark is put before the message is sent, so that no event gets between the two."""
    world = World()
    world.rehook.script.append(rehook.UNREACHABLE)
    marked: list[bool] = []

    def before(operation: str, _subject: object) -> None:
        if operation == "dead.send":
            marked.append(bool(world.marks.marks))

    world.queues.before = before
    world.post(track("m1"))
    world.post(track("m2", "u2"))

    assert marked[0]


def test_marks_that_cannot_be_read_let_nobody_overtake() -> None:
    """When marks can't be read, events are stored unclaimed and without a call."""
    world = World()
    world.table.order(operation="marks.read")

    assert reasons(world.post(track("m1"))) == ["ledger_unavailable"]
    assert world.table.calls == {"marks.read": 1, "marks.put": 1}


def test_a_mark_that_cannot_be_put_is_the_last_that_is_tried() -> None:
    """After a mark that can't be put the request puts no other and claims nothing.

    The messages are stored all the same.
    """
    world = World()
    world.rehook.script.append(rehook.UNREACHABLE)
    world.table.order(Fate.DONE_UNHEARD, operation="marks.put")
    answer = world.post(track("m1", "u1"), track("m2", "u2"))

    assert reasons(answer) == ["unreachable", "ledger_unavailable"]
    assert world.table.calls["marks.put"] == 1
    # It may have been put, so the first message clears it; behind the second one there is none.
    names = [world.marks.marks[user_hash("u1")], ""]
    assert [header_of(each).mark for each in world.dead.stored()] == names


@pytest.mark.parametrize(("hung", "puts"), [(3.5, 1), (4.0, 0)])
def test_a_table_that_hangs_is_asked_for_a_mark_while_there_is_time(hung: float, puts: int) -> None:
    """A mark is put only while there is time; otherwise the message is sent without one."""
    world = World()

    def hang(operation: str, _subject: object) -> None:
        if operation == "ledger.swap":
            world.clock.advance(hung)

    world.table.before = hang
    world.table.order(operation="ledger.swap")

    assert outcomes(world.post(track("m1"))) == ["stored"]
    assert world.table.calls["marks.put"] == puts
    mark = world.marks.marks.get(user_hash("u1"), "")
    assert [header_of(each).mark for each in world.dead.stored()] == [mark]


def test_four_thousand_events_of_many_users_are_kept_in_order() -> None:
    """A batch of 4,000 events of 500 users is delivered once and in each user's order.

    A tenth of the calls fails, and users are worked on side by side.
    """
    world = World(workers=8, threshold=10_000)
    count = iter(range(1_000_000))
    world.rehook.answer = lambda _request, _action: (
        rehook.UNREACHABLE if next(count) % 10 == 0 else rehook.DELIVERED
    )
    events = [track(f"m{number}", f"u{number % 500}") for number in range(4_000)]
    answer = world.post(*events, on=world.ingest(threaded=True))
    assert answer.status == 200
    world.rehook.answer = lambda _request, _action: rehook.DELIVERED
    world.drain(most=5_000)

    by_user: dict[str, list[int]] = {}
    names = [_names(request.body)[0] for request in world.rehook.books]
    for name in names:
        by_user.setdefault(f"u{int(name[1:]) % 500}", []).append(int(name[1:]))
    assert len(names) == len(set(names)) == 4_000
    assert all(places == sorted(places) for places in by_user.values())


def _names(body: bytes) -> list[str]:
    """The names of the sample events in a request."""
    return [part.split(b'"')[0].decode() for part in body.split(b'"of":"')[1:]]


def test_behind_what_could_not_be_stored_nothing_is() -> None:
    """Behind an event that could not be stored no event of its user is stored."""
    world = World()
    world.dead.refuse = lambda message: message.attributes["delivery"] == "m1:track"
    world.rehook.script.append(rehook.UNREACHABLE)
    answer = world.post(track("m1"), track("m2"))

    assert outcomes(answer) == ["failed", "failed"]
    assert not world.dead.stored()
    world.dead.refuse = lambda _message: False
    assert world.post(track("m1"), track("m2")).status == 200
    world.drain()
    assert [name for request in world.rehook.books for name in _names(request.body)] == ["m1", "m2"]
