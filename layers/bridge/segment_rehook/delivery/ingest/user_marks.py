"""Order per user: who has dead letters waiting, as far as one request knows.

A user's mark is put before a message of theirs is sent, so that nobody overtakes it. Each storing
names the mark anew, the last message that it sends carries the name, and whoever settles that
message clears the mark if the name is still the same. (The name can't be the delivery's id: a
duplicate of an event that waits would take the mark over, and clear it ahead of what waits behind
the first copy.)

A mark left over from a crash delays the user's next event, which goes through the queue and clears
it. Left open: an invocation that reads the marks before another one puts its own may still deliver
ahead of it, and of two that store at the same time the first to be delivered may clear the mark.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segment_rehook.delivery.ports import LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segment_rehook.delivery.ports import Randomness, UserMarks


@dataclass(slots=True)
class WaitingUsers:
    """One request's view of the marks.

    `ordered`: whether order is kept at all. `time_left`: seconds until the answer is due.
    `ledger_down` is set once the table gave no answer: no claim is tried after that.
    """

    marks: UserMarks
    randomness: Randomness
    time_left: Callable[[], float]
    ordered: bool
    ledger_down: bool = False
    _known: set[str] = field(default_factory=set)
    _unmarkable: bool = False

    def look(self, users: Sequence[str]) -> None:
        """Find out which of `users` wait."""
        if self.ordered and users and not self.ledger_down:
            try:
                self._known.update(self.marks.read(users))
            except LedgerUnavailable:
                self.ledger_down = True

    def __contains__(self, user: str) -> bool:
        return user in self._known

    def mark(self, users: Sequence[str]) -> str:
        """Mark users before anything of theirs is sent; gives the mark's name ("": none was put).

        A table that failed a claim is tried once more while there is time: it may have failed that
        one write, and an event that waits without a mark can be overtaken.
        """
        if not (self.ordered and users) or self._unmarkable:
            return ""
        if self.ledger_down and self.time_left() <= 0:
            return ""
        name = self.randomness.nonce()
        try:
            self.marks.put(dict.fromkeys(users, name))
        except LedgerUnavailable:
            self.ledger_down = self._unmarkable = True
        return name
