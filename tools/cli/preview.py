"""What each event would come to: a line of JSON per event, nothing sent.

The shape of a line is a promise to scripts: `messageId`, and `results` with one
entry per subscription that takes the event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.rehook.plan import Call, Drop
from segment_rehook.segment.event import UnreadableEvent
from segment_rehook.segment.jsontext import JSON, decode_slowly

if TYPE_CHECKING:
    from segment_rehook.rehook.destination import Destination
    from segment_rehook.rehook.plan import Fault
    from segment_rehook.segment.event import Event

__all__ = ["preview"]

MAPPING_ERROR = "mapping_error"


def preview(
    event: Event | UnreadableEvent, destination: Destination, now: float
) -> dict[str, JSON]:
    """Give the line of one event. `now` is in seconds since 1970."""
    if isinstance(event, UnreadableEvent):
        dropped = _dropped(None, event.reason, event.detail)
        return {"messageId": None, "results": [dropped]}
    results: list[JSON] = [_result(entry) for entry in destination.plan(event, now)]
    return {"messageId": event.message_id, "results": results}


def _result(entry: Call | Drop | Fault) -> JSON:
    if isinstance(entry, Call):
        request: JSON = {
            "method": entry.request.method,
            "path": entry.request.path,
            "body": decode_slowly(entry.request.body),
        }
        return {"subscription": entry.subscription, "request": request}
    if isinstance(entry, Drop):
        return _dropped(entry.subscription, entry.reason.value, entry.detail)
    return _dropped(entry.subscription, MAPPING_ERROR, entry.detail)


def _dropped(subscription: str | None, reason: str, detail: str) -> JSON:
    return {"subscription": subscription, "dropped": reason, "detail": detail}
