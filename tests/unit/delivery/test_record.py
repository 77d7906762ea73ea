"""Each change of a delivery's record."""

from __future__ import annotations

from dataclasses import replace

from segment_rehook.delivery.record import Pen, Record, State

NOW = 1_800_000_000.0
PEN = Pen(now=NOW, nonce="new", keep=100)
CLAIMED = Record(
    id="m1:track",
    state=State.CLAIMED,
    token=2,
    nonce="old",
    content="c",
    expires_at=0,
    lease=NOW + 30,
    queued=True,
    epoch=1,
    crashes=2,
)


def test_the_first_claim() -> None:
    """It begins at token 1, with a lease, and is not known to be in the queue."""
    claim = PEN.claim("m1:track", "c", None, lease=30.0)

    assert (claim.state, claim.token, claim.nonce) == (State.CLAIMED, 1, "new")
    assert claim.lease == NOW + 30
    assert (claim.queued, claim.epoch, claim.crashes) == (False, None, 0)
    assert claim.expires_at == NOW + 100


def test_a_claim_grows_the_token_and_keeps_the_epoch() -> None:
    """The token is the fence; the epoch stays until the delivery is parked anew."""
    parked = replace(CLAIMED, state=State.PARKED, epoch=2, queued=False)

    claim = PEN.claim("m1:track", "c", parked, lease=30.0, queued=True)

    assert (claim.token, claim.epoch, claim.queued) == (3, 2, True)


def test_only_a_dead_claimant_counts_as_a_crash() -> None:
    """Else a message that is throttled long enough would be taken for one that kills."""
    assert PEN.claim("m1:track", "c", CLAIMED, lease=30.0).crashes == 2
    assert PEN.claim("m1:track", "c", CLAIMED, lease=30.0, crashed=True).crashes == 3


def test_a_claim_of_ingest_is_not_in_the_queue() -> None:
    """Taking over from a redrive that died: its message may be gone, so a duplicate is stored."""
    assert not PEN.claim("m1:track", "c", CLAIMED, lease=30.0, crashed=True).queued


def test_delivered() -> None:
    """The end: nothing rests in the queue, and Rehook's name for it is kept."""
    settled = PEN.deliver(CLAIMED, "req-1")

    assert (settled.state, settled.request_id, settled.queued) == (State.DELIVERED, "req-1", False)
    assert (settled.token, settled.lease, settled.nonce) == (2, 0.0, "new")


def test_queued() -> None:
    """Known to be undelivered: earlier crashes are forgiven."""
    settled = PEN.queue(CLAIMED)

    assert (settled.state, settled.queued, settled.crashes) == (State.QUEUED, True, 0)


def test_parked() -> None:
    """The epoch is the token it was parked under."""
    settled = PEN.park(CLAIMED, "rejected")

    assert (settled.state, settled.epoch, settled.reason) == (State.PARKED, 2, "rejected")
    assert not settled.queued


def test_released() -> None:
    """It is nobody's, and keeps its token."""
    settled = PEN.release(CLAIMED)

    assert (settled.state, settled.token, settled.lease) == (State.RELEASED, 2, 0.0)


def test_each_write_makes_the_record_live_longer() -> None:
    """A delivery that is still being tried is not forgotten."""
    for settled in (PEN.deliver(CLAIMED, None), PEN.queue(CLAIMED), PEN.release(CLAIMED)):
        assert settled.expires_at == NOW + 100


def test_a_lease_runs_out_after_the_margin() -> None:
    """Two clocks may differ by five seconds."""
    assert not CLAIMED.lease_ran_out(NOW + 35)
    assert CLAIMED.lease_ran_out(NOW + 35.1)
