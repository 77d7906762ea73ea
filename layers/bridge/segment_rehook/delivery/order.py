"""Order per user: who has dead letters waiting, as far as one request knows.

A user's mark names the delivery last stored for them. It is put before the message is sent, so
that nobody overtakes it, and cleared by whoever settles that delivery. A mark left over from a
crash delays the user's next event, which goes through the queue and clears it. Left open: an
invocation that reads the marks before another one puts its own may still deliver ahead of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segment_rehook.delivery.ports import LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segment_rehook.delivery.ports import Marks


@dataclass(slots=True)
class Waiting:
    """One request's view of the marks. `on`: whether order is kept at all.

    `ledger_down` is set once the table gave no answer: nobody needs to find that out again.
    """

    marks: Marks
    on: bool
    ledger_down: bool = False
    _known: dict[str, str] = field(default_factory=dict)

    def look(self, users: Sequence[str]) -> None:
        """Find out which of `users` wait."""
        if self.on and users and not self.ledger_down:
            try:
                self._known.update(self.marks.read(users))
            except LedgerUnavailable:
                self.ledger_down = True

    def __contains__(self, user: str) -> bool:
        return user in self._known

    def put(self, lasts: Mapping[str, str]) -> None:
        """Mark users (user → delivery id last stored), before anything of theirs is sent."""
        if self.on and lasts and not self.ledger_down:
            try:
                self.marks.put(lasts)
            except LedgerUnavailable:
                self.ledger_down = True

    def settled(self, user: str, delivery: str) -> None:
        """Clear the mark that names a delivery which turned out to be settled."""
        if self._known.get(user) == delivery:
            try:
                self.marks.clear(user, delivery)
            except LedgerUnavailable:
                self.ledger_down = True
