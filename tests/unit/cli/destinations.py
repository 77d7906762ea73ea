"""Destinations and random events, to compare what the one makes of the others."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from segment_rehook.rehook.destination import Destination, load
from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook.segment.jsontext import encode

FIELDS: dict[str, Any] = {
    "event_name": {"@path": "$.event"},
    "source_id": {"@path": "$.userId"},
    "metadata": {"@path": "$.properties"},
}


def subscription(name: str = "track", **changes: Any) -> dict[str, Any]:
    """Return a subscription to trackEvent with FIELDS; `changes` replace its members."""
    whole = {
        "id": name,
        "actionSlug": "trackEvent",
        "trigger": 'type = "track"',
        "settings": FIELDS,
    }
    return whole | changes


def destination(*subscriptions: dict[str, Any], **settings: Any) -> Destination:
    """Load a destination with these subscriptions and settings."""
    return load(encode({"settings": settings, "subscriptions": [*subscriptions]}))


def mapped(**fields: Any) -> Destination:
    """Load a destination with one subscription, whose FIELDS are changed."""
    return destination(subscription(settings=FIELDS | fields))


def event(**members: Any) -> Event:
    """Return a track event that every destination here takes; `members` replace its own."""
    whole = {"type": "track", "messageId": "m1", "userId": "u1", "event": "Paid", "properties": {}}
    return Event.parse(encode(whole | members))


DESTINATIONS = [
    load(None),
    mapped(),
    mapped(metadata={"total": {"@path": "$.properties.total"}}),
    mapped(event_name={"@case": {"operator": "upper", "value": {"@path": "$.event"}}}),
    mapped(source_id={"@path": "$.anonymousId"}),
    mapped(metadata={"@template": {"@path": "$.nowhere"}}),
    destination(subscription(trigger='type = "track" and properties.total > 20')),
    destination(subscription(enabled=False), subscription("other")),
    destination(subscription(idempotencyKey={"@path": "$.properties.order"})),
    destination(subscription(), subscription("other"), deniedEvents=["Paid"]),
    destination(subscription(), eventNamePrefix="shop:", maxEventAgeHours=1),
    destination(),
]


def _optional(**members: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(values) for name, values in members.items()}
    )


_events = st.builds(
    lambda members, properties: Event.parse(encode({**members, "properties": properties})),
    _optional(
        type=["track", "track", "identify", "page", 5],
        messageId=["m1", "m2", "", None],
        userId=["u1", "u2", None, {"an": "object"}],
        anonymousId=["a1", "u1"],
        event=["Paid", "PAID", "Refunded", None],
        timestamp=["2027-01-15T08:00:00Z", "2020-01-01T00:00:00Z", "never"],
        receivedAt=["2027-01-15T08:00:01Z", 5],
    ),
    _optional(total=[25, 25.0, "25", 5, True, None], order=["o1", 7, ["o1"], ""]),
)
elements: st.SearchStrategy[Event | UnreadableEvent] = st.one_of(
    _events, _events, _events, st.just(UnreadableEvent("not_an_object", "an event is an object"))
)
corpora = st.lists(elements, max_size=8)
