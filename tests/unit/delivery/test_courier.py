"""A claim, a call under it, and what the ledger is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segment_rehook.delivery.ledger import claim_rules
from segment_rehook.delivery.courier import ClaimUnknown, Courier, Taken
from segment_rehook.delivery.ledger.claim_rules import Verdict
from segment_rehook.delivery.ledger.record import Record
from segment_rehook.rehook.plan import Request
from segment_rehook.rehook.reply import ReplyClass, Reply
from tests.fakes import rehook
from tests.fakes.faults import Fate
from tests.unit.delivery.breakers import ask
from tests.unit.delivery.world import World

REQUEST = Request("POST", "/events/invoke", b"{}")
PLENTY = 100.0


def claim(courier: Courier, *, content: str = "c") -> Taken:
    """Claim as ingest does."""
    return courier.claim(
        "m1:track", content, lambda found: meet.live(found, content, courier.clock.now())
    )


def claimed(courier: Courier) -> Record:
    """A claim that was won."""
    mine = claim(courier).mine
    assert mine is not None
    return mine


def call(courier: Courier, mine: Record, left: Callable[[], float] = lambda: PLENTY) -> Reply:
    """Call under a claim."""
    with courier.breaker.permit() as permit:
        return courier.call(permit, mine, REQUEST, "trackEvent", left)


def test_a_claim_is_one_write() -> None:
    """Where nobody was before."""
    world = World()

    assert claim(world.courier()).verdict is Verdict.TAKE
    assert world.table.calls == {"ledger.swap": 1}


def test_a_claim_that_is_held_is_not_taken() -> None:
    """By whatever environment."""
    world = World()
    claimed(world.courier())

    taken = claim(world.courier())

    assert (taken.verdict, taken.mine) == (Verdict.CLAIMED, None)


def test_a_dead_claimants_delivery_is_taken_over() -> None:
    """And known to be such."""
    world = World()
    claimed(world.courier())
    world.clock.advance(36.0)

    taken = claim(world.courier())

    assert taken.verdict is Verdict.TAKE_CRASHED
    assert taken.mine is not None
    assert (taken.mine.token, taken.mine.crashes) == (2, 1)


def test_a_claim_without_an_answer_tells_its_nonce() -> None:
    """So that a message can say that it was sent under it."""
    world = World()
    world.table.order(Fate.DONE_UNHEARD)

    with pytest.raises(ClaimUnknown, match="no answer") as unknown:
        claim(world.courier())

    record = world.record("m1:track")
    assert record is not None
    assert (unknown.value.nonce, unknown.value.token) == (record.nonce, record.token)


def test_a_takeover_without_an_answer_tells_no_nonce() -> None:
    """Nobody called under it, but of the dead claimant before it nobody knows."""
    world = World()
    claimed(world.courier())
    world.clock.advance(36.0)
    swaps = iter([None, Fate.DONE_UNHEARD])

    def before(_operation: str, _subject: object) -> None:
        fate = next(swaps)
        if fate is not None:
            world.table.order(fate)

    world.table.before = before
    with pytest.raises(ClaimUnknown) as unknown:
        claim(world.courier())

    assert (unknown.value.nonce, unknown.value.token) == ("", 0)


def test_a_late_writer_undoes_nothing() -> None:
    """The claim was taken over; its first holder settles in vain."""
    world = World()
    late, other = world.courier(), world.courier()
    lost = claimed(late)
    world.clock.advance(36.0)
    won = claimed(other)
    late.release(lost)
    late.settle_queued(lost)
    late.settle_parked(lost, "rejected")
    late.settle_delivered(lost, rehook.DELIVERED.reply)

    assert world.record("m1:track") == won
    assert world.telemetry.counts["Unrecorded"] == 1


@pytest.mark.parametrize("queued", [True, False])
def test_a_claim_says_whether_a_message_rests_in_the_queue(queued: bool) -> None:
    """Redrive's does, and a duplicate that meets it need not be stored as well."""
    courier = World().courier()
    taken = courier.claim("m1:track", "c", lambda _found: Verdict.TAKE, queued=queued)

    assert taken.mine is not None
    assert taken.mine.queued is queued


def test_a_delivery_is_recorded_with_rehooks_name_for_it() -> None:
    """By which Rehook's support finds the call."""
    world = World()
    courier = world.courier()
    courier.settle_delivered(claimed(courier), rehook.DELIVERED.reply)

    record = world.record("m1:track")
    assert record is not None
    assert record.request_id == "req-1"


@pytest.mark.parametrize(
    ("settle", "state"),
    [
        (lambda courier, mine: courier.settle_delivered(mine, rehook.DELIVERED.reply), "delivered"),
        (lambda courier, mine: courier.settle_queued(mine), "queued"),
        (lambda courier, mine: courier.settle_parked(mine, "rejected"), "parked"),
        (lambda courier, mine: courier.release(mine), "released"),
    ],
    ids=["delivered", "queued", "parked", "released"],
)
@pytest.mark.parametrize("fate", list(Fate))
def test_an_end_is_written_again_where_no_answer_came(
    settle: Callable[[Courier, Record], None], state: str, fate: Fate
) -> None:
    """Whether the first write landed or not: no false alarm, and no second record."""
    world = World()
    courier = world.courier()
    mine = claimed(courier)
    world.table.order(fate)
    settle(courier, mine)

    record = world.record("m1:track")
    assert record is not None
    assert record.state == state
    assert world.telemetry.counts == {}


def test_a_table_that_hangs_is_not_asked_again() -> None:
    """Two time-outs would end the function, and Segment would send again what was delivered."""
    world = World()
    courier = world.courier()
    mine = claimed(courier)
    world.table.before = lambda *_: world.clock.advance(3.0)
    world.table.down = True
    courier.settle_delivered(mine, rehook.DELIVERED.reply)

    assert world.table.calls["ledger.swap"] == 2


def test_a_delivery_that_cant_be_recorded_is_counted() -> None:
    """It was made all the same."""
    world = World()
    courier = world.courier()
    mine = claimed(courier)
    world.table.down = True
    courier.settle_delivered(mine, rehook.DELIVERED.reply)

    assert world.telemetry.counts == {"Unrecorded": 1, "Unsettled": 1}
    warning = ("delivered, but not recorded", {"delivery": "m1:track"})
    assert world.telemetry.warnings == [warning]


@pytest.mark.parametrize(
    ("turn", "calls"),
    [
        (rehook.DELIVERED, 1),
        (rehook.REJECTED, 1),
        (rehook.THROTTLED, 1),
        (rehook.UNREACHABLE, 1),
        (rehook.UNKNOWN_DONE, 1),
        (rehook.UNAVAILABLE, 2),
    ],
    ids=lambda value: value.reply.kind if isinstance(value, rehook.Turn) else "",
)
def test_only_a_503_is_tried_again_at_once(turn: rehook.Turn, calls: int) -> None:
    """It alone says that nothing was processed."""
    world = World()
    courier = world.courier()
    world.rehook.script.extend([turn, rehook.DELIVERED])
    reply = call(courier, claimed(courier))

    assert len(world.rehook.calls) == calls
    assert reply.kind is (ReplyClass.DELIVERED if calls == 2 else turn.reply.kind)


@pytest.mark.parametrize(
    ("left", "calls", "outcome"), [(1.9, 1, ReplyClass.UNAVAILABLE), (2.0, 2, ReplyClass.DELIVERED)]
)
def test_no_second_try_without_the_time_for_it(left: float, calls: int, outcome: ReplyClass) -> None:
    """A call begun must be able to end: it needs a whole time-out."""
    world = World()
    courier = world.courier()
    world.rehook.script.append(rehook.UNAVAILABLE)
    reply = call(courier, claimed(courier), lambda: left)

    assert (len(world.rehook.calls), reply.kind) == (calls, outcome)


@pytest.mark.parametrize(
    ("frozen", "reply"),
    [
        (27.0, rehook.DELIVERED.reply),
        (27.1, Reply(kind=ReplyClass.UNREACHABLE, code="late")),
    ],
)
def test_no_call_under_a_lease_about_to_run_out(frozen: float, reply: Reply) -> None:
    """Frozen between claim and call: by the time of the answer it would be somebody else's."""
    world = World()
    courier = world.courier()
    mine = claimed(courier)
    world.clock.advance(frozen)

    assert call(courier, mine) == reply
    assert len(world.rehook.calls) == (reply.kind is ReplyClass.DELIVERED)


def test_what_was_never_called_says_nothing_of_rehook() -> None:
    """Sixteen thawed workers must not open the breaker."""
    world = World()
    courier = world.courier()
    mine = claimed(courier)
    world.clock.advance(60.0)
    for _ in range(20):
        call(courier, mine)

    assert ask(courier.breaker).allowed


@pytest.mark.parametrize(
    ("policy", "action", "repeats"),
    [
        ("retry", "trackEvent", True),
        ("retry", "identifyUser", True),
        ("park", "trackEvent", False),
        ("park", "identifyUser", True),
    ],
)
def test_which_calls_are_made_again_when_their_outcome_is_unknown(
    policy: str, action: str, repeats: bool
) -> None:
    """An upsert always; a reward as the operator chose."""
    assert World(policy=policy).courier().repeats(action) is repeats
