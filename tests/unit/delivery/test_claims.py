"""Claiming a delivery, and what the ledger is told of its end."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from segment_rehook.delivery.ledger.claim_rules import Verdict
from segment_rehook.delivery.ledger.claims import Claim, Claims, ClaimUnknown, Settlement, Wanted
from segment_rehook.delivery.ledger.record import Record, State
from tests.unit.delivery.claiming import claim, claimed, claims_of, wanted
from tests.unit.delivery.world import World
from tools.fakes.faults import Fate


def test_a_claim_is_one_write() -> None:
    """A claim of an absent delivery is one write, and no read."""
    world = World()

    assert claim(claims_of(world)).verdict is Verdict.TAKE
    assert world.table.calls == {"ledger.swap": 1}


def test_a_claim_that_is_held_is_not_taken() -> None:
    """A claim whose lease has not ended is taken by nobody else, in any environment."""
    world = World()
    claimed(claims_of(world))

    taken = claim(claims_of(world))

    assert (taken.verdict, taken.mine) == (Verdict.CLAIMED, None)


def test_a_dead_claimants_delivery_is_taken_over() -> None:
    """A claim whose lease has ended is taken over, and the new claim says that it was."""
    world = World()
    dead = claimed(claims_of(world))
    world.clock.advance(36.0)

    taken = claim(claims_of(world))

    assert (taken.verdict, taken.found) == (Verdict.TAKE_CRASHED, dead)
    assert taken.mine is not None
    assert (taken.mine.token, taken.mine.crashes) == (2, 1)


def test_a_delivery_that_others_write_at_each_time_is_left_to_them() -> None:
    """A claim that loses each of its tries is given up and counts as claimed by others.

    The record that was found last says for how long to wait.
    """
    world = World()
    claims = claims_of(world)
    mine = claimed(claims)
    nonces = map(str, itertools.count())

    def before(_operation: str, _subject: object) -> None:
        """Somebody else claims it and gives it up again."""
        changed = replace(mine, state=State.RELEASED, nonce=next(nonces))
        world.ledger.records["m1:track"] = changed

    world.table.before = before
    taken = claim(claims)

    assert taken == Claim(Verdict.CLAIMED, found=world.record("m1:track"))


def test_a_claim_without_an_answer_tells_its_nonce() -> None:
    """A claim that got no answer gives its nonce, so that a message can name the claim."""
    world = World()
    world.table.order(Fate.DONE_UNHEARD)

    with pytest.raises(ClaimUnknown, match="no answer") as unknown:
        claim(claims_of(world))

    record = world.record("m1:track")
    assert record is not None
    assert (unknown.value.nonce, unknown.value.token) == (record.nonce, record.token)


def test_a_takeover_without_an_answer_tells_no_nonce() -> None:
    """A takeover that got no answer gives no nonce.

    Nobody called under it, but the dead claimant before it may have called.
    """
    world = World()
    claimed(claims_of(world))
    world.clock.advance(36.0)
    swaps = iter([None, Fate.DONE_UNHEARD])

    def before(_operation: str, _subject: object) -> None:
        fate = next(swaps)
        if fate is not None:
            world.table.order(fate)

    world.table.before = before
    with pytest.raises(ClaimUnknown) as unknown:
        claim(claims_of(world))

    assert (unknown.value.nonce, unknown.value.token) == ("", 0)


@given(
    queued=st.builds(
        Record,
        id=st.just("m1:track"),
        state=st.just(State.QUEUED),
        token=st.integers(1, 9),
        nonce=st.text(max_size=3),
        content=st.just("c"),
        expires_at=st.integers(0, 9),
        lease=st.floats(0, 9),
        in_queue=st.booleans(),
        parked_token=st.none() | st.integers(1, 9),
        crashes=st.integers(0, 3),
        doubtful=st.booleans(),
        reason=st.none() | st.text(max_size=3),
        request_id=st.none() | st.text(max_size=3),
    )
)
def test_one_write_claims_what_is_queued_as_two_do(queued: Record) -> None:
    """A queued delivery is claimed with the same record by one write as by a refused one and one.

    Only the nonce differs, which is new with each write.
    """
    records: list[Record] = []
    for world in (World(), World()):
        world.ledger.records[queued.id] = queued
        claims = claims_of(world)
        wanted = Wanted(queued.id, "c", lambda _: Verdict.TAKE, by_redrive=True)
        taken = claims.claim_queued(wanted) if not records else claims.claim(wanted)
        assert (taken.verdict, taken.mine) == (Verdict.TAKE, world.record(queued.id))
        assert world.table.calls.total() == 1 + len(records)
        records.append(world.ledger.records[queued.id])

    one, two = records
    assert one.nonce != queued.nonce
    assert replace(one, nonce=two.nonce) == two


@pytest.mark.parametrize(
    ("there", "verdict", "writes"),
    [
        (None, Verdict.TAKE, 1),
        (State.RELEASED, Verdict.TAKE, 1),
        (State.CLAIMED, Verdict.TAKE_CRASHED, 1),
        (State.DELIVERED, Verdict.DELIVERED, 0),
    ],
)
def test_what_is_not_queued_is_judged_as_it_is_found(
    there: State | None, verdict: Verdict, writes: int
) -> None:
    """If the record is not queued, the verdict on it decides, and a second write claims."""
    world = World()
    claims = claims_of(world)
    if there is not None:
        dead = replace(claimed(claims_of(world)), state=there)
        world.ledger.records[dead.id] = dead
        world.table.calls.clear()
    judged: list[Record | None] = []

    def judge(found: Record | None) -> Verdict:
        judged.append(found)
        return verdict

    before = world.record("m1:track")
    taken = claims.claim_queued(Wanted("m1:track", "c", judge, by_redrive=True))

    assert (taken.verdict, taken.found, judged) == (verdict, before, [before])
    assert taken.mine == (world.record("m1:track") if writes else None)
    assert world.table.calls["ledger.swap"] == writes


@pytest.mark.parametrize("fate", list(Fate))
def test_a_claim_of_what_is_queued_may_get_no_answer(fate: Fate) -> None:
    """Nobody calls under a claim that got no answer, whether it was written or not."""
    world = World()
    claims = claims_of(world)
    claims.settle(claims.queued(claimed(claims)))
    world.table.order(fate)

    with pytest.raises(ClaimUnknown):
        claims.claim_queued(Wanted("m1:track", "c", lambda _: Verdict.TAKE, by_redrive=True))


def test_a_late_writer_undoes_nothing() -> None:
    """A claimant whose claim was taken over can't settle the delivery any more."""
    world = World()
    late, other = claims_of(world), claims_of(world)
    lost = claimed(late)
    world.clock.advance(36.0)
    won = claimed(other)
    late.settle(late.released(lost))
    late.settle(late.queued(lost))
    late.settle(late.parked(lost, "rejected"))
    late.settle(late.delivered(lost, "req-1"))

    assert world.record("m1:track") == won
    assert world.telemetry.counts["Unrecorded"] == 1


@pytest.mark.parametrize("by_redrive", [True, False])
def test_a_claim_says_whether_a_message_rests_in_the_queue(by_redrive: bool) -> None:
    """A record says that its message is in the queue under redrive's claim, not under ingest's.

    A duplicate that meets redrive's claim need not be stored as well.
    """
    claims = claims_of(World())
    taken = claims.claim(Wanted("m1:track", "c", lambda _: Verdict.TAKE, by_redrive=by_redrive))

    assert taken.mine is not None
    assert taken.mine.in_queue is by_redrive


def test_a_delivery_is_recorded_with_rehooks_name_for_it() -> None:
    """A delivery's record has Rehook's request id, by which Rehook's support finds the call."""
    world = World()
    claims = claims_of(world)
    claims.settle(claims.delivered(claimed(claims), "req-1"))

    record = world.record("m1:track")
    assert record is not None
    assert record.request_id == "req-1"


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (lambda claims, mine: claims.delivered(mine, "req-1"), "delivered"),
        (lambda claims, mine: claims.queued(mine), "queued"),
        (lambda claims, mine: claims.parked(mine, "rejected"), "parked"),
        (lambda claims, mine: claims.released(mine), "released"),
    ],
    ids=["delivered", "queued", "parked", "released"],
)
@pytest.mark.parametrize("fate", list(Fate))
def test_an_end_is_written_again_where_no_answer_came(
    end: Callable[[Claims, Record], Settlement], state: str, fate: Fate
) -> None:
    """An end whose write got no answer is written again, whether the first write landed or not.

    It leaves one record, and no false count of an end that was not written.
    """
    world = World()
    claims = claims_of(world)
    mine = claimed(claims)
    world.table.order(fate)
    claims.settle(end(claims, mine))

    record = world.record("m1:track")
    assert record is not None
    assert record.state == state
    assert world.telemetry.counts == {}


def test_a_table_that_hangs_is_not_asked_again() -> None:
    """An end is not written again after a write that took a whole time-out.

    Two time-outs would end the function, and Segment would send again what was delivered.
    """
    world = World()
    claims = claims_of(world)
    mine = claimed(claims)
    world.table.before = lambda *_: world.clock.advance(3.0)
    world.table.down = True
    claims.settle(claims.delivered(mine, "req-1"))

    assert world.table.calls["ledger.swap"] == 2


def test_a_delivery_that_cant_be_recorded_is_counted() -> None:
    """A delivery that was made and can't be recorded is logged and counted."""
    world = World()
    claims = claims_of(world)
    mine = claimed(claims)
    world.table.down = True
    claims.settle(claims.delivered(mine, "req-1"))

    assert world.telemetry.counts == {"Unrecorded": 1, "Unsettled": 1}
    warning = ("delivered, but not recorded", {"delivery": "m1:track"})
    assert world.telemetry.warnings == [warning]


def test_a_settlement_that_lost_is_counted_when_another_is_written_again() -> None:
    """If one of two settlements is lost and one gets no answer, only the lost one is counted."""
    world = World()
    claims = claims_of(world)
    first, second = (claims.claim(wanted(claims, f"m{number}:track")).mine for number in range(2))
    assert first is not None
    assert second is not None
    world.ledger.records[first.id] = replace(first, nonce="another")
    fates = iter([None, Fate.NOTHING_DONE])

    def before(operation: str, _subject: object) -> None:
        fate = next(fates, None) if operation == "ledger.swap" else None
        if fate is not None:
            world.table.order(fate, operation="ledger.swap")

    world.table.before = before
    claims.settle(claims.delivered(first, "req-1"), claims.delivered(second, "req-2"))

    assert world.telemetry.counts == {"Unsettled": 1, "Unrecorded": 1}
    record = world.record(second.id)
    assert record is not None
    assert record.state is State.DELIVERED
