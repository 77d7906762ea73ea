"""From a webhook request to its answer: the door, the plan, the deliveries, the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.delivery.answer import (
    LISTED_WHOLE,
    EventReport,
    HttpAnswer,
    answer,
    refusal,
)
from segment_rehook.delivery.delivery import Delivery
from segment_rehook.delivery.lane import Lane
from segment_rehook.delivery.outcomes import Dropped, Result, Terminal
from segment_rehook.delivery.planner import MAPPED_HINT, Planner
from segment_rehook.delivery.ports import SecretsUnavailable
from segment_rehook.segment.access import AccessNotConfigured, AccessRules
from segment_rehook.segment.event import UnreadableEvent
from segment_rehook.segment.refusal import Refusal, RefusedAccess
from segment_rehook.segment.webhook import receive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.delivery.ingest import Ingest
    from segment_rehook.delivery.ports import Clock, Secrets, SecretStore, Telemetry
    from segment_rehook.rehook.destination import Destination
    from segment_rehook.segment.envelope import Envelope
    from segment_rehook.segment.event import Event

PAUSE, DRY_RUN = "pause", "dry-run"
# Characters of a log line that say why an event is ignored: fifty subscriptions may have reasons.
IGNORED_MOST = 1_000


@dataclass(slots=True)
class Webhook:
    """Answers Segment. `budget` in seconds from when API Gateway received the request."""

    ingest: Ingest
    destination: Destination
    secrets: SecretStore
    clock: Clock
    telemetry: Telemetry
    budget: float
    max_body_bytes: int
    batches_need_token: bool

    def handle(
        self, method: str, headers: Mapping[str, str], body: bytes, received_at: float
    ) -> HttpAnswer:
        """Answer one request; `received_at` in seconds since the epoch."""
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
        return self._deliver(envelope, secrets.mode, until)

    def refuse(self, refused: Refusal) -> HttpAnswer:
        """Turn a request away: counted, and logged by its code alone."""
        self.telemetry.warn("request refused", status=refused.status, code=refused.code)
        self.telemetry.count("RequestsRefused")
        return refusal(refused.status, refused.code, refused.message, refused.hint)

    def _open(
        self, method: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[Secrets, Envelope]:
        """Let the request in. A refusal may be of secrets that were rotated: they are read anew."""
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
        rules = AccessRules.from_lines(
            secrets.shared_secrets, secrets.tokens, batches_need_token=self.batches_need_token
        )
        return receive(method, headers, body, rules, max_body_bytes=self.max_body_bytes)

    def _deliver(self, envelope: Envelope, mode: str, until: float) -> HttpAnswer:
        plan = _Plan(
            self.destination,
            self.clock.now(),
            dry_run=mode == DRY_RUN,
            explained=len(envelope.elements) <= LISTED_WHOLE,
        )
        for element in envelope.elements:
            plan.add(element)
        self.ingest.run(plan.close(), until, paused=mode == PAUSE)
        reports = plan.reports()
        for report in reports:
            self._log(report)
        return answer(reports)

    def _log(self, report: EventReport) -> None:
        outcome = report.outcome
        self.telemetry.count(f"Events{outcome.capitalize()}")
        self.telemetry.outcome(
            {
                "message_id": report.message_id,
                "outcome": outcome.value,
                "deliveries": "; ".join(
                    f"{name or '*'}={' '.join(filter(None, _words(result)))}"
                    for name, result in report.deliveries
                ),
                "ignored": _reasons(report)[:IGNORED_MOST] if report.ignored else None,
            }
        )


class _Plan:
    """One request's events, sorted into lanes, and the way back from lanes to events.

    `explained`: say of an event that no subscription takes what keeps it out.
    """

    def __init__(
        self, destination: Destination, now: float, *, dry_run: bool, explained: bool
    ) -> None:
        self._destination = destination
        self._planner = Planner(destination, now)
        self._dry_run = dry_run
        self._explained = explained
        self._lanes: dict[str, list[Delivery]] = {}
        self._places: dict[str, list[tuple[EventReport, int]]] = {}
        self._reports: list[EventReport] = []
        self.lanes: list[Lane] = []

    def add(self, element: Event | UnreadableEvent) -> None:
        """Plan one element of the request."""
        report = EventReport(None)
        self._reports.append(report)
        parts = self._planner.parts(element)
        if not isinstance(element, UnreadableEvent):
            report.message_id = element.message_id
            if element.looks_mapped:
                report.hint = MAPPED_HINT
            if not parts and self._explained:
                report.ignored = self._destination.ignored(element)
        for part in parts:
            decided = part.decided
            result = self._take(decided, report) if isinstance(decided, Delivery) else decided
            report.deliveries.append((part.subscription, result))

    def close(self) -> list[Lane]:
        """The lanes of all that was added."""
        self.lanes = [Lane(user, deliveries) for user, deliveries in self._lanes.items()]
        return self.lanes

    def reports(self) -> list[EventReport]:
        """Each event's report, once the lanes have come to their ends."""
        for lane in self.lanes:
            for (report, index), result in zip(self._places[lane.user], lane.results, strict=True):
                report.deliveries[index] = (report.deliveries[index][0], result)
        return self._reports

    def _take(self, delivery: Delivery, report: EventReport) -> Result:
        """Put a delivery in its user's lane; the result is a placeholder until `reports`."""
        if self._dry_run:
            would = delivery.request.path if delivery.request else delivery.fault
            return Result(Terminal.DROPPED, Dropped.DRY_RUN, detail=would)
        self._lanes.setdefault(delivery.user, []).append(delivery)
        self._places.setdefault(delivery.user, []).append((report, len(report.deliveries)))
        return Result(Terminal.FAILED)


def _reasons(report: EventReport) -> str:
    return "; ".join(f"{each.subscription}: {each.why}" for each in report.ignored)


def _words(result: Result) -> tuple[str | None, ...]:
    return result.outcome.value, result.reason, result.code, result.request_id
