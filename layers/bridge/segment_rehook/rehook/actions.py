"""The two actions of Segment's Rehook destination: their paths and fields.

Titles, types and default mappings are those of the hosted destination
(segmentio/action-destinations, `destinations/rehook`); both calls are POSTs of
the checked payload as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from segment_rehook.mapping.fields import Field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.segment.jsontext import JSON

__all__ = ["ACTIONS", "DEFAULT_SUBSCRIPTIONS", "IDENTIFY_USER", "TRACK_EVENT", "Action"]


@dataclass(frozen=True, slots=True)
class Action:
    """A call that Rehook offers, and the fields that Segment lets a user map to it."""

    slug: str
    path: str
    fields: tuple[Field, ...]


_SOURCE_ID: Final = Field(
    "source_id", "Source ID", "string", "The customer's id, set by you.", required=True
)

IDENTIFY_USER: Final = Action(
    "identifyUser",
    "/customers",
    (
        _SOURCE_ID,
        Field("metadata", "User Metadata", "object", "Properties of the customer's profile."),
        Field(
            "referral_code",
            "Referral Code",
            "string",
            "The customer's own referral code.",
            nullable=True,
        ),
    ),
)

TRACK_EVENT: Final = Action(
    "trackEvent",
    "/events/invoke",
    (
        Field("event_name", "Event Name", "string", "The event's name in Rehook.", required=True),
        _SOURCE_ID,
        Field("metadata", "Event Properties", "object", "What is sent along with the event."),
    ),
)

ACTIONS: Final[Mapping[str, Action]] = MappingProxyType(
    {action.slug: action for action in (IDENTIFY_USER, TRACK_EVENT)}
)

DEFAULT_SUBSCRIPTIONS: Final[JSON] = [
    {
        "name": "Identify User",
        "actionSlug": "identifyUser",
        "enabled": True,
        "trigger": 'type = "identify"',
        "settings": {
            "source_id": {"@path": "$.userId"},
            "metadata": {"@path": "$.traits"},
            "referral_code": {"@path": "$.traits.referral_code"},
        },
    },
    {
        "name": "Track Event",
        "actionSlug": "trackEvent",
        "enabled": True,
        "trigger": 'type = "track"',
        "settings": {
            "event_name": {
                "@if": {
                    "exists": {"@path": "$.event"},
                    "then": {"@path": "$.event"},
                    "else": {"@path": "$.type"},
                }
            },
            "source_id": {"@path": "$.userId"},
            "metadata": {"@path": "$.properties"},
        },
    },
]
"""The subscriptions that Segment makes for a new Rehook destination."""
