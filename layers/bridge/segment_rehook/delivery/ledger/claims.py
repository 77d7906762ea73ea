"""Claims and settles deliveries: every write to the ledger that ingest and redrive make.

The order is always claim, call, message, settlement. If the function dies between two of them, its
record or its message shows the next claimant how far it came. Deliveries of one request share calls
of the ledger. Each is claimed or settled by a conditional write of its own, which wins or loses
independently of the others.
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

# If another invocation's write comes first so many times, the delivery is left to it.
MAX_CLAIM_TRIES = 4
MAX_SETTLE_TRIES = 2
# A settlement that has failed is not tried again after so many seconds: with a table that does not
# respond, the function would run out of time before it can answer.
MAX_SETTLE_SECONDS = 1.0

TAKES = frozenset({Verdict.TAKE, Verdict.TAKE_CRASHED})


class Wanted(msgspec.Struct, frozen=True):
    """A delivery to be claimed.

    `delivery`: its id. `content`: the event's fingerprint. `judge`: gives the verdict on the record
    that is found. `by_redrive`: whether redrive claims it, and so holds its message. `released_as`:
    the reason for which the delivery is released by the same write; None if it is claimed.
    """

    delivery: str
    content: str
    judge: Callable[[Record | None], Verdict]
    by_redrive: bool = False
    released_as: str | None = None


class Claim(msgspec.Struct, frozen=True):
    """The answer to a claim.

    `verdict`: on the record that was found. `mine`: the claim, None if it was not taken. `found`:
    the record that was found last, None if there was none.
    """

    verdict: Verdict
    mine: Record | None = None
    found: Record | None = None


class ClaimUnknown(Exception):
    """The ledger gave no answer to a claim. The claim may be written, with this nonce and token.

    Both are empty if the claim takes over from a claimant that died. A message that names a claim
    says that no call was made, and the dead claimant may have made one.
    """

    def __init__(self, verdict: Verdict, claim: Record) -> None:
        super().__init__("the ledger gave no answer to a claim")
        crashed = verdict is Verdict.TAKE_CRASHED
        self.nonce = "" if crashed else claim.nonce
        self.token = 0 if crashed else claim.token


class Settlement(msgspec.Struct, frozen=True):
    """The end of the claim `mine`: `record` replaces it."""

    record: Record
    mine: Record


class _Try(msgspec.Struct, frozen=True):
    """A claim that is being tried: `new` replaces `was`, as `verdict` allows."""

    wanted: Wanted
    verdict: Verdict
    was: Record | None
    new: Record


@dataclass(slots=True)
class Claims:
    """Claims and settles for one environment. Thread-safe if its ports are.

    `lease`: seconds for which nobody else may take over a claim. `keep`: seconds for which the
    ledger keeps a record.
    """

    ledger: Ledger
    clock: Clock
    randomness: Randomness
    telemetry: Telemetry
    lease: float
    keep: int

    def claim(self, wanted: Wanted) -> Claim:
        """Claim one delivery. Raises ClaimUnknown if the ledger gave no answer."""
        return self._claim(self._try(wanted))

    def claim_all(self, wanted: Sequence[Wanted]) -> list[Claim | ClaimUnknown]:
        """Claim different deliveries in shared calls of the ledger; answers in the same order."""
        return self._claim_all([self._try(each) for each in wanted])

    def claim_queued(self, wanted: Wanted) -> Claim:
        """Claim one delivery for redrive, by one write if its record is queued.

        `claim` needs two writes for this: the first one is refused, and brings the record along.
        Raises ClaimUnknown if the ledger gave no answer.
        """
        first = self._try(wanted)
        try:
            there = self.ledger.take_queued(first.new)
        except LedgerUnavailable as error:
            raise ClaimUnknown(first.verdict, first.new) from error
        if there is not None and there.nonce == first.new.nonce:
            return Claim(first.verdict, mine=there)
        verdict = wanted.judge(there)
        if verdict not in TAKES:
            return Claim(verdict, found=there)
        return self._claim(self._try(wanted, verdict, there))

    def _claim(self, first: _Try) -> Claim:
        [claim] = self._claim_all([first])
        if isinstance(claim, ClaimUnknown):
            raise claim
        return claim

    def _claim_all(self, first: Sequence[_Try]) -> list[Claim | ClaimUnknown]:
        claims: dict[str, Claim | ClaimUnknown] = {}
        tries = first
        for _ in range(MAX_CLAIM_TRIES):
            swaps = self.ledger.swap([Change(each.new, each.was) for each in tries])
            again = []
            for each, swap in zip(tries, swaps, strict=True):
                asked = each.wanted
                if isinstance(swap, LedgerUnavailable):
                    claims[asked.delivery] = ClaimUnknown(each.verdict, each.new)
                elif swap.won:
                    claims[asked.delivery] = Claim(each.verdict, mine=each.new, found=each.was)
                elif (verdict := asked.judge(swap.found)) in TAKES:
                    claims[asked.delivery] = Claim(Verdict.CLAIMED, found=swap.found)
                    again.append(self._try(asked, verdict, swap.found))
                else:
                    claims[asked.delivery] = Claim(verdict, found=swap.found)
            if not again:
                break
            tries = again
        return [claims[each.wanted.delivery] for each in first]

    def delivered(self, mine: Record, request_id: str | None) -> Settlement:
        """Give the settlement for: delivered. `request_id`: Rehook's id of the call."""
        return Settlement(self._writer().deliver(mine, request_id), mine)

    def queued(self, mine: Record) -> Settlement:
        """Give the settlement for: not delivered, and a message is in the dead-letter queue."""
        return Settlement(self._writer().queue(mine), mine)

    def parked(self, mine: Record, reason: str) -> Settlement:
        """Give the settlement for: given up, and a message is in the parking lot."""
        return Settlement(self._writer().park(mine, reason), mine)

    def released(self, mine: Record) -> Settlement:
        """Give the settlement for: known to be undelivered, and stored nowhere."""
        return Settlement(self._writer().release(mine), mine)

    def settle(self, *settlements: Settlement) -> None:
        """Settle different claims, in shared calls of the ledger.

        A settlement without an answer is written once more; if the first write was made, the ledger
        recognises its nonce. A claim that stays unsettled is counted. When its lease has run out,
        it counts as a dead claimant's, unless a message names it.
        """
        until = self.clock.monotonic() + MAX_SETTLE_SECONDS
        waiting = list(settlements)
        overtaken: list[Settlement] = []
        for _ in range(MAX_SETTLE_TRIES):
            swaps = self.ledger.swap([Change(each.record, each.mine) for each in waiting])
            answered = list(zip(waiting, swaps, strict=True))
            waiting = [each for each, swap in answered if isinstance(swap, LedgerUnavailable)]
            # These claims were taken over, because the lease ran out or a message names the claim.
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

    def settle_and_clear(self, settlement: Settlement, user: str, mark: str) -> bool:
        """Settle a claim and clear the user's mark, in one call of the ledger; alone if it fails.

        Gives whether the mark is known to be cleared.
        """
        change = Change(settlement.record, settlement.mine)
        if self.ledger.settle_and_clear(change, user, mark):
            return True
        self.settle(settlement)
        return False

    def _try(
        self, wanted: Wanted, verdict: Verdict = Verdict.TAKE, was: Record | None = None
    ) -> _Try:
        writer = self._writer()
        new = writer.claim(
            wanted.delivery,
            wanted.content,
            was,
            lease=self.lease,
            by_redrive=wanted.by_redrive,
            crashed=verdict is Verdict.TAKE_CRASHED,
        )
        if wanted.released_as is not None:
            new = writer.release(new, wanted.released_as)
        return _Try(wanted, verdict, was, new)

    def _writer(self) -> RecordWriter:
        return RecordWriter(now=self.clock.now(), nonce=self.randomness.nonce(), keep=self.keep)
