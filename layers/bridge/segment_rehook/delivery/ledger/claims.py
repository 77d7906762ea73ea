"""Claiming deliveries and settling them: every write to the ledger that ingest and redrive make.

The order is always claim → call → message → ledger, so that whatever is killed in between is met by
somebody who can tell. Deliveries of one request share calls to the ledger: each is claimed, or
settled, by a conditional write of its own, which wins or loses by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from segment_rehook.delivery.ledger.claim_rules import Verdict
from segment_rehook.delivery.ledger.record import Record, RecordWriter, State, Swap
from segment_rehook.delivery.ports import Change, LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segment_rehook.delivery.ports import Clock, Ledger, Randomness, Telemetry

# Somebody else's write came first this often: leave the delivery to them.
MAX_CLAIM_TRIES = 4
MAX_SETTLE_TRIES = 2
# Seconds after which a write that failed is not tried again: a table that hangs would take the
# whole function's time, and then nobody hears that the delivery was made.
MAX_SETTLE_SECONDS = 1.0

TAKES = frozenset({Verdict.TAKE, Verdict.TAKE_CRASHED})


class Wanted(msgspec.Struct, frozen=True):
    """A delivery to be claimed, if its record allows it, as `judge` says."""

    delivery: str
    content: str
    judge: Callable[[Record | None], Verdict]
    by_redrive: bool = False


class Claim(msgspec.Struct, frozen=True):
    """What claiming came to.

    `mine`: the claim, where it was taken. `found`: the record that was met last, if any.
    """

    verdict: Verdict
    mine: Record | None = None
    found: Record | None = None


class ClaimUnknown(Exception):
    """The ledger gave no answer to a claim: it may have landed, under this nonce and token.

    Both are empty where it would have taken over from a claimant that died: a message that named
    such a claim would say that nothing was called under it, and of the dead one nobody knows.
    """

    def __init__(self, verdict: Verdict, claim: Record) -> None:
        super().__init__("the ledger gave no answer to a claim")
        crashed = verdict is Verdict.TAKE_CRASHED
        self.nonce = "" if crashed else claim.nonce
        self.token = 0 if crashed else claim.token


class Settlement(msgspec.Struct, frozen=True):
    """How the claim `mine` ends: with this record in its place."""

    record: Record
    mine: Record


class _Try(msgspec.Struct, frozen=True):
    """A claim that is being tried: `new` in the place of `was`, which allows it (`verdict`)."""

    wanted: Wanted
    verdict: Verdict
    was: Record | None
    new: Record


@dataclass(slots=True)
class Claims:
    """One environment's claims. Thread-safe as far as its ports are.

    `lease`: seconds for which a claim is safe from others. `keep`: seconds for which the ledger
    remembers a delivery.
    """

    ledger: Ledger
    clock: Clock
    randomness: Randomness
    telemetry: Telemetry
    lease: float
    keep: int

    def claim(self, wanted: Wanted) -> Claim:
        """Claim one delivery. Raises ClaimUnknown when the ledger gave no answer."""
        [claim] = self.claim_all([wanted])
        if isinstance(claim, ClaimUnknown):
            raise claim
        return claim

    def claim_all(self, wanted: Sequence[Wanted]) -> list[Claim | ClaimUnknown]:
        """Claim different deliveries in shared calls of the ledger."""
        claims: dict[str, Claim | ClaimUnknown] = {}
        tries = [self._try(each) for each in wanted]
        for _ in range(MAX_CLAIM_TRIES):
            swaps = self.ledger.swap([Change(each.new, each.was) for each in tries])
            again = []
            for each, swap in zip(tries, swaps, strict=True):
                wish = each.wanted
                if isinstance(swap, LedgerUnavailable):
                    claims[wish.delivery] = ClaimUnknown(each.verdict, each.new)
                elif swap.won:
                    claims[wish.delivery] = Claim(each.verdict, mine=each.new, found=each.was)
                elif (verdict := wish.judge(swap.found)) in TAKES:
                    claims[wish.delivery] = Claim(Verdict.CLAIMED, found=swap.found)
                    again.append(self._try(wish, verdict, swap.found))
                else:
                    claims[wish.delivery] = Claim(verdict, found=swap.found)
            if not again:
                break
            tries = again
        return [claims[each.delivery] for each in wanted]

    def delivered(self, mine: Record, request_id: str | None) -> Settlement:
        """Rehook has it. `request_id`: Rehook's name for the call."""
        return Settlement(self._writer().deliver(mine, request_id), mine)

    def queued(self, mine: Record) -> Settlement:
        """A message for it is in the queue. If this is not recorded, the message still says it."""
        return Settlement(self._writer().queue(mine), mine)

    def parked(self, mine: Record, reason: str) -> Settlement:
        """A message for it is in the parking lot."""
        return Settlement(self._writer().park(mine, reason), mine)

    def released(self, mine: Record) -> Settlement:
        """It is known to be undelivered, and it is stored nowhere."""
        return Settlement(self._writer().release(mine), mine)

    def settle(self, *settlements: Settlement) -> None:
        """Write how different claims ended, in shared calls of the ledger.

        What gets no answer is written once more: the ledger knows its own nonce. What stays
        unwritten is counted, and found out by whoever meets the record when its lease has run out.
        """
        until = self.clock.monotonic() + MAX_SETTLE_SECONDS
        waiting = list(settlements)
        overtaken: list[Settlement] = []
        for _ in range(MAX_SETTLE_TRIES):
            swaps = self.ledger.swap([Change(each.record, each.mine) for each in waiting])
            answered = list(zip(waiting, swaps, strict=True))
            waiting = [each for each, swap in answered if isinstance(swap, LedgerUnavailable)]
            # Lost: the lease ran out, or a message that names the claim came first.
            overtaken += [
                each for each, swap in answered if isinstance(swap, Swap) and not swap.won
            ]
            if not waiting or self.clock.monotonic() > until:
                break
        for each in (*overtaken, *waiting):
            self.telemetry.count("Unsettled")
            if each.record.state is State.DELIVERED:
                self.telemetry.count("Unrecorded")
                self.telemetry.warn("delivered, but not recorded", delivery=each.mine.id)

    def _try(
        self, wanted: Wanted, verdict: Verdict = Verdict.TAKE, was: Record | None = None
    ) -> _Try:
        new = self._writer().claim(
            wanted.delivery,
            wanted.content,
            was,
            lease=self.lease,
            by_redrive=wanted.by_redrive,
            crashed=verdict is Verdict.TAKE_CRASHED,
        )
        return _Try(wanted, verdict, was, new)

    def _writer(self) -> RecordWriter:
        return RecordWriter(now=self.clock.now(), nonce=self.randomness.nonce(), keep=self.keep)
