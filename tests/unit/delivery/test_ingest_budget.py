"""A request's time and its workers: what is begun in it, and what is stored instead."""

from __future__ import annotations

import contextlib
import threading

import pytest

from tests.unit.delivery.samples import outcomes, reasons, signed, track
from tests.unit.delivery.world import Daemons, World
from tools.fakes.faults import Crash


def test_a_call_is_begun_only_if_it_can_end_in_the_budget() -> None:
    """A call is begun only if it can end within the budget; the rest is stored."""
    world = World()

    def slow(_operation: str, _subject: object) -> None:
        world.clock.advance(1.5)

    world.rehook.before = slow
    begun = world.clock.monotonic()
    answer = world.post(*[track(f"m{number}", f"u{number}") for number in range(20)])

    assert world.clock.monotonic() - begun <= 4.0
    assert outcomes(answer).count("delivered") == 2
    assert reasons(answer).count("over_budget") == 18


@pytest.mark.parametrize("ago", [3.0, 100.0])
def test_the_budget_counts_from_when_the_request_came(ago: float) -> None:
    """The budget counts from the request's arrival, a cold start included.

    An event that is late then is stored without a read of the ledger.
    """
    world = World()
    environment = world.ingest()
    answer = environment.webhook.handle("POST", *signed(track()), world.clock.now() - ago)

    assert (outcomes(answer), reasons(answer)) == (["stored"], ["over_budget"])
    assert world.table.calls == {"marks.put": 1}


def test_time_to_store_the_rest_is_kept_back() -> None:
    """Of the budget 0.4 s, a call's 2 s and 3 ms for each event left are kept for storing."""
    world = World()
    world.rehook.before = lambda *_: world.clock.advance(0.01)
    answer = world.post(*[track(f"m{number}", f"u{number}") for number in range(400)])

    # After 57 calls 1.03 s are left for storing 343, which may take as long; after 58 too little.
    assert answer.body["delivered"] == 58
    assert answer.body["stored"] == 342


def test_marks_are_read_for_a_hundred_users_at_a_time() -> None:
    """Marks are read for a hundred users at a time, so that none is old when it is needed."""
    world = World()
    read: list[int] = []

    def before(operation: str, subject: object) -> None:
        if operation == "marks.read":
            assert isinstance(subject, list)
            read.append(len(subject))

    world.table.before = before
    world.post(*[track(f"m{number}", f"u{number}") for number in range(250)])

    assert read == [100, 100, 50]


@pytest.mark.parametrize(
    ("workers", "users", "meet"), [(2, 2, True), (2, 3, False), (40, 40, True)]
)
def test_as_many_users_go_side_by_side_as_there_are_workers(
    workers: int, users: int, meet: bool
) -> None:
    """With two workers, two users' calls are under way at once, and a third's is not."""
    world = World(workers=workers)
    meeting = threading.Barrier(users)

    def before(_operation: str, _request: object) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(timeout=10.0 if meet else 0.05)

    world.rehook.before = before
    answer = world.post(*[track(f"m{number}", f"u{number}") for number in range(users)])

    assert meeting.broken is not meet
    assert outcomes(answer) == ["delivered"] * users


@pytest.mark.timeout(20)
def test_no_work_outlives_its_request() -> None:
    """A request ends, also by the death of one of its threads, when no call is under way any more.

    A call that was left would be made when the function thaws, minutes later.
    """
    world = World(workers=2, threads=lambda _workers: Daemons())
    both_call = threading.Barrier(2, timeout=10.0)
    under_way: set[object] = set()

    def before(_operation: str, request: object) -> None:
        under_way.add(request)
        if both_call.wait() == 0:
            under_way.discard(request)
            raise Crash
        threading.Event().wait(0.2)  # the other thread is dead long before this call ends

    def after(_operation: str, request: object) -> None:
        under_way.discard(request)

    world.rehook.before, world.rehook.after = before, after
    with pytest.raises(Crash):
        world.post(track("m1", "u1"), track("m2", "u2"))

    assert not under_way
