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
    """One event, one answer of Rehook's (given twice where it is tried twice)."""
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
    """They mend themselves when the key pair is put right."""
    world = World()
    world.rehook.credentials = False
    world.rehook.script.append(rehook.CREDENTIALS)

    assert reasons(world.post(track())) == ["credentials"]


def test_an_unknown_upsert_is_never_parked() -> None:
    """Doing it twice is harmless, whatever the policy."""
    world = World(policy="park")
    world.rehook.script.append(UNKNOWN)

    assert reasons(world.post(identify())) == ["unknown"]


def test_a_duplicate_is_delivered_once() -> None:
    """Segment sends an event again."""
    world = World()
    world.post(track())
    answer = world.post(track())

    assert outcomes(answer) == ["duplicate"]
    assert len(world.rehook.calls) == 1


def test_one_order_under_two_message_ids_is_delivered_once() -> None:
    """A reloaded thank-you page."""
    world = World()
    world.post(order("m1", "o-7"))
    answer = world.post({**order("m2", "o-7"), "properties": {"order": "o-7", "url": "again"}})

    assert outcomes(answer) == ["duplicate"]
    assert len(world.rehook.calls) == 1


def test_an_id_used_for_another_event_is_a_conflict() -> None:
    """It is not delivered, and says so."""
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
    """After an end the next one proceeds; after storing, the rest is stored behind it."""
    world = World(threshold=100)
    world.rehook.script.append(turn)
    answer = world.post(track("m1"), track("m2"), track("m3"))

    assert outcomes(answer)[1:] == [rest, rest]


def test_users_do_not_wait_for_one_another() -> None:
    """One is throttled, the other is not."""
    world = World()
    world.rehook.answer = lambda request, _action: (
        rehook.UNREACHABLE if b'"u1"' in request.body else rehook.DELIVERED
    )
    answer = world.post(track("m1", "u1"), track("m2", "u2"), track("m3", "u1"))

    assert outcomes(answer) == ["stored", "delivered", "stored"]


def test_without_order_nothing_waits_behind() -> None:
    """The switch for those who prefer throughput."""
    world = World(ordered=False)
    world.rehook.script.append(rehook.UNREACHABLE)
    answer = world.post(track("m1"), track("m2"))

    assert outcomes(answer) == ["stored", "delivered"]
    assert not world.marks.marks
    assert "marks.read" not in world.table.calls


def test_somebody_elses_claim_is_met_with_a_copy() -> None:
    """Whoever takes it claims first, so it is harmless."""
    world = World()

    world.rehook.after = crash
    with pytest.raises(Crash):
        world.post(track())
    world.rehook.after = lambda *_: None

    assert reasons(world.post(track())) == ["claimed_elsewhere"]
    assert header_of(world.dead.stored()[0]).nonce == ""


@pytest.mark.parametrize(("policy", "times"), [("retry", 2), ("park", 1)])
def test_a_dead_claimants_outcome_is_unknown(policy: str, times: int) -> None:
    """When its lease has run out, the policy decides."""
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
    """An older mapping may have called; that it can't be mapped now says nothing of that."""
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
    """A mended mapping mends it: an operator sends it back."""
    world = World(destination=BROKEN)
    answer = world.post(track())

    assert (outcomes(answer), reasons(answer)) == (["parked"], ["mapping_error"])
    assert header_of(world.lot.stored()[0]).parked_token == 1
