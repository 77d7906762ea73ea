"""Order per user: the marks of users who have dead letters waiting.

A user's mark is put before a message of the user is sent, so that no later event overtakes the
message. Each time that messages of a user are stored, the mark gets a new name. The last of these
messages carries the name. When redrive has settled that message, it clears the mark if the mark
still has this name. The name is not the delivery's id: if it were, a duplicate of an event that
waits would name the mark after itself again, and the first copy would clear the mark while messages
behind it still wait.

If the function dies after it has put a mark and before it has sent the message, the mark delays the
user's next event: that event goes through the queue and clears the mark. Two gaps remain. An
invocation that reads the marks before another one puts a mark may deliver an event ahead of the
stored one. If two invocations store events of one user at the same time, the message that is
delivered first may clear the mark while the other one waits.
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

    `ordered`: whether order is kept at all. `time_left`: gives the seconds until the answer is due.
    `ledger_down`: the table has failed a call, so the request claims nothing further.
    """

    marks: UserMarks
    randomness: Randomness
    time_left: Callable[[], float]
    ordered: bool
    ledger_down: bool = False
    _known: set[str] = field(default_factory=set)
    _unmarkable: bool = False

    def look(self, users: Sequence[str]) -> None:
        """Read which of `users` (hashes) have a mark. If the table fails, set `ledger_down`."""
        if self.ordered and users and not self.ledger_down:
            try:
                self._known.update(self.marks.read(users))
            except LedgerUnavailable:
                self.ledger_down = True

    def __contains__(self, user: str) -> bool:
        return user in self._known

    def mark(self, users: Sequence[str]) -> str:
        """Mark users before their messages are sent. Give the mark's name, "" if none was put.

        After the table has failed a claim, a mark is still tried while there is time: the table may
        have failed only that write, and an event that waits without a mark can be overtaken. If the
        table fails the mark, no further mark is tried.
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
