"""The one stream of server-sent events that each open page has.

Its events:

    rows     {"html": rows of the table, newest first, "more": how many were left out}
    changed  {"rows": numbers of the rows that changed, "sequence": where to go on from}
    switched the strip that says what is broken now
    lost     changes came faster than they are kept: the page is to be loaded again
    ended    the sandbox ends
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tools.console.recording import Recording
    from tools.console.rows import EventRow, RowFilter

__all__ = ["stream"]

MAX_ROWS_AT_ONCE: Final = 100
PAUSE_SECONDS: Final = 0.25
"""Between two events, so that a burst of outcomes comes in few of them."""

HEARTBEAT_SECONDS: Final = 10.0
"""A line at least this often: a tab that was closed is noticed by writing to it."""


def stream(
    recording: Recording,
    wanted: RowFilter,
    *,
    since: int,
    shown_rows: Callable[[Sequence[EventRow]], str],
    shown_switches: Callable[[], str],
) -> Iterator[bytes]:
    """Give the events from a change on, until the sandbox ends or the reader closes.

    ``shown_rows`` and ``shown_switches`` make the markup.
    """
    yield b"retry: 1000\n\n"
    strip = ""
    while not recording.closed:
        current = shown_switches()
        if current != strip:
            strip = current
            yield _event("switched", {"html": strip})
        changes = recording.changes(since, HEARTBEAT_SECONDS)
        if changes.sequence == since:
            yield b": nothing new\n\n"
            continue
        since = changes.sequence
        if changes.lost:
            yield _event("lost", {})
            continue
        rows = [each for each in reversed(changes.rows) if wanted.takes(each)]
        if rows:
            shown = rows[:MAX_ROWS_AT_ONCE]
            yield _event("rows", {"html": shown_rows(shown), "more": len(rows) - len(shown)})
        numbers = [each.number for each in changes.rows[-1000:]]
        yield _event("changed", {"rows": numbers, "sequence": since})
        time.sleep(PAUSE_SECONDS)
    yield _event("ended", {})


def _event(name: str, data: dict[str, Any]) -> bytes:
    # JSON in ASCII on one line: no text of an event can end the line, or is no UTF-8.
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
