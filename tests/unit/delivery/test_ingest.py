"""What becomes of Segment's events: each outcome, one user's order, the budget, and stores down."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.ledger.record import State
from tests.unit.delivery.samples import (
    BROKEN,
    identify,
    order,
    outcomes,
    reasons,
    track,
)
from tests.unit.delivery.situations import crash
from tests.unit.delivery.world import World, header_of
from tools.fakes import rehook
from tools.fakes.faults import Crash

UNKNOWN = rehook.UNKNOWN_DONE


@pytest.mark.parametrize(
    ("turn", "policy", "outcome", "reason", "state"),
    [
        (rehook.DELIVERED, "retry", "delivered", None, State.DELIVERED),
        (rehook.REJECTED, "retry", "parked", "rejected", State.PARKED),
        (rehook.THROTTLED, "retry", "stored", "throttled", State.QUEUED),
        (rehook.UNAVAILABLE, "retry", "stored", "unavailable", State.QUEUED),
        (rehook.UNREACHABLE, "retry", "stored", "unreachable", State.QUEUED),
        (UNKNOWN, "retry", "stored", "unknown", State.QUEUED),
        (UNKNOWN, "park", "parked", "outcome_unknown", State.PARKED),
    ],
)
def test_each_outcome_has_its_end(
    turn: rehook.Turn, policy: str, outcome: str, reason: str | None, state: State
) -> None:
    """Each answer of Rehook's gives the event its outcome, and its record and queue agree."""
    world = World(policy=policy)
    world.rehook.script.extend([turn, turn])
    answer = world.post(track())

    assert answer.status == 200
    assert (outcomes(answer), reasons(answer)) == ([outcome], [reason])
    record = world.record("m1:track")
    assert record is not None
    assert record.state is state
    assert len(world.dead.stored()) == (outcome == "stored")
    assert len(world.lot.stored()) == (outcome == "parked")


def test_refused_credentials_are_stored() -> None:
    """An event that meets refused credentials is stored, since a corrected key pair delivers it."""
    world = World()
    world.rehook.credentials = False
    world.rehook.script.append(rehook.CREDENTIALS)

    assert reasons(world.post(track())) == ["credentials"]


def test_an_unknown_upsert_is_never_parked() -> None:
    """An upsert with an unknown outcome is stored under either policy: it can be made twice."""
    world = World(policy="park")
    world.rehook.script.append(UNKNOWN)

    assert reasons(world.post(identify())) == ["unknown"]


def test_a_duplicate_is_delivered_once() -> None:
    """An event that Segment sends again is delivered once."""
    world = World()
    world.post(track())
    answer = world.post(track())

    assert outcomes(answer) == ["duplicate"]
    assert len(world.rehook.calls) == 1


def test_one_order_under_two_message_ids_is_delivered_once() -> None:
    """Two messageIds with one business key are one delivery."""
    world = World()
    world.post(order("m1", "o-7"))
    answer = world.post({**order("m2", "o-7"), "properties": {"order": "o-7", "url": "again"}})

    assert outcomes(answer) == ["duplicate"]
    assert len(world.rehook.calls) == 1


def test_an_id_used_for_another_event_is_a_conflict() -> None:
    """Another event under a known messageId is not delivered, and the answer says so."""
    world = World()
    world.post(track(amount=1))
    answer = world.post(track(amount=2))

    assert (outcomes(answer), reasons(answer)) == (["dropped"], ["id_conflict"])


@pytest.mark.parametrize(
    ("turn", "rest"),
    [
        (rehook.DELIVERED, "delivered"),
        (rehook.REJECTED, "delivered"),
        (rehook.THROTTLED, "stored"),
        (rehook.UNREACHABLE, "stored"),
        (UNKNOWN, "stored"),
    ],
)
def test_what_follows_of_the_same_user(turn: rehook.Turn, rest: str) -> None:
    """After an end the user's next event is delivered; behind a stored one it is stored."""
    world = World(threshold=100)
    world.rehook.script.append(turn)
    answer = world.post(track("m1"), track("m2"), track("m3"))

    assert outcomes(answer)[1:] == [rest, rest]


def test_users_do_not_wait_for_one_another() -> None:
    """A throttled user does not keep another user's event from being delivered."""
    world = World()
    world.rehook.answer = lambda request, _action: (
        rehook.UNREACHABLE if b'"u1"' in request.body else rehook.DELIVERED
    )
    answer = world.post(track("m1", "u1"), track("m2", "u2"), track("m3", "u1"))

    assert outcomes(answer) == ["stored", "delivered", "stored"]


def test_without_order_nothing_waits_behind() -> None:
    """Where order is switched off, the user's next event is delivered past a stored one."""
    world = World(ordered=False)
    world.rehook.script.append(rehook.UNREACHABLE)
    answer = world.post(track("m1"), track("m2"))

    assert outcomes(answer) == ["stored", "delivered"]
    assert not world.marks.marks
    assert "marks.read" not in world.table.calls


def test_somebody_elses_claim_is_met_with_a_copy() -> None:
    """An event that another environment has claimed is stored as well."""
    world = World()

    world.rehook.after = crash
    with pytest.raises(Crash):
        world.post(track())
    world.rehook.after = lambda *_: None

    assert reasons(world.post(track())) == ["claimed_elsewhere"]
    assert header_of(world.dead.stored()[0]).nonce == ""


@pytest.mark.parametrize(("policy", "times"), [("retry", 2), ("park", 1)])
def test_a_dead_claimants_outcome_is_unknown(policy: str, times: int) -> None:
    """When a dead claimant's lease has ended, the policy decides what becomes of the delivery."""
    world = World(policy=policy)

    world.rehook.after = crash
    with pytest.raises(Crash):
        world.post(track())
    world.rehook.after = lambda *_: None
    world.clock.advance(36.0)
    answer = world.post(track())

    assert len(world.rehook.books) == times
    assert reasons(answer) == [None if policy == "retry" else "outcome_unknown"]
    details = [header_of(each).detail for each in world.lot.stored()]
    assert details == ([] if policy == "retry" else ["claimant died"])


def test_a_dead_claimants_fault_is_unknown_too() -> None:
    """The policy decides also where the event can't be mapped any more.

    An older mapping may have made the call before its claimant died.
    """
    world = World(policy="park")
    fault = track(user="u1")

    world.rehook.after = crash
    with pytest.raises(Crash):
        world.post(fault)
    world.rehook.after = lambda *_: None
    world.clock.advance(36.0)
    world.destination = BROKEN
    answer = world.post(fault)

    assert reasons(answer) == ["outcome_unknown"]


def test_what_cannot_be_mapped_is_parked() -> None:
    """An event that can't be mapped is parked, to be sent back once its mapping is corrected."""
    world = World(destination=BROKEN)
    answer = world.post(track())

    assert (outcomes(answer), reasons(answer)) == (["parked"], ["mapping_error"])
    assert header_of(world.lot.stored()[0]).parked_token == 1
