"""How many messages there are, by queue, reason, code and subscription: what a list begins with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from segment_rehook_cli.terminal.output import Columns, Entry, show_rows

__all__ = ["FailureCounts"]

_BY: Final = ("queue", "reason", "code", "subscription")
_COLUMNS: Final[Columns] = {
    "queue": lambda row: str(row["queue"]),
    "reason": lambda row: str(row["reason"]),
    "code": lambda row: str(row["code"] or "–"),
    "subscription": lambda row: str(row["subscription"] or "–"),
    "messages": lambda row: str(row["messages"]),
}


class FailureCounts:
    """Counts of entries (`FailedMessage.summary`), largest first."""

    def __init__(self) -> None:
        self._messages: Counter[tuple[Any, ...]] = Counter()

    @property
    def total(self) -> int:
        """How many entries were added."""
        return self._messages.total()

    def add(self, entry: Entry) -> None:
        """Count one entry."""
        self._messages[tuple(entry[name] for name in _BY)] += 1

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each queue, reason, code and subscription that occur together."""
        found = self._messages.items()
        ordered = sorted(found, key=lambda row: (-row[1], [str(each) for each in row[0]]))
        return [{**dict(zip(_BY, key, strict=True)), "messages": count} for key, count in ordered]

    def line(self, unread: Mapping[str, int]) -> dict[str, Any]:
        """Return the first line of a list in JSON. `unread`: about how many were not read."""
        return {"counts": self.rows(), "messages": self.total, "unread": dict(unread)}

    def show(self) -> None:
        """Print the rows for a person or a pipe."""
        show_rows(self.rows(), _COLUMNS, as_json=False)
