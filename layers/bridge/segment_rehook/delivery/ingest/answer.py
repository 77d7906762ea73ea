"""Builds the answer to Segment: counts, and the outcome of each event.

A person reads the answer in Segment's Event Tester. So a reason comes with a sentence of detail
where there is one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from segment_rehook.delivery.outcomes import Outcome, Result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segment_rehook.rehook.plan import Ignored
    from segment_rehook.segment.jsontext import JSON

# An answer for more events than this lists no delivered events, and gives no reason why an event
# was ignored.
MAX_LISTED_WHOLE = 100
# Seconds.
RETRY_AFTER = 15

# An event with several deliveries gets the first outcome in this order that one of them has.
PRECEDENCE = (
    Outcome.FAILED,
    Outcome.PARKED,
    Outcome.STORED,
    Outcome.DELIVERED,
    Outcome.DUPLICATE,
    Outcome.DROPPED,
)
# What an answer counts, under these names; failures are in the text of a 503.
COUNTED = tuple((each, each.value) for each in (*PRECEDENCE[1:], Outcome.IGNORED))


class EventReport(msgspec.Struct):
    """The results of one event.

    `message_id`: Segment's, None where it is missing or the event can't be read. `deliveries`:
    pairs of a subscription's id and its result; the id is None where the result is the whole
    event's. `hint`: advice for the sender. `ignored`: why each subscription does not take the
    event, where none does; empty in requests of more than `MAX_LISTED_WHOLE` events.
    """

    message_id: str | None
    deliveries: list[tuple[str | None, Result]] = []  # msgspec copies an empty list for each report
    hint: str | None = None
    ignored: tuple[Ignored, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The one outcome of the event: `ignored` where it has no deliveries."""
        found = [result.outcome for _, result in self.deliveries]
        if len(found) == 1:
            return found[0]
        return next((outcome for outcome in PRECEDENCE if outcome in found), Outcome.IGNORED)

    def body(self, outcome: Outcome) -> JSON:
        """Give the event's entry in the answer. `outcome`: of this report, computed before."""
        entry: dict[str, JSON] = {
            "messageId": self.message_id,
            "outcome": outcome.value,
            "deliveries": [_delivery(name, result) for name, result in self.deliveries],
        }
        if self.ignored:
            entry["ignored"] = ignored_body(self.ignored)
        if self.hint is not None:
            entry["hint"] = self.hint
        return entry


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP answer. `body` is sent as JSON."""

    status: int
    body: dict[str, JSON]
    headers: dict[str, str] = field(default_factory=dict)


def answer(reports: list[EventReport]) -> HttpAnswer:
    """Give status 200 where each event is settled or stored, else 503: Segment tries again."""
    outcomes = [report.outcome for report in reports]
    body: dict[str, JSON] = {"received": len(reports)}
    for counted, name in COUNTED:
        body[name] = outcomes.count(counted)
    everything = len(reports) <= MAX_LISTED_WHOLE
    body["events"] = [
        report.body(outcome)
        for report, outcome in zip(reports, outcomes, strict=True)
        if everything or outcome is not Outcome.DELIVERED
    ]
    failed = outcomes.count(Outcome.FAILED)
    if not failed:
        return HttpAnswer(200, body)
    return refusal(
        503,
        "not_stored",
        f"{failed} of {len(reports)} events could be neither delivered nor stored",
        "Segment tries again by itself; what was settled stays settled.",
        more=body,
    )


def ignored_body(ignored: Iterable[Ignored]) -> JSON:
    """Give the reasons as JSON, for answers and previews."""
    return [{"subscription": each.subscription, "why": each.why} for each in ignored]


def refusal(
    status: int, code: str, message: str, hint: str, *, more: dict[str, JSON] | None = None
) -> HttpAnswer:
    """Give the answer for an error. With status 503 it says when to try again.

    `code`: a word of the closed list in docs/failures.md. `message` and `hint`: sentences for a
    person. `more`: further members of the body.
    """
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
