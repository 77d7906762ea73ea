"""What the console has seen of a sandbox: requests, outcomes, and the rows made of both.

Both watchers of the sandbox come here, from many threads. What is kept is limited; the oldest goes
first.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict, defaultdict, deque
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from segment_rehook_cli.log.logged_outcome import LoggedOutcome, read_line
from segment_rehook_cli.log.stack_logs import Found
from tools.console.kept_exchanges import KeptExchanges, events_of, facts_of
from tools.console.rows import EventFacts, EventRow, RowFilter, updated

if TYPE_CHECKING:
    from segment_rehook.segment.event import Event
    from segment_rehook_cli.log.time_window import TimeWindow
    from tools.sandbox.http_api import Exchange
    from tools.sandbox.logs import LogLine

__all__ = ["Changes", "Recording"]

MAX_ROWS: Final = 20_000
MAX_LINES: Final = 60_000

_REDRIVE: Final = "redrive"
_DUPLICATE: Final = "duplicate"
_DELIVERED: Final = "delivered"


class Changes(NamedTuple):
    """What changed: the rows as they are now, oldest first.

    ``sequence``: to ask for what comes next. ``lost``: there were changes that are kept no longer.
    """

    sequence: int
    rows: list[EventRow]
    lost: bool


class Recording:
    """Everything that is kept. Safe to call from many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._closed = False
        self._rows: OrderedDict[int, EventRow] = OrderedDict()
        self._count = 0
        self._row_of: dict[str, int] = {}
        self._changes: deque[tuple[int, int]] = deque(maxlen=MAX_ROWS)
        self._sequence = 0
        self._lines: deque[LoggedOutcome] = deque(maxlen=MAX_LINES)
        self._exchanges = KeptExchanges()
        self._facts: OrderedDict[tuple[str | None, str | None], EventFacts] = OrderedDict()
        self._delivered: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._with_rows: OrderedDict[str | None, None] = OrderedDict()

    def exchange(self, exchange: Exchange) -> None:
        """Take a request as it comes, and again when it is answered (``HttpApi``)."""
        facts = facts_of(exchange.request.body) if exchange.response is None else {}
        with self._changed:
            self._exchanges.put(exchange)
            for message_id, each in facts.items():
                self._facts[exchange.id, message_id] = each
            while len(self._facts) > MAX_ROWS:
                self._facts.popitem(last=False)
            if exchange.response is not None:
                self._add_refused(exchange)

    def line(self, line: LogLine) -> None:
        """Take a line of a function's log."""
        outcome = read_line(line.text, line.at)
        if outcome is None:
            return
        with self._changed:
            self._lines.append(outcome)
            known = self._row_of.get(outcome.delivery or "")
            row = None if known is None else self._rows.get(known)
            if outcome.service == _REDRIVE and row is not None:
                self._put(updated(row, outcome))
                return
            self._add(outcome)

    def row(self, number: int) -> EventRow | None:
        """Give a row by its number; None if there is none, or none any more."""
        with self._changed:
            return self._rows.get(number)

    def number_of(self, delivery: str) -> int | None:
        """Give the number of a delivery's row; None if it is kept no longer."""
        with self._changed:
            return self._row_of.get(delivery)

    def rows(
        self, wanted: RowFilter, *, before: int | None = None, most: int = 100
    ) -> list[EventRow]:
        """Give the newest rows that pass the filter, newest first; those before a number."""
        found: list[EventRow] = []
        with self._changed:
            for number in reversed(self._rows):
                if len(found) == most:
                    break
                if (before is None or number < before) and wanted.takes(self._rows[number]):
                    found.append(self._rows[number])
        return found

    def delivered(self, action: str) -> Counter[str]:
        """Count the deliveries of an action by user, also those whose rows are kept no longer."""
        with self._changed:
            return self._delivered[action].copy()

    @property
    def sequence(self) -> int:
        """The number of the last change."""
        with self._changed:
            return self._sequence

    @property
    def closed(self) -> bool:
        """Whether the sandbox has ended."""
        with self._changed:
            return self._closed

    def changes(self, since: int, timeout: float) -> Changes:
        """Wait for changes after the ``since``-th; there may be none after ``timeout`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._sequence > since, timeout)
            numbers = set()
            for sequence, number in reversed(self._changes):
                if sequence <= since:
                    break
                numbers.add(number)
            rows = [self._rows[each] for each in sorted(numbers) if each in self._rows]
            full = len(self._changes) == self._changes.maxlen
            return Changes(self._sequence, rows, lost=full and since + 1 < self._changes[0][0])

    def find_exchange(self, request_id: str | None) -> Exchange | None:
        """Give a request by API Gateway's id, if it is still kept."""
        with self._changed:
            return None if request_id is None else self._exchanges.get(request_id)

    def events(self, most: int) -> list[Event]:
        """Give the newest events that came, newest first."""
        with self._changed:
            bodies = self._exchanges.bodies()
        found: list[Event] = []
        for body in bodies:
            found += reversed(events_of(body))
            if len(found) >= most:
                break
        return found[:most]

    def find(self, condition: str, asked: TimeWindow) -> Found:  # noqa: ARG002 — `OutcomeLines`
        """Give all lines that are kept: the caller chooses those that it is about."""
        with self._changed:
            return Found([*self._lines], cut=False, read_bytes=0.0)

    def touch(self) -> None:
        """Wake those that wait for changes: something else than a row has changed."""
        with self._changed:
            self._sequence += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Let all that wait for changes end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _add(self, line: LoggedOutcome) -> None:
        self._count += 1
        self._with_rows[line.request_id] = None
        while len(self._with_rows) > MAX_ROWS:
            self._with_rows.popitem(last=False)
        if line.delivery is not None and line.outcome != _DUPLICATE:
            self._row_of[line.delivery] = self._count
        facts = self._facts.get((line.request_id, line.message_id))
        self._put(
            EventRow(
                number=self._count,
                at=line.at,
                outcome=line.outcome,
                facts=facts or EventFacts(),
                message_id=line.message_id,
                subscription=line.subscription,
                action=line.action,
                reason=line.reason,
                milliseconds=line.milliseconds,
                tries=line.tries,
                delivery=line.delivery,
                request_id=line.request_id,
            )
        )

    def _add_refused(self, exchange: Exchange) -> None:
        """Add a row for a request that was answered with an error and has no outcomes."""
        response = exchange.response
        if response is None or response.status < HTTPStatus.BAD_REQUEST:
            return
        if exchange.id in self._with_rows:
            return
        self._count += 1
        refused = response.status < HTTPStatus.INTERNAL_SERVER_ERROR
        message_id, facts = next(
            iter(facts_of(exchange.request.body).items()), (None, EventFacts())
        )
        self._put(
            EventRow(
                number=self._count,
                at=exchange.at,
                outcome="refused" if refused else "failed",
                facts=facts,
                message_id=message_id,
                reason=f"HTTP {response.status}",
                milliseconds=exchange.seconds * 1000,
                request_id=exchange.id,
            )
        )

    def _put(self, row: EventRow) -> None:
        before = self._rows.get(row.number)
        was_delivered = before is not None and before.outcome == _DELIVERED
        if row.outcome == _DELIVERED and not was_delivered and row.facts.user is not None:
            self._delivered[row.action or ""][row.facts.user] += 1
        self._rows[row.number] = row
        while len(self._rows) > MAX_ROWS:
            number, oldest = self._rows.popitem(last=False)
            if oldest.delivery is not None and self._row_of.get(oldest.delivery) == number:
                del self._row_of[oldest.delivery]
        self._sequence += 1
        self._changes.append((self._sequence, row.number))
        self._changed.notify_all()
