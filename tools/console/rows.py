"""The rows of the page Events: one for each delivery, and for each event that has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import msgspec
from msgspec.structs import fields, replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook_cli.log.logged_outcome import LoggedOutcome

__all__ = ["EventFacts", "EventRow", "RowFilter", "updated"]

MAX_TEXT: Final = 200
"""The most characters of an event's text that a row keeps."""


class EventFacts(msgspec.Struct, frozen=True):
    """What a row shows of an event, cut to MAX_TEXT characters; None where it is no text."""

    type: str | None = None
    name: str | None = None
    user: str | None = None


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row. ``number``: the order of arrival. ``at``: in seconds since the epoch.

    ``request_id``: API Gateway's. ``milliseconds``: of the last call to Rehook; of a request that
    was refused, until its answer. ``tries``: how often the delivery was tried.
    """

    number: int
    at: float
    outcome: str
    facts: EventFacts = EventFacts()
    message_id: str | None = None
    subscription: str | None = None
    action: str | None = None
    reason: str | None = None
    milliseconds: float | None = None
    tries: int | None = None
    delivery: str | None = None
    request_id: str | None = None


def updated(row: EventRow, line: LoggedOutcome) -> EventRow:
    """Give the row of a delivery after a later try of it."""
    return replace(
        row,
        outcome=line.outcome,
        reason=line.reason,
        milliseconds=line.milliseconds,
        tries=1 + (row.tries or 1),
    )


class RowFilter(msgspec.Struct, frozen=True):
    """Which rows are shown; an empty text is no filter.

    ``outcome`` and ``type`` are compared whole. Of the others, a part is enough, in any case.
    """

    outcome: str = ""
    type: str = ""
    event: str = ""
    user: str = ""
    id: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> RowFilter:
        """Read the query of a page's address."""
        names = (each.name for each in fields(cls))
        return cls(**{name: query.get(name, "").strip()[:MAX_TEXT] for name in names})

    def query(self) -> str:
        """Give the filters that are set as the query of an address."""
        pairs = {each.name: getattr(self, each.name) for each in fields(self)}
        return urlencode({name: value for name, value in pairs.items() if value}, errors="replace")

    def takes(self, row: EventRow) -> bool:
        """Whether a row passes all filters."""
        return (
            self.outcome in {"", row.outcome}
            and self.type in {"", row.facts.type}
            and _has(row.facts.name, self.event)
            and _has(row.facts.user, self.user)
            and _has(row.message_id, self.id)
        )


def _has(text: str | None, part: str) -> bool:
    return not part or (text is not None and part.casefold() in text.casefold())
