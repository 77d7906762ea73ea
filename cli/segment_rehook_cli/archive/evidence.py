"""What queues and log know of events that the ledger does not, or of which it knows half.

The ledger says that a delivery is parked, also after SQS has forgotten the message. It says nothing
of an event that a former mapping dropped, or that was delivered when it could not be written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Self

from segment_rehook.delivery.outcomes import Outcome
from segment_rehook_cli.archive.spool import Spool
from segment_rehook_cli.archive.standing import EventStanding
from segment_rehook_cli.failures.message import FailedMessage, QueueName
from segment_rehook_cli.failures.reading import Reading, start_reading
from segment_rehook_cli.failures.selection import Selection
from segment_rehook_cli.log.logged_outcome import LoggedOutcome, read_line
from segment_rehook_cli.log.stack_logs import OUTCOMES, LogsClient, log_events
from segment_rehook_cli.stack.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LogEvidence", "look_in_log", "look_in_queues"]

_OF_OUTCOME: Final[Mapping[str, EventStanding]] = {
    Outcome.DELIVERED: EventStanding.DELIVERED,
    Outcome.STORED: EventStanding.WAITING,
    Outcome.PARKED: EventStanding.PARKED,
    Outcome.DROPPED: EventStanding.DROPPED,
    Outcome.IGNORED: EventStanding.IGNORED,
}
_UNKNOWN: Final = (EventStanding.NEW, EventStanding.BEYOND_LEDGER)


@dataclass(slots=True)
class LogEvidence:
    """What the log tells. `lines`: how many outcomes were read. `found`: of how many events."""

    lines: int = 0
    found: int = 0
    standings: dict[EventStanding, int] = field(default_factory=dict)


def look_in_queues(stack: Stack, spool: Spool) -> Reading:
    """Read both queues, as `failures list` does, and correct the standings of what is found there.

    Where the parking lot was read to its end, an event that is parked by its record and not there
    is GONE. Raises KeyboardInterrupt. Ends the command if AWS lets nothing be read.
    """
    seen: set[int] = set()

    def visit(failed: FailedMessage, _now: float) -> None:
        number = None if failed.header is None else spool.number_of(failed.header.delivery)
        if number is None:
            return
        parked = failed.queue is QueueName.PARKED
        if parked:
            seen.add(number)
        if spool.standing(number) in {*_UNKNOWN, EventStanding.PARKED, EventStanding.WAITING}:
            spool.correct(number, EventStanding.PARKED if parked else EventStanding.WAITING)

    reading = start_reading(stack, Selection())
    reading.run(visit)
    if reading.interrupted:
        raise KeyboardInterrupt
    if reading.complete:
        for event in spool.with_standing(EventStanding.PARKED):
            if event.number not in seen:
                spool.correct(event.number, EventStanding.GONE)
    return reading


def look_in_log(
    client: LogsClient,
    groups: Sequence[str],
    spool: Spool,
    since: float,
    show: Callable[[int], None],
) -> LogEvidence:
    """Read the outcomes that were logged since then, and correct what nobody else knows.

    The last outcome of a delivery counts, and of an event's deliveries the one that stands worst.
    `show`: told how many lines were read. Raises what boto3 raises.
    """
    evidence = LogEvidence()
    with _Ids(spool) as unknown:
        for line in _lines(client, groups, since):
            evidence.lines += 1
            if evidence.lines % 1000 == 0:
                show(evidence.lines)
            unknown.tell(line)
        for number, standing in unknown.told():
            spool.correct(number, standing)
            evidence.found += 1
            evidence.standings[standing] = evidence.standings.get(standing, 0) + 1
    return evidence


def _lines(client: LogsClient, groups: Iterable[str], since: float) -> Iterator[LoggedOutcome]:
    for group in groups:
        for event in log_events(client, group, OUTCOMES, since):
            line = read_line(event["message"], event["timestamp"] / 1000)
            if line is not None:
                yield line


class _Ids:
    """Message ids of unknown events, on disk as the spool is, and their deliveries' outcomes."""

    def __init__(self, spool: Spool) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE ids (id TEXT, number INTEGER);"
            "CREATE TABLE told (number INTEGER, delivery TEXT, at REAL, standing TEXT,"
            " PRIMARY KEY (number, delivery));"
        )
        for standing in _UNKNOWN:
            self._database.executemany(
                "INSERT INTO ids VALUES (?, ?)",
                (
                    (event.message_id, event.number)
                    for event in spool.with_standing(standing)
                    if event.message_id is not None
                ),
            )
        self._database.execute("CREATE INDEX by_id ON ids (id)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def tell(self, line: LoggedOutcome) -> None:
        """Tell of an outcome that was logged."""
        standing = _standing_of(line)
        if standing is None or line.message_id is None:
            return
        self._database.execute(
            "INSERT INTO told SELECT number, ?, ?, ? FROM ids WHERE id = ?"
            " ON CONFLICT (number, delivery)"
            " DO UPDATE SET at = excluded.at, standing = excluded.standing"
            " WHERE excluded.at >= told.at",
            (line.delivery or "", line.at, standing.value, line.message_id),
        )

    def told(self) -> Iterator[tuple[int, EventStanding]]:
        """Give the numbers of the events that were told of, and where each stands."""
        rows = self._database.execute("SELECT number, standing FROM told ORDER BY number")
        for number, some in groupby(rows, key=itemgetter(0)):
            found = {EventStanding(standing) for _, standing in some}
            yield number, next(each for each in EventStanding if each in found)


def _standing_of(line: LoggedOutcome) -> EventStanding | None:
    """Say where a delivery stands after this line; None if the line does not tell."""
    if line.outcome == Outcome.DUPLICATE:
        return EventStanding.DELIVERED if line.reason == Outcome.DELIVERED else None
    return _OF_OUTCOME.get(line.outcome)
