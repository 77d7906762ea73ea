"""What Segment is told: counts, and for each event what became of it.

A person reads this in Segment's Event Tester, so reasons come with a sentence where there is one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from segment_rehook.delivery.outcomes import Outcome, Result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segment_rehook.rehook.plan import Ignored
    from segment_rehook.segment.jsontext import JSON

# Above this many events, those that were plainly delivered are only counted, and why events are
# ignored is not looked for.
LISTED_WHOLE = 100
RETRY_AFTER = 15

# An event with several deliveries counts as the first of these that any of them came to.
PRECEDENCE = (
    Outcome.FAILED,
    Outcome.PARKED,
    Outcome.STORED,
    Outcome.DELIVERED,
    Outcome.DUPLICATE,
    Outcome.DROPPED,
)


class EventReport(msgspec.Struct):
    """One event's deliveries: (subscription id or None for the event as a whole, result)."""

    message_id: str | None
    deliveries: list[tuple[str | None, Result]] = []  # a new one for each report: msgspec's way
    hint: str | None = None
    ignored: tuple[Ignored, ...] = ()
    """Where no subscription takes it: why each does not. Not looked for in large requests."""

    @property
    def outcome(self) -> Outcome:
        """The event's one terminal answer."""
        found = [result.outcome for _, result in self.deliveries]
        if len(found) == 1:
            return found[0]
        return next((outcome for outcome in PRECEDENCE if outcome in found), Outcome.IGNORED)

    def body(self) -> JSON:
        """The event's entry in the answer."""
        entry: dict[str, JSON] = {
            "messageId": self.message_id,
            "outcome": self.outcome.value,
            "deliveries": [_delivery(name, result) for name, result in self.deliveries],
        }
        if self.ignored:
            entry["ignored"] = ignored_body(self.ignored)
        if self.hint is not None:
            entry["hint"] = self.hint
        return entry


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A status, headers and a JSON body."""

    status: int
    body: dict[str, JSON]
    headers: dict[str, str] = field(default_factory=dict)


def answer(reports: list[EventReport]) -> HttpAnswer:
    """200 when each event is settled or stored; 503, to be tried again, when one is neither."""
    outcomes = [report.outcome for report in reports]
    counts = Counter(outcomes)
    body: dict[str, JSON] = {"received": len(reports)}
    for outcome in (*PRECEDENCE[1:], Outcome.IGNORED):
        body[outcome.value] = counts[outcome]
    listed = [
        report
        for report, outcome in zip(reports, outcomes, strict=True)
        if len(reports) <= LISTED_WHOLE or outcome is not Outcome.DELIVERED
    ]
    body["events"] = [report.body() for report in listed]
    if not counts[Outcome.FAILED]:
        return HttpAnswer(200, body)
    return refusal(
        503,
        "not_stored",
        f"{counts[Outcome.FAILED]} of {len(reports)} events could be neither delivered nor stored",
        "Segment tries again by itself; what was settled stays settled.",
        more=body,
    )


def ignored_body(ignored: Iterable[Ignored]) -> JSON:
    """The reasons as answers have them, and previews."""
    return [{"subscription": each.subscription, "why": each.why} for each in ignored]


def refusal(
    status: int, code: str, message: str, hint: str, *, more: dict[str, JSON] | None = None
) -> HttpAnswer:
    """An error's answer; 503 asks to be tried again."""
    headers = {"retry-after": str(RETRY_AFTER)} if status == 503 else {}  # noqa: PLR2004 — HTTP's own figure
    error: JSON = {"code": code, "message": message, "hint": hint}
    return HttpAnswer(status, {"error": error, **(more or {})}, headers)


def _delivery(subscription: str | None, result: Result) -> JSON:
    entry: dict[str, JSON] = {"subscription": subscription, "outcome": result.outcome.value}
    values = {
        "reason": result.reason,
        "detail": result.detail,
        "code": result.code,
        "requestId": result.request_id,
    }
    entry.update({name: value for name, value in values.items() if value is not None})
    return entry
