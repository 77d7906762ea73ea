"""Rules that drop an event before it is mapped, in the order in which they are checked.

1. `integrations` of the event: Segment's own way to keep an event from a destination.
2. `deniedEvents`, then `allowedEvents`: names of track events, as Segment sent them.
3. `maxEventAgeHours`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from segment_rehook.rehook.plan import DropReason
from segment_rehook.segment.event_time import unix_time

if TYPE_CHECKING:
    from segment_rehook.rehook.settings import Settings
    from segment_rehook.segment.event import Event

__all__ = ["refusal_of_age", "refusal_of_event"]

INTEGRATION_NAMES: Final = ("Rehook", "Segment Rehook")


def refusal_of_event(event: Event, settings: Settings) -> tuple[DropReason, str] | None:
    """Say why the event is not sent, by the rules other than its age; None if it is.

    Only an explicit false for this destination counts: Engage and Replay send `{"All": false, …}`
    to the one destination that they mean (segment-docs, replay).
    """
    integrations = event.member("integrations")
    if integrations and isinstance(integrations, dict):
        for name in INTEGRATION_NAMES:
            if integrations.get(name) is False:
                return DropReason.INTEGRATION_DISABLED, f'integrations says "{name}": false.'
    allowed, denied = settings.allowed_events, settings.denied_events
    if event.type != "track" or (allowed is None and not denied):
        return None
    name = event.name or ""
    if name in denied:
        return DropReason.DENIED_EVENT, "settings.deniedEvents names this event."
    if allowed is not None and name not in allowed:
        return DropReason.DENIED_EVENT, "settings.allowedEvents does not name this event."
    return None


def refusal_of_age(event: Event, settings: Settings, now: float) -> tuple[DropReason, str] | None:
    """Say that the event is too old at `now` (seconds since 1970); None if it is not.

    An event without a readable timestamp is never too old.
    """
    if settings.max_event_age is None:
        return None
    happened = unix_time(event.member("timestamp"))
    if happened is None or now - happened <= settings.max_event_age:
        return None
    hours = settings.max_event_age / 3600
    return DropReason.TOO_OLD, f"timestamp is older than settings.maxEventAgeHours ({hours:g})."
