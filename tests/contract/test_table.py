"""What the delivery protocol needs of the ledger's table, held to the fakes and DynamoDB alike."""

from __future__ import annotations

import threading
from dataclasses import replace as replaced

import pytest
from msgspec.structs import replace

from segment_rehook.delivery.ledger.record import Record, RecordWriter, State, Swap
from segment_rehook.delivery.pacing.breaker_record import BreakerRecord
from segment_rehook.delivery.ports import Change
from tests.contract.conftest import Stores
from tests.contract.ledgers import swap

CLAIMED = Record(
    id="message-1:identify",
    state=State.CLAIMED,
    token=1,
    nonce="nonce-1",
    content="abc",
    lease=1_800_000_030.25,
    expires_at=1_803_888_000,
)
FULL = replace(
    CLAIMED,
    state=State.PARKED,
    nonce="nonce-2",
    token=7,
    in_queue=True,
    parked_token=7,
    crashes=2,
    doubtful=True,
    reason="rejected",
    request_id="6df44043",
)
OTHER = replace(CLAIMED, nonce="nonce-other", token=2)


def test_an_absent_delivery_can_be_claimed(stores: Stores) -> None:
    """Once: the second who thinks it absent finds the first one's record."""
    assert swap(stores.ledger, CLAIMED, None) == Swap(won=True)
    assert swap(stores.ledger, OTHER, None) == Swap(won=False, found=CLAIMED)


def test_a_write_that_finds_its_own_nonce_has_won(stores: Stores) -> None:
    """The library sends a write again when it heard no answer to the first."""
    swap(stores.ledger, CLAIMED, None)
    assert swap(stores.ledger, CLAIMED, None) == Swap(won=True)

    swap(stores.ledger, FULL, CLAIMED)
    assert swap(stores.ledger, FULL, CLAIMED) == Swap(won=True)


def test_a_record_comes_back_whole(stores: Stores) -> None:
    """Every field, with its type, also those that may be None."""
    swap(stores.ledger, CLAIMED, None)
    assert swap(stores.ledger, FULL, CLAIMED) == Swap(won=True)

    found = swap(stores.ledger, OTHER, None).found

    assert found == FULL
    assert found is not None
    assert isinstance(found.lease, float)
    assert isinstance(found.state, State)


def test_a_late_writer_undoes_nothing(stores: Stores) -> None:
    """Who replaces a record that is no longer there loses, and is told what is."""
    swap(stores.ledger, CLAIMED, None)
    swap(stores.ledger, FULL, CLAIMED)

    assert swap(stores.ledger, OTHER, CLAIMED) == Swap(won=False, found=FULL)
    assert swap(stores.ledger, OTHER, None) == Swap(won=False, found=FULL)


def test_a_record_that_is_gone_cannot_be_replaced(stores: Stores) -> None:
    """An expired one may have been deleted in between: then it is absent."""
    assert swap(stores.ledger, FULL, CLAIMED) == Swap(won=False)


def test_deliveries_do_not_meet(stores: Stores) -> None:
    """One record each."""
    swap(stores.ledger, CLAIMED, None)

    assert swap(stores.ledger, replace(OTHER, id="message-1:track"), None) == Swap(won=True)


def test_one_of_many_wins(stores: Stores) -> None:
    """Of many who claim an absent delivery at the same time one wins."""
    start, swaps = threading.Barrier(8), []

    def claim(number: int) -> None:
        start.wait()
        swaps.append(swap(stores.ledger, replace(CLAIMED, nonce=f"nonce-{number}"), None))

    threads = [threading.Thread(target=claim, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(each.won for each in swaps) == [False] * 7 + [True]


def test_changes_that_share_a_call_win_and_lose_by_themselves(stores: Stores) -> None:
    """Of thirty changes in one call, ten find another record and lose; the others win."""
    mine = [replace(CLAIMED, id=f"m{number}:track", nonce=f"n{number}") for number in range(30)]
    theirs = [replace(each, nonce="theirs", token=9) for each in mine[::3]]
    for each in theirs:
        swap(stores.ledger, each, None)

    answers = stores.ledger.swap([Change(each, None) for each in mine])

    lost = {each.id: each for each in theirs}
    assert answers == [
        Swap(won=False, found=lost[each.id]) if each.id in lost else Swap(won=True) for each in mine
    ]


def test_claims_are_settled_in_one_call(stores: Stores) -> None:
    """Claims that are settled to different ends in one call are read back as they were settled."""
    mine = [replace(CLAIMED, id=f"m{number}:track", nonce=f"n{number}") for number in range(4)]
    stores.ledger.swap([Change(each, None) for each in mine])
    settled = [
        replace(mine[0], nonce="s0", state=State.DELIVERED, request_id="6df44043"),
        replace(mine[1], nonce="s1", state=State.QUEUED, in_queue=True),
        replace(mine[2], nonce="s2", state=State.PARKED, parked_token=1, reason="rejected"),
        replace(mine[3], nonce="s3", state=State.RELEASED, lease=0.0),
    ]

    answers = stores.ledger.swap([Change(new, was) for new, was in zip(settled, mine, strict=True)])

    assert answers == [Swap(won=True)] * 4
    found = [swap(stores.ledger, replace(each, nonce="other"), None).found for each in mine]
    assert found == settled


def test_a_field_that_is_given_up_is_gone(stores: Stores) -> None:
    """A parked record whose place a new claim takes leaves neither reason nor request id behind."""
    swap(stores.ledger, FULL, None)
    swap(stores.ledger, replace(CLAIMED, nonce="nonce-3", parked_token=7), FULL)

    assert swap(stores.ledger, OTHER, None).found == replace(
        CLAIMED, nonce="nonce-3", parked_token=7
    )


QUEUED = replace(CLAIMED, state=State.QUEUED, nonce="nonce-2", in_queue=True, lease=0.0)
TAKER = replace(OTHER, token=1, in_queue=True)


@pytest.mark.parametrize(
    "queued",
    [
        QUEUED,
        replace(QUEUED, in_queue=False, doubtful=True),
        replace(FULL, state=State.QUEUED, crashes=0),
        replace(FULL, state=State.QUEUED, crashes=2, doubtful=False),
    ],
)
def test_a_queued_delivery_is_taken_as_by_a_swap(stores: Stores, queued: Record) -> None:
    """What is queued is claimed by one write, with the same record as if it had been read first.

    A second write of the same claim, which the client sends if it got no answer, changes nothing.
    """
    swap(stores.ledger, queued, None)
    writer = RecordWriter(now=1_800_000_000.0, nonce=TAKER.nonce, keep=3_888_000)
    expected = writer.claim(queued.id, queued.content, queued, lease=30.25, by_redrive=True)
    assert (expected.lease, expected.expires_at) == (TAKER.lease, TAKER.expires_at)

    assert stores.ledger.take_queued(TAKER) == expected
    assert stores.ledger.take_queued(TAKER) == expected
    assert swap(stores.ledger, CLAIMED, None).found == expected


@pytest.mark.parametrize(
    "other",
    [
        replace(QUEUED, content="abd"),
        *(replace(QUEUED, state=state) for state in State if state is not State.QUEUED),
    ],
)
def test_what_is_not_queued_is_not_taken(stores: Stores, other: Record) -> None:
    """A record of another event or in another state stays as it is, and is given back."""
    swap(stores.ledger, other, None)

    assert stores.ledger.take_queued(TAKER) == other
    assert swap(stores.ledger, CLAIMED, None).found == other


def test_an_absent_delivery_is_not_taken(stores: Stores) -> None:
    """Where there is no record, none is written."""
    assert stores.ledger.take_queued(TAKER) is None
    assert swap(stores.ledger, CLAIMED, None) == Swap(won=True)


def test_marked_users_are_told_apart(stores: Stores) -> None:
    """A read of several users gives the latest mark of each user who has one."""
    stores.marks.put({"ann": "m1:identify", "bob": "m2:track"})
    stores.marks.put({"ann": "m3:identify"})

    marked = stores.marks.read(["ann", "ann", "bob", "cem"])

    assert marked == {"ann": "m3:identify", "bob": "m2:track"}


def test_a_mark_is_cleared_by_the_delivery_that_it_names(stores: Stores) -> None:
    """A mark is cleared by the delivery that it names, and by no earlier one."""
    stores.marks.put({"ann": "m2:identify"})

    stores.marks.clear("ann", "m1:identify")
    assert stores.marks.read(["ann"]) == {"ann": "m2:identify"}

    stores.marks.clear("ann", "m2:identify")
    assert stores.marks.read(["ann"]) == {}


@pytest.mark.parametrize(("mark", "left"), [("x", {}), ("y", {"ann": "y"}), (None, {})])
def test_a_claim_is_settled_and_a_mark_cleared_in_one_call(
    stores: Stores, mark: str | None, left: dict[str, str]
) -> None:
    """The mark is cleared if it has this name still; otherwise there is nothing to clear."""
    delivered = replace(CLAIMED, state=State.DELIVERED, nonce="nonce-2", request_id="6df44043")
    swap(stores.ledger, CLAIMED, None)
    stores.marks.put({} if mark is None else {"ann": mark})

    assert stores.ledger.settle_and_clear(Change(delivered, CLAIMED), "ann", "x")

    assert stores.marks.read(["ann"]) == left
    assert swap(stores.ledger, OTHER, None).found == delivered


def test_a_settlement_that_lost_is_not_known_to_be_made(stores: Stores) -> None:
    """A claim that was taken over is not settled, whatever becomes of the mark."""
    delivered = replace(CLAIMED, state=State.DELIVERED, nonce="nonce-2")
    swap(stores.ledger, OTHER, None)

    assert not stores.ledger.settle_and_clear(Change(delivered, CLAIMED), "ann", "x")
    assert swap(stores.ledger, CLAIMED, None).found == OTHER


def test_a_mark_that_is_not_there_can_be_cleared(stores: Stores) -> None:
    """Clearing a mark that does not exist does nothing."""
    stores.marks.clear("ann", "m1:identify")


def test_many_users_are_marked_and_read_in_one_go(stores: Stores) -> None:
    """More users than one call of DynamoDB takes can be marked and read."""
    lasts = {f"user-{number}": f"m{number}:track" for number in range(130)}

    stores.marks.put(lasts)

    assert stores.marks.read([*lasts, "nobody"]) == lasts


def test_nobody_is_marked_or_read_without_a_call(stores: Stores) -> None:
    """Marking or reading no users makes no call, since DynamoDB refuses empty batches."""
    stores.marks.put({})
    assert stores.marks.read([]) == {}


def test_the_breaker_is_changed_by_who_knows_its_state(stores: Stores) -> None:
    """Of two who change the breaker's record from the same state, one succeeds."""
    tripped = BreakerRecord(nonce="n1", open_until=1_800_000_060.5, reason="unavailable")
    later = BreakerRecord(nonce="n2", open_until=0.0, probing_until=1_800_000_070.25, trips=3)
    assert stores.breaker.read() is None

    assert stores.breaker.swap(tripped, None) is True
    assert stores.breaker.read() == tripped
    assert stores.breaker.swap(replaced(later, nonce="n3"), None) is False

    assert stores.breaker.swap(later, tripped) is True
    assert stores.breaker.swap(later, tripped) is True, "its own nonce: a repeated write"
    assert stores.breaker.swap(replaced(later, nonce="n4"), tripped) is False
    assert stores.breaker.read() == later


@pytest.mark.parametrize("text", ["", "ümläut 😀", "x" * 500])
def test_texts_come_back_as_they_went(stores: Stores, text: str) -> None:
    """Rehook's request id may be any text."""
    swap(stores.ledger, replace(CLAIMED, request_id=text), None)

    found = swap(stores.ledger, OTHER, None).found

    assert found is not None
    assert found.request_id == text
