"""Answers a webhook request: checks access, plans, delivers, and reports each event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.delivery.delivery import Delivery
from segment_rehook.delivery.ingest.answer import (
    MAX_LISTED_WHOLE,
    EventReport,
    HttpAnswer,
    answer,
    refusal,
)
from segment_rehook.delivery.ingest.log_lines import LogLines
from segment_rehook.delivery.ingest.planner import MAPPED_HINT, Decision, Planner
from segment_rehook.delivery.outcome_metrics import count_waiting
from segment_rehook.delivery.outcomes import Dropped, Outcome, Result, Stored
from segment_rehook.delivery.ports import SecretsUnavailable
from segment_rehook.delivery.stack_parameters import Mode
from segment_rehook.segment.access import AccessNotConfigured, AccessRules
from segment_rehook.segment.event import UnreadableEvent
from segment_rehook.segment.refusal import Refusal, RefusedAccess
from segment_rehook.segment.webhook import receive

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from segment_rehook.delivery.ingest.request import Ingest
    from segment_rehook.delivery.ports import Clock, SecretStore, Telemetry
    from segment_rehook.delivery.stack_parameters import Secrets
    from segment_rehook.rehook.destination import Destination
    from segment_rehook.segment.envelope import Envelope
    from segment_rehook.segment.event import Event

METRICS = {outcome: f"Events{outcome.capitalize()}" for outcome in Outcome}


@dataclass(slots=True)
class Webhook:
    """Answers Segment's requests.

    `budget`: seconds from the time at which API Gateway received the request. `batches_need_token`:
    whether a batch is refused without a token or a signature over the whole of it.
    """

    ingest: Ingest
    destination: Destination
    secrets: SecretStore
    clock: Clock
    telemetry: Telemetry
    budget: float
    max_body_bytes: int
    batches_need_token: bool
    _rules: tuple[Secrets | None, AccessRules] = (None, AccessRules())

    def handle(
        self,
        method: str,
        headers: Mapping[str, str],
        body: bytes,
        received_at: float,
        request_id: str | None = None,
    ) -> HttpAnswer:
        """Answer one request.

        `received_at`: when API Gateway received it, in Unix time. `request_id`: its id for it.
        """
        gone = min(max(self.clock.now() - received_at, 0.0), self.budget)
        until = self.clock.monotonic() + self.budget - gone
        try:
            secrets, envelope = self._open(method, headers, body)
        except Refusal as refused:
            return self.refuse(refused)
        except (SecretsUnavailable, AccessNotConfigured) as error:
            self.telemetry.warn(str(error))
            self.telemetry.count("SecretsUnavailable")
            return refusal(
                503,
                "secrets_unavailable",
                "The stack's secrets can't be read, or are not all there.",
                "The function's log names the parameter and the command that puts it.",
            )
        return self._deliver(envelope, secrets, until, request_id)

    def refuse(self, refused: Refusal) -> HttpAnswer:
        """Give the answer for a refused request. It is counted; the log has its code only."""
        self.telemetry.warn("request refused", status=refused.status, code=refused.code)
        self.telemetry.count("RequestsRefused")
        return refusal(refused.status, refused.code, refused.message, refused.hint)

    def _open(
        self, method: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[Secrets, Envelope]:
        """Check access and read the body. If access is refused, try once more with new secrets.

        Raises Refusal, SecretsUnavailable or AccessNotConfigured.
        """
        secrets = self.secrets.read()
        try:
            return secrets, self._receive(method, headers, body, secrets)
        except RefusedAccess:
            again = self.secrets.refused()
            if (again.shared_secrets, again.tokens) == (secrets.shared_secrets, secrets.tokens):
                raise
            return again, self._receive(method, headers, body, again)

    def _receive(
        self, method: str, headers: Mapping[str, str], body: bytes, secrets: Secrets
    ) -> Envelope:
        known, rules = self._rules
        if known is not secrets:
            rules = AccessRules.from_lines(
                secrets.shared_secrets, secrets.tokens, batches_need_token=self.batches_need_token
            )
            self._rules = secrets, rules
        return receive(method, headers, body, rules, max_body_bytes=self.max_body_bytes)

    def _deliver(
        self, envelope: Envelope, secrets: Secrets, until: float, request_id: str | None
    ) -> HttpAnswer:
        self._count_received(envelope, secrets.mode)
        planner = Planner(self.destination, self.clock.now(), request_id, secrets.instructions)
        explained = len(envelope.elements) <= MAX_LISTED_WHOLE
        planned = [
            self._planned(planner, element, explained=explained)
            for element in _taken(envelope.elements)
        ]
        deliveries = [
            part.decided
            for _, parts in planned
            for part in parts
            if isinstance(part.decided, Delivery)
        ]
        results = self._results(deliveries, secrets.mode, until)
        for report, parts in planned:
            report.deliveries = [
                (part.subscription, _result(part.decided, results)) for part in parts
            ]
        self._log(planned, LogLines(self.destination.version, secrets.user_key))
        return answer([report for report, _ in planned])

    def _count_received(self, envelope: Envelope, mode: Mode) -> None:
        """Count before the work starts. What a killed invocation leaves shows as the difference."""
        self.telemetry.count_now("EventsReceived", len(envelope.elements))
        self.telemetry.observe("NotDelivering", mode is not Mode.DELIVER)
        for credential in envelope.credentials:
            self.telemetry.count("AccessMatched", credential=credential)

    def _planned(
        self, planner: Planner, element: Event | UnreadableEvent, *, explained: bool
    ) -> tuple[EventReport, list[Decision]]:
        """Give what is known of one element: a report without results, and the decisions.

        `explained`: whether to say why an event was ignored.
        """
        parts = planner.decisions(element)
        if isinstance(element, UnreadableEvent):
            return EventReport(None), parts
        report = EventReport(
            element.message_id,
            hint=MAPPED_HINT if element.looks_mapped else None,
            ignored=self.destination.ignored(element) if explained and not parts else (),
        )
        return report, parts

    def _results(
        self, deliveries: Sequence[Delivery], mode: Mode, until: float
    ) -> Mapping[str, Result]:
        """Give the result of each delivery by its id."""
        if mode is Mode.DRY_RUN:
            return {each.id: _dry_run(each) for each in deliveries}
        paused = mode is Mode.PAUSE
        results = self.ingest.run(deliveries, until, paused=paused)
        count_waiting(self.telemetry, results.values())
        sent = sum(map(_is_sent, results.values()))
        if sent:
            self.telemetry.count("DeadLettersSent", sent)
        if deliveries and not paused:
            self.telemetry.observe("BreakerOpen", self.ingest.caller.breaker.is_open)
        return results

    def _log(
        self, planned: Sequence[tuple[EventReport, Sequence[Decision]]], lines: LogLines
    ) -> None:
        outcomes = [report.outcome for report, _ in planned]
        for outcome in set(outcomes):
            self.telemetry.count(METRICS[outcome], outcomes.count(outcome))
        self.telemetry.outcomes(
            [line for report, parts in planned for line in lines.of(report, parts)]
        )


def _taken(elements: list[Event | UnreadableEvent]) -> Iterator[Event | UnreadableEvent]:
    """Give each element and take it from the list: a batch's decoded events fill the memory."""
    elements.reverse()
    while elements:
        yield elements.pop()


def _result(decided: Delivery | Result, results: Mapping[str, Result]) -> Result:
    return results[decided.id] if isinstance(decided, Delivery) else decided


def _dry_run(delivery: Delivery) -> Result:
    would = delivery.request.path if delivery.request else delivery.fault
    return Result(Outcome.DROPPED, Dropped.DRY_RUN, detail=would)


def _is_sent(result: Result) -> bool:
    """Whether the delivery's message was sent now: not if an earlier one is in the queue."""
    return result.outcome is Outcome.STORED and result.reason != Stored.ALREADY_QUEUED
