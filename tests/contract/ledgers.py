"""Changes of a ledger, one at a time, for the tests of what a change does."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from segment_rehook.delivery.ledger.record import Record, State, Swap
from segment_rehook.delivery.ports import Change, Ledger, LedgerUnavailable

_bystanders = itertools.count(1)


def swap(ledger: Ledger, new: Record, was: Record | None) -> Swap:
    """Make one change. Raises LedgerUnavailable where it is not known whether it landed."""
    [answer] = ledger.swap([Change(new, was)])
    if isinstance(answer, LedgerUnavailable):
        raise answer
    return answer


class Sharing:
    """A ledger each of whose calls holds one change more, of a record of its own, in the middle."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def swap(self, changes: Sequence[Change]) -> list[Swap | LedgerUnavailable]:
        """Make the changes beside the other one, which is won."""
        name = f"bystander-{next(_bystanders)}:track"
        bystander = Record(
            id=name, state=State.CLAIMED, token=1, nonce=name, content="b", expires_at=9
        )
        head, *tail = self._ledger.swap([changes[0], Change(bystander, None), *changes[1:]])
        assert tail[0] == Swap(won=True)
        return [head, *tail[1:]]

    def take_queued(self, claim: Record) -> Record | None:
        """Claim what is queued: no call is shared for it."""
        return self._ledger.take_queued(claim)

    def settle_and_clear(self, change: Change, user: str, mark: str) -> bool:
        """Make the change and clear the mark: no other change shares the call."""
        return self._ledger.settle_and_clear(change, user, mark)
