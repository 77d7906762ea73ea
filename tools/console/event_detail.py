"""All that is known of one row: what the page of an event shows.

The history is made by the code of ``segment-rehook why``, from the recording, the ledger and the
queues; the explanation by the code of ``preview --explain``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from segment_rehook.aws.system import SystemClock
from segment_rehook.segment.access import AccessNotConfigured, AccessRules
from segment_rehook.segment.refusal import Refusal
from segment_rehook_cli.log.time_window import DAY, TimeWindow
from segment_rehook_cli.mapping.explain import Explanation, explain
from segment_rehook_cli.why.delivery_facts import Keeping
from segment_rehook_cli.why.investigation import Investigation
from segment_rehook_cli.why.ledger_records import LedgerRecords
from segment_rehook_cli.why.question import about_event, about_message_id
from tools.console.kept_exchanges import events_of
from tools.console.queue_contents import queue_search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segment_rehook.segment.event import Event
    from segment_rehook_cli.why.history import History, HistoryStep
    from segment_rehook_cli.why.question import Question
    from tools.console.rows import EventRow
    from tools.console.subject import ConsoleSubject
    from tools.sandbox.http_api import Exchange
    from tools.sandbox.rehook import ReceivedCall

__all__ = ["EventDetail", "detail_of"]

MAX_CALLS: Final = 20
MAX_LOGGED_LATE_SECONDS: Final = 0.2
"""How long after a call its line is read from the function's output, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDetail:
    """What is shown. ``exchange``: None if the request is kept no longer.

    ``verdict``: what the signature's check says of the request. ``history``: None for a request
    that was refused. ``calls``: the calls to the fake Rehook that were made for it.
    """

    row: EventRow
    exchange: Exchange | None
    verdict: str
    event: Event | None
    history: History | None
    explanations: Sequence[Explanation]
    calls: Sequence[ReceivedCall]


def detail_of(subject: ConsoleSubject, row: EventRow) -> EventDetail:
    """Find out what is known of a row. Raises what AWS's calls raise."""
    exchange = subject.recording.find_exchange(row.request_id)
    event = None if exchange is None else _event_of(exchange, row)
    history = _history(subject, row, event)
    explanations = [] if event is None else explain(subject.destination(), event)
    return EventDetail(
        row=row,
        exchange=exchange,
        verdict="" if exchange is None else _verdict(subject, exchange),
        event=event,
        history=history,
        explanations=explanations,
        calls=_calls(subject, history, event),
    )


def _event_of(exchange: Exchange, row: EventRow) -> Event | None:
    found = events_of(exchange.request.body)
    same = [each for each in found if each.message_id == row.message_id]
    return same[-1] if same else None


def _history(subject: ConsoleSubject, row: EventRow, event: Event | None) -> History | None:
    if row.outcome == "refused":
        return None
    question = _question(row, event)
    if question is None:
        return None
    now = time.time()
    keeping = Keeping.of(subject.stack.parameters)
    investigation = Investigation(
        question=question,
        window=TimeWindow(now - keeping.log_days * DAY, now),
        now=now,
        keeping=keeping,
        ledger=LedgerRecords(subject.ledger, subject.stack.output("LedgerTable"), SystemClock()),
        subscriptions=lambda: [each.id for each in subject.destination().subscriptions],
        looked=queue_search(subject, question),
    )
    return investigation.history(subject.recording)[0]


def _question(row: EventRow, event: Event | None) -> Question | None:
    try:
        if event is not None:
            return about_event(event)
        return None if row.message_id is None else about_message_id(row.message_id)
    except ValueError:
        return None


def _verdict(subject: ConsoleSubject, exchange: Exchange) -> str:
    rules = AccessRules.from_lines([subject.box.shared_secret], [])
    headers = {name.lower(): value for name, value in exchange.request.headers}
    try:
        matched = rules.check(headers, exchange.request.body)
    except Refusal as refused:
        return str(refused).removesuffix(".")
    except AccessNotConfigured as error:
        return str(error)
    return f"valid under {', '.join(matched)}, the shared secret with which the sandbox started"


def _calls(
    subject: ConsoleSubject, history: History | None, event: Event | None
) -> list[ReceivedCall]:
    """Choose the calls of these deliveries: by Rehook's request id, else by user and time."""
    if history is None or not hasattr(subject.box, "rehook"):
        return []
    user = None if event is None else event.member("userId")
    calls = subject.box.rehook.calls()
    tried = [each for each in history.steps if each.milliseconds is not None]
    found = {call.number: call for step in tried if (call := _call_of(step, calls, user))}
    return [found[number] for number in sorted(found)][-MAX_CALLS:]


def _call_of(step: HistoryStep, calls: Sequence[ReceivedCall], user: object) -> ReceivedCall | None:
    """Choose the call of one try. Without an id, of those of the user, the nearest to its begin."""
    if step.rehook_request_id is not None:
        return next((each for each in calls if step.rehook_request_id in each.answer), None)
    ended = datetime.fromisoformat(step.at).timestamp()
    began = ended - (step.milliseconds or 0.0) / 1000
    near = [
        each
        for each in calls
        if each.source_id == user and began - MAX_LOGGED_LATE_SECONDS <= each.at <= ended
    ]
    return min(near, key=lambda each: abs(each.at - began), default=None)
