"""Each change of a delivery's record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from segment_rehook.delivery.ledger.record import Record, RecordWriter, State

NOW = 1_800_000_000.0
WRITER = RecordWriter(now=NOW, nonce="new", keep=100)
CLAIMED = Record(
    id="m1:track",
    state=State.CLAIMED,
    token=2,
    nonce="old",
    content="c",
    expires_at=0,
    lease=NOW + 30,
    in_queue=True,
    parked_token=1,
    crashes=2,
)


def test_the_first_claim() -> None:
    """A first claim has token 1 and a lease, and is not known to be in the queue."""
    claim = WRITER.claim("m1:track", "c", None, lease=30.0)

    assert (claim.state, claim.token, claim.nonce) == (State.CLAIMED, 1, "new")
    assert claim.lease == NOW + 30
    assert (claim.in_queue, claim.parked_token, claim.crashes) == (False, None, 0)
    assert claim.expires_at == NOW + 100


def test_a_claim_grows_the_token_and_keeps_the_epoch() -> None:
    """A claim adds one to the token, and leaves the parked token until it is parked anew."""
    parked = replace(CLAIMED, state=State.PARKED, parked_token=2, in_queue=False)

    claim = WRITER.claim("m1:track", "c", parked, lease=30.0, by_redrive=True)

    assert (claim.token, claim.parked_token, claim.in_queue) == (3, 2, True)


def test_only_a_dead_claimant_counts_as_a_crash() -> None:
    """Only a claim that takes over from a dead claimant counts a crash."""
    assert WRITER.claim("m1:track", "c", CLAIMED, lease=30.0).crashes == 2
    assert WRITER.claim("m1:track", "c", CLAIMED, lease=30.0, crashed=True).crashes == 3


def test_a_claim_of_ingest_is_not_in_the_queue() -> None:
    """A claim of ingest is not in the queue, also when it takes over from redrive's.

    Redrive's message may be gone, so a duplicate is stored.
    """
    assert not WRITER.claim("m1:track", "c", CLAIMED, lease=30.0, crashed=True).in_queue


@pytest.mark.parametrize(
    ("settle", "changes"),
    [
        pytest.param(
            lambda mine: WRITER.deliver(mine, "req-1"),
            {"state": State.DELIVERED, "request_id": "req-1", "in_queue": False},
            id="delivered: nothing rests in the queue, and Rehook's name for it is kept",
        ),
        pytest.param(
            WRITER.queue,
            {"state": State.QUEUED, "in_queue": True, "crashes": 0},
            id="queued: known to be undelivered, so earlier crashes are forgiven",
        ),
        pytest.param(
            lambda mine: WRITER.park(mine, "rejected"),
            {
                "state": State.PARKED,
                "reason": "rejected",
                "parked_token": 2,
                "in_queue": False,
                "crashes": 0,
            },
            id="parked: the epoch is the token it was parked under",
        ),
        pytest.param(WRITER.release, {"state": State.RELEASED}, id="released: it is nobody's"),
    ],
)
@pytest.mark.parametrize("in_queue", [False, True])
def test_settling(
    settle: Callable[[Record], Record], changes: dict[str, Any], *, in_queue: bool
) -> None:
    """Settling ends the lease, lengthens the record's life and renews the nonce, and no more."""
    mine = replace(CLAIMED, in_queue=in_queue)
    settled = replace(mine, nonce="new", lease=0.0, expires_at=int(NOW) + 100)

    assert settle(mine) == replace(settled, **changes)


def test_a_lease_runs_out_after_the_margin() -> None:
    """A lease counts as ended five seconds late, since two clocks may differ by so much."""
    assert not CLAIMED.lease_ran_out(NOW + 35)
    assert CLAIMED.lease_ran_out(NOW + 35.1)
