"""The end of waiting deliveries that an operator discards, in the ledger.

The ledger is written before the message is deleted, and never after. The record that is written is
that of a parked delivery, with the reason `discarded`. So nothing delivers it any more: a copy in
the queue is deleted as a duplicate, and Segment's next try is answered as a duplicate. An event
with the same id and other content replaces it, unless an earlier call may have been acted on.

It is one conditional write, from the record that was found to the record of a parked delivery.
There is no claim in between, because no call is made. If this process dies before the write, the
message is delivered as before. If it dies after the write, redrive finds the record and deletes the
message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from segment_rehook.delivery.ledger import claim_rules
from segment_rehook.delivery.ledger.claim_rules import Verdict
from segment_rehook.delivery.ledger.claims import MAX_CLAIM_TRIES, TAKES
from segment_rehook.delivery.ledger.record import Record, RecordWriter
from segment_rehook.delivery.ports import (
    Change,
    Clock,
    Ledger,
    LedgerUnavailable,
    Randomness,
    UserMarks,
)
from segment_rehook.delivery.queues.message import Header

__all__ = ["DISCARDED", "DiscardingLedger"]

DISCARDED: Final = "discarded"
"""The reason in the record of a delivery that was discarded."""


@dataclass(slots=True)
class DiscardingLedger:
    """Ends deliveries. `keep`: seconds for which the ledger keeps a record.

    `unavailable`: why the ledger gave no answer, the last time; None if it always did.
    `stale_marks`: how many marks could not be cleared. Each delays its user's next event a little.
    """

    ledger: Ledger
    marks: UserMarks
    clock: Clock
    randomness: Randomness
    keep: int
    unavailable: str | None = None
    stale_marks: int = 0

    def end(self, headers: Sequence[Header]) -> list[bool]:
        """End deliveries; say for each header whether its message may be deleted.

        It may not if a function holds the delivery at this moment, or the ledger gave no answer.
        """
        ended: list[bool] = []
        for part in _without_copies(headers):
            ended += self._end(part)
        return ended

    def clear_mark(self, header: Header) -> None:
        """Clear the mark that a message carries. Only if no earlier message of the user waits."""
        if not header.mark:
            return
        try:
            self.marks.clear(header.user, header.mark)
        except LedgerUnavailable:
            self.stale_marks += 1

    def _end(self, headers: Sequence[Header]) -> list[bool]:
        may_delete: dict[str, bool] = {}
        tries = [(each, self._change(each, None, Verdict.TAKE)) for each in headers]
        for _ in range(MAX_CLAIM_TRIES):
            swaps = self.ledger.swap([change for _, change in tries])
            again: list[tuple[Header, Change]] = []
            for (header, change), swap in zip(tries, swaps, strict=True):
                may_delete[header.delivery] = False
                if isinstance(swap, LedgerUnavailable):
                    self.unavailable = str(swap)
                    again.append((header, change))  # if it was made, it finds its own nonce
                elif swap.won:
                    may_delete[header.delivery] = True
                else:
                    verdict = claim_rules.redrive(swap.found, header, self.clock.now())
                    if verdict in TAKES:
                        again.append((header, self._change(header, swap.found, verdict)))
                    else:
                        may_delete[header.delivery] = verdict is not Verdict.CLAIMED
            if not again:
                break
            tries = again
        return [may_delete[each.delivery] for each in headers]

    def _change(self, header: Header, found: Record | None, verdict: Verdict) -> Change:
        writer = RecordWriter(now=self.clock.now(), nonce=self.randomness.nonce(), keep=self.keep)
        claim = writer.claim(
            header.delivery,
            header.content,
            found,
            lease=0.0,
            crashed=verdict is Verdict.TAKE_CRASHED,
        )
        return Change(writer.park(claim, DISCARDED), found)


def _without_copies(headers: Sequence[Header]) -> Iterator[list[Header]]:
    """Split where a delivery comes again: the changes of a call are of different records."""
    part: list[Header] = []
    for each in headers:
        if any(each.delivery == other.delivery for other in part):
            yield part
            part = []
        part.append(each)
    if part:
        yield part
