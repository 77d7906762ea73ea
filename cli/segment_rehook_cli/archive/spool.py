"""What is known of an archive's events, on disk.

The file has no name: nobody else can open it, and it is gone when the process ends, however it
ends. So a command's memory does not grow with the archive. The disk of temporary files (TMPDIR)
must have room for the events that are to be sent.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from segment_rehook.delivery import ids
from segment_rehook_cli.archive.standing import EventStanding

__all__ = ["Spool", "SpooledEvent"]

_CACHE_KIB: Final = 32 * 1024
_SCHEMA: Final = """
CREATE TABLE events (number INTEGER PRIMARY KEY, message_id TEXT, at REAL NOT NULL, user TEXT,
                     standing TEXT NOT NULL, text BLOB);
CREATE TABLE deliveries (id TEXT PRIMARY KEY, content TEXT NOT NULL, number INTEGER NOT NULL)
                        WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class SpooledEvent:
    """An event. `number`: its place in the archive. `at`: its time. `text`: to be sent, or None.

    `user`: the hash of the user whose order it is part of. `message_id`: None if it has none.
    """

    number: int
    message_id: str | None
    at: float
    user: str | None
    standing: EventStanding
    text: bytes | None = None


class Spool:
    """The events of one run. An event with a text waits to be sent until `sent` is told of it."""

    def __init__(self) -> None:
        # An empty name makes SQLite use a file without a name, on disk and not in memory.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Remove the file."""
        self._database.close()

    def add(self, events: Iterable[SpooledEvent]) -> None:
        """Add events in the archive's order."""
        self._database.execute("BEGIN")
        self._database.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)",
            ((e.number, e.message_id, e.at, e.user, e.standing.value, e.text) for e in events),
        )
        self._database.execute("COMMIT")

    def first_with(self, delivery: str, content: str, number: int) -> bool | None:
        """Whether this is the archive's first event with this delivery, which is then recorded.

        None: an earlier one has the delivery's id, and is another event.
        """
        row = self._one("SELECT content FROM deliveries WHERE id = ?", delivery)
        if row is not None:
            return False if ids.same_event(str(row[0]), content) else None
        self._database.execute(
            "INSERT INTO deliveries VALUES (?, ?, ?)", (delivery, content, number)
        )
        return True

    def number_of(self, delivery: str) -> int | None:
        """Give the number of the first event that has this delivery; None if none has."""
        row = self._one("SELECT number FROM deliveries WHERE id = ?", delivery)
        return None if row is None else int(row[0])

    def standing(self, number: int) -> EventStanding:
        """Say where an event stands."""
        row = self._one("SELECT standing FROM events WHERE number = ?", number)
        return EventStanding(str(row[0])) if row else EventStanding.IGNORED

    def correct(self, number: int, standing: EventStanding) -> None:
        """Set where an event stands."""
        self._database.execute(
            "UPDATE events SET standing = ? WHERE number = ?", (standing.value, number)
        )

    def order(self) -> None:
        """Prepare the order of sending. To be called once, when all events are added."""
        self._database.execute("CREATE INDEX waiting ON events (at, number) WHERE text IS NOT NULL")

    def waiting(self, limit: int) -> list[SpooledEvent]:
        """Give the next events that wait to be sent: by time, then by their places."""
        return self._events("text IS NOT NULL ORDER BY at, number LIMIT ?", limit)

    def sent(self, numbers: Iterable[int]) -> None:
        """Forget the texts of events that were sent."""
        self._database.executemany(
            "UPDATE events SET text = NULL WHERE number = ?", ((number,) for number in numbers)
        )

    def number_waiting(self) -> int:
        """Count the events that wait to be sent."""
        row = self._one("SELECT count(*) FROM events WHERE text IS NOT NULL")
        return int(row[0]) if row else 0

    def counts(self) -> dict[EventStanding, int]:
        """Count the events by where they stand."""
        rows = self._database.execute("SELECT standing, count(*) FROM events GROUP BY standing")
        return {EventStanding(standing): number for standing, number in rows}

    def with_standing(self, standing: EventStanding) -> Iterator[SpooledEvent]:
        """Give the events that stand there, in the archive's order."""
        number = 0
        while found := self._events(
            "standing = ? AND number > ? ORDER BY number LIMIT 1000", standing.value, number
        ):
            yield from found
            number = found[-1].number

    def _events(self, condition: str, *values: str | int) -> list[SpooledEvent]:
        # The condition is one of the constants above; values go apart.
        asked = f"SELECT number, message_id, at, user, standing, text FROM events WHERE {condition}"  # noqa: S608 — see above
        with closing(self._database.execute(asked, values)) as rows:
            return [
                SpooledEvent(n, i, at, user, EventStanding(s), text)
                for n, i, at, user, s, text in rows
            ]

    def _one(self, asked: str, *values: str | int) -> tuple[str | int, ...] | None:
        with closing(self._database.execute(asked, values)) as rows:
            found: tuple[str | int, ...] | None = rows.fetchone()
            return found
