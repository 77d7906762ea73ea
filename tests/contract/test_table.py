"""What the delivery protocol needs of the ledger's table, held to the fakes and DynamoDB alike."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from segment_rehook.delivery.ledger.record import Record, State, Swap
from segment_rehook.delivery.pacing.breaker_record import BreakerRecord
from tests.contract.conftest import Stores

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
    """An absent delivery can be claimed once; the next claimant finds the first one's record."""
    assert stores.ledger.swap(CLAIMED, None) == Swap(won=True)
    assert stores.ledger.swap(OTHER, None) == Swap(won=False, found=CLAIMED)


def test_a_write_that_finds_its_own_nonce_has_won(stores: Stores) -> None:
    """A write that is repeated, and finds its own nonce, has won."""
    stores.ledger.swap(CLAIMED, None)
    assert stores.ledger.swap(CLAIMED, None) == Swap(won=True)

    stores.ledger.swap(FULL, CLAIMED)
    assert stores.ledger.swap(FULL, CLAIMED) == Swap(won=True)


def test_a_record_comes_back_whole(stores: Stores) -> None:
    """A record comes back with each field in its type, None included."""
    stores.ledger.swap(CLAIMED, None)
    assert stores.ledger.swap(FULL, CLAIMED) == Swap(won=True)

    found = stores.ledger.swap(OTHER, None).found

    assert found == FULL
    assert found is not None
    assert isinstance(found.lease, float)
    assert isinstance(found.state, State)


def test_a_late_writer_undoes_nothing(stores: Stores) -> None:
    """A write that expects an older record changes nothing, and is told the newer one."""
    stores.ledger.swap(CLAIMED, None)
    stores.ledger.swap(FULL, CLAIMED)

    assert stores.ledger.swap(OTHER, CLAIMED) == Swap(won=False, found=FULL)
    assert stores.ledger.swap(OTHER, None) == Swap(won=False, found=FULL)


def test_a_record_that_is_gone_cannot_be_replaced(stores: Stores) -> None:
    """A write that expects a record that is gone changes nothing, and is told that it is absent."""
    assert stores.ledger.swap(FULL, CLAIMED) == Swap(won=False)


def test_deliveries_do_not_meet(stores: Stores) -> None:
    """Two deliveries have two records."""
    stores.ledger.swap(CLAIMED, None)

    assert stores.ledger.swap(replace(OTHER, id="message-1:track"), None) == Swap(won=True)


def test_one_of_many_wins(stores: Stores) -> None:
    """Of many who claim an absent delivery at the same time one wins."""
    start, swaps = threading.Barrier(8), []

    def claim(number: int) -> None:
        start.wait()
        swaps.append(stores.ledger.swap(replace(CLAIMED, nonce=f"nonce-{number}"), None))

    threads = [threading.Thread(target=claim, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(swap.won for swap in swaps) == [False] * 7 + [True]


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
    assert stores.breaker.swap(replace(later, nonce="n3"), None) is False

    assert stores.breaker.swap(later, tripped) is True
    assert stores.breaker.swap(later, tripped) is True, "its own nonce: a repeated write"
    assert stores.breaker.swap(replace(later, nonce="n4"), tripped) is False
    assert stores.breaker.read() == later


@pytest.mark.parametrize("text", ["", "ümläut 😀", "x" * 500])
def test_texts_come_back_as_they_went(stores: Stores, text: str) -> None:
    """Any text, such as a request id of Rehook's, comes back as it was written."""
    stores.ledger.swap(replace(CLAIMED, request_id=text), None)

    found = stores.ledger.swap(OTHER, None).found

    assert found is not None
    assert found.request_id == text
