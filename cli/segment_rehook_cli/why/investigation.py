"""Finds what log, ledger and queues know about a question, and makes the history of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from segment_rehook.delivery import ids
from segment_rehook.delivery.ledger.record import Record
from segment_rehook_cli.failures.message import QueueName
from segment_rehook_cli.log.logged_outcome import LoggedOutcome
from segment_rehook_cli.log.stack_logs import Found, OutcomeLines
from segment_rehook_cli.log.time_window import TimeWindow, iso_time
from segment_rehook_cli.stack.keeping import Keeping
from segment_rehook_cli.terminal.durations import DAY
from segment_rehook_cli.why.conclusion import conclude, conclude_event
from segment_rehook_cli.why.delivery_facts import DeliveryFacts
from segment_rehook_cli.why.history import (
    Conclusion,
    History,
    HistoryStep,
    StepSource,
    in_time_order,
    step_of,
)
from segment_rehook_cli.why.ledger_records import LedgerRecords
from segment_rehook_cli.why.question import Question, QuestionKind
from segment_rehook_cli.why.queue_search import QueueSearch, SeenMessage
from segment_rehook_cli.why.reason_text import reason_text
from segment_rehook_cli.why.sentence import sentence, user_sentence

__all__ = ["Investigation"]

_CUT: Final = (
    "the log has more lines than one answer holds, and the oldest are missing: give --until"
)


_NAMES: Final = {QueueName.PARKED: "parking lot", QueueName.WAITING: "dead-letter queue"}


@dataclass(slots=True, kw_only=True)
class Investigation:
    """One investigation of one question.

    `subscriptions`: gives the ids of the deployed subscriptions, or None if they can't be read.
    `last`: of so many of a user's deliveries, the latest, it tells. `looked`: what the queues have.
    `user`: the user's hash in the ledger (`ids.user_hash`). `now`: in seconds of Unix time.
    """

    question: Question
    window: TimeWindow
    now: float
    keeping: Keeping
    ledger: LedgerRecords
    subscriptions: Callable[[], Sequence[str] | None]
    user: str | None = None
    last: int = 20
    looked: QueueSearch = field(default_factory=QueueSearch)
    notes: list[str] = field(default_factory=list)

    def history(self, logs: OutcomeLines) -> tuple[History, Found]:
        """Ask, conclude and tell. Give what the query has found too. Raises what `logs` raises."""
        self.notes += self.looked.notes
        found = logs.find(self.question.condition, self.window)
        lines = [each for each in found.lines if self.question.matches(each)]
        if found.cut:
            self.notes.append(_CUT)
        deliveries, ledger_asked = self._deliveries(lines)
        records = self.ledger.records(deliveries)
        steps = [step_of(each) for each in lines]
        steps += [self._ledger_step(each) for each in records.values()]
        steps += [_queue_step(each) for each in self.looked.messages]
        conclusions = self._conclusions(lines, deliveries, records)
        return (
            History(
                kind=self.question.kind,
                asked=self.question.asked,
                since=iso_time(self._since),
                until=iso_time(self.window.until),
                steps=self._told(in_time_order(steps), conclusions),
                deliveries=conclusions,
                sentence=self._sentence(conclusions, lines, ledger_asked=ledger_asked),
                complete=not self.notes,
                notes=self.notes,
            ),
            found,
        )

    @property
    def _since(self) -> float:
        """From when on the log has been read: it keeps nothing that is older."""
        return max(self.window.since, self.now - self.keeping.log_days * DAY)

    def _deliveries(self, lines: Sequence[LoggedOutcome]) -> tuple[list[str], bool]:
        """Give the deliveries that the question is about, and whether these are all.

        If neither log nor queues name one, the deployed subscriptions do: the ledger keeps a
        delivery for longer than the log.
        """
        named = [each.delivery for each in lines if each.delivery is not None]
        named += [each.header.delivery for each in self.looked.messages]
        if named or self.question.kind is QuestionKind.USER:
            distinct = list(dict.fromkeys(named))
            return distinct[-self.last :] if self.user else distinct, True
        if lines:  # the event has none: it is ignored, or dropped as a whole
            return [], True
        subscriptions = self.subscriptions()
        if subscriptions is None:
            self.notes.append(
                "the ledger was not asked: which subscriptions there are is not known"
            )
            return [], False
        return self.question.deliveries(subscriptions), True

    def _conclusions(
        self,
        lines: Sequence[LoggedOutcome],
        deliveries: Sequence[str],
        records: dict[str, Record],
    ) -> list[Conclusion]:
        concluded = []
        for delivery in deliveries:
            facts = DeliveryFacts(
                delivery=delivery,
                subscription=ids.subscription_of(delivery),
                lines=[each for each in lines if each.delivery == delivery],
                record=records.get(delivery),
                sightings=[
                    each.sighting
                    for each in self.looked.messages
                    if each.header.delivery == delivery
                ],
                looked=self.looked.whole,
            )
            concluded.append(conclude(facts, self.now, self.keeping))
        concluded += [conclude_event(each) for each in _without_delivery(lines)]
        return [each for each in concluded if each is not None]

    def _told(
        self, steps: list[HistoryStep], conclusions: Sequence[Conclusion]
    ) -> list[HistoryStep]:
        """Leave out the steps of deliveries of a user that are not told."""
        if self.user is None:
            return steps
        told = {each.delivery for each in conclusions} | {None}
        return [each for each in steps if each.delivery in told]

    def _sentence(
        self,
        conclusions: Sequence[Conclusion],
        lines: Sequence[LoggedOutcome],
        *,
        ledger_asked: bool,
    ) -> str:
        if self.user is None:
            return sentence(
                self.question,
                conclusions,
                since=self._since,
                keeping=self.keeping,
                ledger_asked=ledger_asked,
            )
        last = conclusions[-1].delivery if conclusions else None
        return user_sentence(
            conclusions,
            _event_of(last, lines),
            since=self._since,
            keeping=self.keeping,
            marked=self.ledger.is_marked(self.user),
        )

    def _ledger_step(self, record: Record) -> HistoryStep:
        doubt = ", an earlier call may have been acted on" if record.doubtful else ""
        return HistoryStep(
            at=iso_time(self.keeping.written_at(record)),
            about=True,
            source=StepSource.LEDGER,
            what=f"the record says {record.state} (claim {record.token}{doubt})",
            delivery=record.id,
            subscription=ids.subscription_of(record.id),
            reason=record.reason,
            rehook_request_id=record.request_id,
        )


def _queue_step(seen: SeenMessage) -> HistoryStep:
    found = seen.sighting
    outcome = "parked" if found.queue is QueueName.PARKED and found.was_parked else "stored"
    detail = f" ({found.detail})" if found.detail else ""
    why = _why(found.was_parked, outcome, found.reason)
    return HistoryStep(
        at=iso_time(found.sent_at),
        source=StepSource.QUEUE,
        what=f"in the {_NAMES[found.queue]}: {why}{detail}",
        delivery=seen.header.delivery,
        subscription=seen.header.subscription,
        reason=found.reason,
    )


def _why(was_parked: bool, outcome: str, reason: str) -> str:
    if was_parked and outcome == "stored":
        return f"sent back after it was given up, since {reason_text('parked', reason)}"
    return reason_text(outcome, reason)


def _event_of(delivery: str | None, lines: Sequence[LoggedOutcome]) -> str | None:
    """Give the message id of a delivery: that of its first line."""
    return next((each.message_id for each in lines if each.delivery == delivery), None)


def _without_delivery(lines: Sequence[LoggedOutcome]) -> list[list[LoggedOutcome]]:
    """Group the lines that name no delivery, by event and subscription."""
    groups: dict[tuple[str | None, str | None], list[LoggedOutcome]] = {}
    for each in lines:
        if each.delivery is None:
            groups.setdefault((each.message_id, each.subscription), []).append(each)
    return list(groups.values())
