"""What each event would send to Rehook: one line of JSON per event, and nothing is sent.

Scripts may rely on a line's members: `messageId`, and `results` with one entry per subscription
that takes the event. The webhook's own code makes the decisions. What depends on Rehook's answers
is not shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.delivery.delivery import Delivery
from segment_rehook.delivery.ingest.answer import ignored_body
from segment_rehook.delivery.ingest.planner import MAPPED_HINT, Decision, Planner
from segment_rehook.delivery.outcomes import Dropped, Outcome, Parked
from segment_rehook.rehook.plan import Call
from segment_rehook.segment.event import UnreadableEvent
from segment_rehook.segment.jsontext import JSON, decode_slowly
from segment_rehook_cli.explain import explain

if TYPE_CHECKING:
    from segment_rehook.rehook.destination import Destination
    from segment_rehook.segment.event import Event

__all__ = ["Preview"]

SEEN_BEFORE = "an earlier event has the same key and the same content"
NEVER_STORED = (
    "the event is larger than a queue's message, so it can't be stored: it is delivered only if "
    "Rehook accepts it at once"
)


class Preview:
    """Previews events one after another, as one request. `now` is in seconds since 1970."""

    def __init__(self, destination: Destination, now: float) -> None:
        self._destination = destination
        self._planner = Planner(destination, now)

    def line(self, element: Event | UnreadableEvent, *, explained: bool) -> dict[str, JSON]:
        """Return the next event's line; with `explained`, the line has a member `explain`."""
        line = self._line(element)
        if explained:
            line["explain"] = explain(element, self._destination)
        return line

    def _line(self, element: Event | UnreadableEvent) -> dict[str, JSON]:
        parts = self._planner.decisions(element)
        results: list[JSON] = [_result(part) for part in parts]
        if isinstance(element, UnreadableEvent):
            return {"messageId": None, "results": results}
        line: dict[str, JSON] = {"messageId": element.message_id, "results": results}
        if not parts:
            line["ignored"] = ignored_body(self._destination.ignored(element))
        if element.looks_mapped:
            line["hint"] = MAPPED_HINT
        return line


def _result(part: Decision) -> JSON:
    decided = part.decided
    if not isinstance(decided, Delivery):
        if decided.outcome is Outcome.DUPLICATE:
            seen: dict[str, JSON] = {"reason": decided.reason, "detail": SEEN_BEFORE}
            return {"subscription": part.subscription, "dropped": str(decided.outcome), **seen}
        return _dropped(part, decided.reason, decided.detail)
    if decided.request is None:
        if _can_be_parked(decided):
            return _dropped(part, Parked.MAPPING_ERROR, decided.fault)
        return _dropped(part, Dropped.TOO_LARGE, decided.fault)
    request: JSON = {
        "method": decided.request.method,
        "path": decided.request.path,
        "body": decode_slowly(decided.request.body),
    }
    result: dict[str, JSON] = {"subscription": part.subscription, "request": request}
    warnings = list(part.planned.warnings) if isinstance(part.planned, Call) else []
    if not decided.fits_a_message():
        warnings.append(NEVER_STORED)
    if warnings:
        result["warnings"] = [*warnings]
    return result


def _can_be_parked(delivery: Delivery) -> bool:
    letter = delivery.letter(Parked.MAPPING_ERROR, token=1, nonce="0" * 32)
    return not letter.for_parking(Parked.MAPPING_ERROR, delivery.fault or "").too_large


def _dropped(part: Decision, reason: str | None, detail: str | None) -> JSON:
    return {"subscription": part.subscription, "dropped": str(reason), "detail": detail}
