"""Claiming deliveries and settling them: every write to the ledger that ingest and redrive make.

The order is always claim → call → message → ledger, so that whatever is killed in between is met by
somebody who can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.delivery.ledger.claim_rules import Verdict
from segment_rehook.delivery.ledger.record import Record, RecordWriter
from segment_rehook.delivery.ports import LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.delivery.ports import Clock, Ledger, Randomness, Telemetry

# Somebody else's write came first this often: leave the delivery to them.
MAX_CLAIM_TRIES = 4
MAX_SETTLE_TRIES = 2
# Seconds after which a write that failed is not tried again: a table that hangs would take the
# whole function's time, and then nobody hears that the delivery was made.
MAX_SETTLE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Claim:
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

    def claim(
        self,
        delivery: str,
        content: str,
        judge: Callable[[Record | None], Verdict],
        *,
        by_redrive: bool = False,
    ) -> Claim:
        """Claim a delivery if its record allows it, as `judge` says.

        Raises ClaimUnknown when the ledger gave no answer.
        """
        was: Record | None = None
        verdict = Verdict.TAKE
        for _ in range(MAX_CLAIM_TRIES):
            new = self._writer().claim(
                delivery,
                content,
                was,
                lease=self.lease,
                by_redrive=by_redrive,
                crashed=verdict is Verdict.TAKE_CRASHED,
            )
            try:
                swap = self.ledger.swap(new, was)
            except LedgerUnavailable as error:
                raise ClaimUnknown(verdict, new) from error
            if swap.won:
                return Claim(verdict, mine=new, found=was)
            was = swap.found
            verdict = judge(was)
            if verdict not in {Verdict.TAKE, Verdict.TAKE_CRASHED}:
                return Claim(verdict, found=was)
        return Claim(Verdict.CLAIMED, found=was)

    def settle_delivered(self, mine: Record, request_id: str | None) -> None:
        """Rehook has it, whatever the ledger says. `request_id`: Rehook's name for the call."""
        if not self._settle(self._writer().deliver(mine, request_id), mine):
            self.telemetry.count("Unrecorded")
            self.telemetry.warn("delivered, but not recorded", delivery=mine.id)

    def settle_queued(self, mine: Record) -> None:
        """A message for it is in the queue. If this is not recorded, the message still says it."""
        self._settle(self._writer().queue(mine), mine)

    def settle_parked(self, mine: Record, reason: str) -> None:
        """A message for it is in the parking lot."""
        self._settle(self._writer().park(mine, reason), mine)

    def release(self, mine: Record) -> None:
        """It is known to be undelivered, and it is stored nowhere."""
        self._settle(self._writer().release(mine), mine)

    def _settle(self, record: Record, mine: Record) -> bool:
        """Write it, and once more where the ledger gave no answer: it knows its own nonce."""
        until = self.clock.monotonic() + MAX_SETTLE_SECONDS
        for _ in range(MAX_SETTLE_TRIES):
            try:
                if self.ledger.swap(record, mine).won:
                    return True
                break  # overtaken: the lease ran out, or a message that names the claim came first
            except LedgerUnavailable:
                if self.clock.monotonic() > until:
                    break
        # The lease runs out, and whoever meets the record then finds out what happened.
        self.telemetry.count("Unsettled")
        return False

    def _writer(self) -> RecordWriter:
        return RecordWriter(now=self.clock.now(), nonce=self.randomness.nonce(), keep=self.keep)
