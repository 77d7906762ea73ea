"""What each event would send to Rehook: one line of JSON per event, and nothing is sent.

Scripts may rely on a line's members: `messageId`, and `results` with one entry per subscription
that takes the event. The webhook's own code makes the decisions. What depends on Rehook's answers
is not shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from segment_rehook.delivery.ingest.answer import ignored_body
from segment_rehook.delivery.ingest.planner import MAPPED_HINT, Decision, Planner
from segment_rehook.delivery.outcomes import Outcome
from segment_rehook.segment.event import UnreadableEvent
from segment_rehook.segment.jsontext import JSON, decode_slowly
from segment_rehook_cli.mapping.explain import explain
from segment_rehook_cli.mapping.made import NotSent, made_of_decision

if TYPE_CHECKING:
    from segment_rehook.rehook.destination import Destination
    from segment_rehook.segment.event import Event

__all__ = ["Preview"]

SEEN_BEFORE = "an earlier event has the same key and the same content"


class Preview:
    """Previews events one after another, as one request. `now` is in seconds since 1970."""

    def __init__(self, destination: Destination, now: float) -> None:
        self._destination = destination
        self._planner = Planner(destination, now)

    def line(self, element: Event | UnreadableEvent, *, explained: bool) -> dict[str, JSON]:
        """Return the next event's line; with `explained`, the line has a member `explain`."""
        line = self._line(element)
        if explained:
            line["explain"] = self._explanations(element)
        return line

    def _explanations(self, element: Event | UnreadableEvent) -> JSON:
        if isinstance(element, UnreadableEvent):
            return []
        return cast("JSON", explain(self._destination, element))

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
    made = made_of_decision(part)
    if isinstance(made, NotSent):
        dropped: dict[str, JSON] = {"subscription": part.subscription, "dropped": made.reason}
        if made.reason == Outcome.DUPLICATE:
            return {**dropped, "reason": made.detail, "detail": SEEN_BEFORE}
        return {**dropped, "detail": made.detail}
    request: JSON = {
        "method": made.request.method,
        "path": made.request.path,
        "body": decode_slowly(made.request.body),
    }
    result: dict[str, JSON] = {"subscription": part.subscription, "request": request}
    if made.warnings:
        result["warnings"] = [*made.warnings]
    return result
