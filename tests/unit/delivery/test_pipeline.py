"""The deliveries of one request's users side by side: shared calls, bounds, and failures."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import pytest

from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.delivery.ports import MAX_CHANGES
from tests.unit.delivery.samples import outcomes, reasons, track
from tests.unit.delivery.world import Daemons, InTurn, World, header_of
from tools.fakes import rehook
from tools.fakes.faults import Crash, Fate

WORKERS = 4


@pytest.fixture
def world() -> World:
    """Give a stack of four workers, all of whose jobs one thread does."""
    return World(workers=WORKERS, threads=lambda _workers: InTurn())


def users(count: int) -> list[dict[str, Any]]:
    """Give one event for each of `count` users."""
    return [track(f"m{number}", f"u{number}") for number in range(count)]


def test_different_users_share_calls_of_the_ledger(world: World) -> None:
    """The claims of seven users go in one call, and so do their settlements."""
    answer = world.post(*users(7))

    assert outcomes(answer) == ["delivered"] * 7
    assert world.table.calls["ledger.share"] == 2
    assert world.table.calls["ledger.swap"] == 14


def test_one_users_deliveries_never_share_a_call(world: World) -> None:
    """The second delivery of a user is claimed after the first one is settled."""
    world.post(*[track(f"m{number}", "u1") for number in range(3)])

    assert world.table.calls["ledger.share"] == 0
    states = [(each.id, each.state) for each in world.ledger.writes]
    assert states == [
        (f"m{number}:track", state)
        for number in range(3)
        for state in (State.CLAIMED, State.DELIVERED)
    ]


@pytest.mark.parametrize("threads", [lambda _workers: InTurn(), ThreadPoolExecutor])
def test_what_is_claimed_and_not_settled_is_bounded(threads: Callable[[int], Executor]) -> None:
    """At most workers + 75 deliveries are claimed and not settled, with 120 users too."""
    world = World(workers=WORKERS, threads=threads)
    under_way: Counter[str] = Counter()
    most = 0

    def before(operation: str, subject: object) -> None:
        if operation == "ledger.share":
            assert isinstance(subject, list)
            claims = [each for each in subject if each.new.state is State.CLAIMED]
            assert len(claims) < 2 * WORKERS

    def after(operation: str, subject: object) -> None:
        nonlocal most
        if operation == "ledger.swap" and isinstance(subject, Record):
            under_way[subject.id] = int(subject.state is State.CLAIMED)
            most = max(most, under_way.total())

    world.table.before, world.table.after = before, after
    answer = world.post(*users(120), on=world.ingest(threaded=True))

    assert answer.body["delivered"] == 120
    assert 1 < most <= WORKERS + 3 * MAX_CHANGES


def most_at_once(world: World, operation: str, count: int) -> int:
    """Post events of so many users; give how many calls of an operation were under way at once."""
    lock = threading.Lock()
    now = most = 0

    def before(called: str, _subject: object) -> None:
        nonlocal now, most
        if called == operation:
            with lock:
                now += 1
                most = max(most, now)
            threading.Event().wait(0.002)  # long enough for another thread to begin one as well

    def after(called: str, _subject: object) -> None:
        nonlocal now
        if called == operation:
            with lock:
                now -= 1

    for port in (world.table, world.rehook):
        port.before, port.after = before, after
    assert world.post(*users(count)).body["delivered"] == count
    return most


def test_never_more_calls_at_once_than_workers() -> None:
    """Of sixty users' calls, as many as there are workers are under way at once, and never more."""
    assert most_at_once(World(workers=WORKERS), "rehook.call", 60) == WORKERS


def test_one_call_claims_and_one_settles_at_a_time() -> None:
    """Two calls of the ledger at most are under way at once: one that claims, one that settles."""
    assert most_at_once(World(workers=WORKERS), "ledger.share", 60) <= 2


def test_a_delivery_that_ends_without_a_settlement_ends(world: World) -> None:
    """An unknown outcome that can't be parked leaves its claim, and is not tried again."""
    world = World(workers=WORKERS, policy="park", threads=lambda _workers: InTurn())
    world.rehook.script.append(rehook.UNKNOWN_DONE)
    world.queues.down = True
    answer = world.post(*users(2))

    assert sorted(outcomes(answer)) == ["delivered", "failed"]
    assert len(world.rehook.calls) == 2


def test_no_call_is_begun_while_too_much_waits_to_be_settled() -> None:
    """While a settlement gets no answer, calls stop, so that few outcomes can become unknown."""
    world = World(workers=WORKERS)
    all_called = threading.Event()
    held: list[int] = []

    def before(operation: str, subject: object) -> None:
        if operation != "ledger.share" or held:
            return
        assert isinstance(subject, list)
        if subject[0].new.state is State.DELIVERED:
            held.append(0)
            assert not all_called.wait(0.3)
            held.append(len(world.rehook.books))

    def called(_operation: str, _request: object) -> None:
        if len(world.rehook.books) == 120:
            all_called.set()

    world.table.before, world.rehook.after = before, called
    answer = world.post(*users(120))

    assert answer.body["delivered"] == 120
    assert held[1] <= 2 * WORKERS + MAX_CHANGES


def crash_and_end(world: World) -> None:
    """Post two users' events, which crashes, and await the end of every thread that it began."""
    threads = set(threading.enumerate())
    with pytest.raises(Crash):
        world.post(*users(2))

    for thread in set(threading.enumerate()) - threads:
        thread.join(timeout=10.0)
        assert not thread.is_alive()


@pytest.mark.timeout(20)
def test_a_thread_that_dies_ends_the_others() -> None:
    """After an error has ended one thread, no other thread waits for it."""
    world = World(workers=WORKERS, threads=lambda _workers: Daemons())

    def before(_operation: str, _request: object) -> None:
        raise Crash

    world.rehook.before = before
    crash_and_end(world)


@pytest.mark.timeout(20)
def test_a_lane_that_is_finished_after_a_thread_has_died_holds_up_no_thread() -> None:
    """One user's call ends its thread. Another user's lane ends later, and then all threads end."""
    world = World(workers=2, threads=lambda _workers: Daemons())
    dying: list[threading.Thread] = []
    crashing = threading.Event()

    def before(_operation: str, request: object) -> None:
        if "u0" in str(request):
            dying.append(threading.current_thread())
            crashing.set()
            raise Crash
        assert crashing.wait(10.0)
        dying[0].join(10.0)

    world.rehook.before = before
    crash_and_end(world)


def test_a_claim_that_is_not_used_is_named_by_its_message(world: World) -> None:
    """The breaker opens between claim and call. The message names the claim, for redrive.

    The message of the user's next delivery names no claim.
    """
    world.rehook.script.extend([rehook.UNREACHABLE] * world.threshold)
    answer = world.post(*users(8), track("m8", "u6"))

    assert reasons(answer) == ["unreachable"] * 5 + ["breaker_open"] * 4
    headers = {header.delivery: header for header in map(header_of, world.dead.stored())}
    assert set(headers) == {f"m{number}:track" for number in range(9)}
    claimed = {each.id: each.nonce for each in world.ledger.writes if each.state is State.CLAIMED}
    # The first seven were claimed together, while the breaker was closed.
    assert {name: header.nonce for name, header in headers.items() if header.nonce} == claimed
    assert all(record.state is State.QUEUED for record in world.ledger.records.values())

    world.clock.advance(100.0)
    world.drain()
    assert len(world.rehook.books) == 9


def test_a_claim_that_is_not_used_and_not_stored_is_released(world: World) -> None:
    """If SQS takes no message, the claims are released, and Segment's next try delivers at once."""
    world.rehook.script.extend([rehook.UNREACHABLE] * world.threshold)
    world.queues.down = True
    assert world.post(*users(8)).status == 503

    assert {record.state for record in world.ledger.records.values()} == {State.RELEASED}
    world.queues.down = False
    world.clock.advance(100.0)
    world.post(*users(8))
    world.drain()
    assert len(world.rehook.books) == 8


@pytest.mark.parametrize("sent", [True, False])
def test_an_unused_claim_of_a_dead_claimants_reward_is_not_called_again(sent: bool) -> None:
    """The time runs out between claim and call, and a dead claimant may have given the reward.

    The reward is parked as `outcome_unknown`, whether SQS has taken the message or not.
    """
    world = World(policy="park")

    def dies(_operation: str, _request: object) -> None:
        raise Crash

    world.rehook.after = dies
    with pytest.raises(Crash):
        world.post(track("m0", "u0"))
    world.rehook.after = lambda _operation, _request: None
    world.clock.advance(40.0)

    def slow(operation: str, subject: object) -> None:
        if operation == "ledger.swap" and isinstance(subject, Record):
            world.clock.advance(3.0 if subject.crashes else 0.0)

    world.table.after = slow
    world.queues.down = not sent
    world.post(track("m0", "u0"))
    world.table.after = lambda _operation, _subject: None
    world.queues.down = False
    world.clock.advance(40.0)
    world.post(track("m0", "u0"))
    world.drain()

    assert len(world.rehook.books) == 1
    assert [each.reason for each in world.parked("m0:track")] == ["outcome_unknown"]


@pytest.mark.parametrize("fate", list(Fate))
def test_a_shared_claim_without_an_answer_stores_all_of_it(world: World, fate: Fate) -> None:
    """Each message names its claim, which may be written, and Rehook is not called."""
    world.table.order(fate, operation="ledger.share")
    answer = world.post(*users(WORKERS))

    assert reasons(answer) == ["ledger_unavailable"] * WORKERS
    assert not world.rehook.books
    nonces = {header.nonce for header in map(header_of, world.dead.stored())}
    assert "" not in nonces
    if fate is Fate.DONE_UNHEARD:
        assert nonces == {record.nonce for record in world.ledger.records.values()}
    world.drain()
    assert len(world.rehook.books) == WORKERS


def test_one_claim_without_an_answer_stops_the_others_before_their_call(world: World) -> None:
    """After one claim got no answer, Rehook is not called: the settlements may fail as well."""
    world.table.order(Fate.NOTHING_DONE, operation="ledger.swap")
    answer = world.post(*users(WORKERS))

    assert reasons(answer) == ["ledger_unavailable"] * WORKERS
    assert not world.rehook.books
    assert {record.state for record in world.ledger.records.values()} == {State.QUEUED}


@pytest.mark.parametrize("fate", list(Fate))
def test_a_shared_settlement_without_an_answer_is_written_again(world: World, fate: Fate) -> None:
    """Each delivery is recorded once, and no claim is counted as unsettled."""

    def before(_operation: str, request: object) -> None:
        if "u0" in str(request):
            world.table.order(fate, operation="ledger.share")

    world.rehook.before = before
    world.post(*users(WORKERS))

    assert {record.state for record in world.ledger.records.values()} == {State.DELIVERED}
    settled = [each.id for each in world.ledger.writes if each.state is State.DELIVERED]
    assert len(settled) == WORKERS
    assert "Unsettled" not in world.telemetry.counts


def test_a_settlement_that_is_lost_is_counted_alone(world: World) -> None:
    """One of four settlements in a call finds another record. The other three are written."""
    world.post(*users(1))
    other = world.ledger.records["m0:track"]

    def before(operation: str, _subject: object) -> None:
        if operation == "ledger.share" and len(world.rehook.books) == WORKERS + 1:
            world.ledger.records["m3:track"] = other

    world.table.before = before
    world.post(*[track(f"m{number}", f"u{number}") for number in range(1, WORKERS + 1)])

    assert world.telemetry.counts["Unrecorded"] == 1
    assert world.ledger.records["m1:track"].state is State.DELIVERED


def test_a_probe_is_one_users_alone(world: World) -> None:
    """After an outage one delivery is claimed and called, and the others after its success."""
    world.rehook.script.extend([rehook.UNREACHABLE] * world.threshold)
    environment = world.ingest()
    world.post(*users(5), on=environment)
    world.clock.advance(6.0)
    claimed_at_the_call: list[int] = []

    def before(_operation: str, _request: object) -> None:
        states = [each.state for each in world.ledger.records.values()]
        claimed_at_the_call.append(states.count(State.CLAIMED))

    world.rehook.before = before
    later = [track(f"n{number}", f"v{number}") for number in range(5)]
    answer = world.post(*later, on=environment)

    assert outcomes(answer) == ["delivered"] * 5
    assert all(world.ledger.records[f"n{n}:track"].state is State.DELIVERED for n in range(5))
    assert claimed_at_the_call[0] == 1
    assert max(claimed_at_the_call[1:]) > 1


def test_a_probe_of_one_user_is_settled_once() -> None:
    """After an outage one user's event is claimed, called and settled: two writes."""
    world = World()
    world.rehook.script.extend([rehook.UNREACHABLE] * world.threshold)
    environment = world.ingest()
    world.post(*users(world.threshold), on=environment)
    world.clock.advance(6.0)
    before = world.table.calls["ledger.swap"]
    world.post(track("n0", "v0"), on=environment)

    assert world.table.calls["ledger.swap"] - before == 2


def test_known_duplicates_do_not_use_up_the_probe(world: World) -> None:
    """Of a batch after an outage, the first event that needs a call is the probe's, for one permit.

    The breaker's record is written twice: the probe is taken, and its success closes the breaker.
    """
    environment = world.ingest()
    world.post(*users(WORKERS - 1), on=environment)
    world.rehook.script.extend([rehook.UNREACHABLE] * world.threshold)
    failing = [track(f"x{number}", f"x{number}") for number in range(world.threshold)]
    world.post(*failing, on=environment)
    world.clock.advance(6.0)
    before = world.table.calls["breaker.swap"]
    answer = world.post(*users(WORKERS - 1), track("n0", "v0"), on=environment)

    assert outcomes(answer) == ["duplicate"] * (WORKERS - 1) + ["delivered"]
    assert world.table.calls["breaker.swap"] - before == 2


def test_a_probe_that_fails_claims_nobody_else(world: World) -> None:
    """The other users' deliveries are stored without a claim and without a call."""
    world.rehook.script.extend([rehook.UNREACHABLE] * (world.threshold + 1))
    environment = world.ingest()
    world.post(*users(5), on=environment)
    world.clock.advance(6.0)
    written = len(world.ledger.writes)
    answer = world.post(*[track(f"n{n}", f"v{n}") for n in range(5)], on=environment)

    assert reasons(answer) == ["unreachable"] + ["breaker_open"] * 4
    assert {each.id for each in world.ledger.writes[written:]} == {"n0:track"}


def test_a_defect_in_one_users_call_stores_that_users_events_only(world: World) -> None:
    """Only that user's delivery is stored. Its call may have been made: no claim is named."""

    def before(_operation: str, request: object) -> None:
        if "u2" in str(request):
            raise AttributeError

    world.rehook.before = before
    answer = world.post(*users(WORKERS))

    assert sorted(outcomes(answer)) == ["delivered"] * 3 + ["stored"]
    [stored] = world.dead.stored()
    assert (header_of(stored).reason, header_of(stored).nonce) == ("unexpected", "")


def test_a_defect_in_a_shared_claim_stores_all_of_it(world: World) -> None:
    """All deliveries of the call are stored, and the request is answered."""

    def before(operation: str, _subject: object) -> None:
        if operation == "ledger.share":
            raise AttributeError

    world.table.before = before
    answer = world.post(*users(WORKERS))

    assert reasons(answer) == ["unexpected"] * WORKERS
    assert len(world.dead.stored()) == WORKERS
