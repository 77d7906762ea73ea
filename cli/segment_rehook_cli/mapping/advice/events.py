"""The members that Segment's events have at their top level, by type (segment-docs, spec)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BY_TYPE", "MEMBERS", "OBJECTS", "has"]

BY_TYPE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "track": frozenset({"event", "properties"}),
        "identify": frozenset({"traits"}),
        "page": frozenset({"name", "category", "properties"}),
        "screen": frozenset({"name", "category", "properties"}),
        "group": frozenset({"groupId", "traits"}),
        "alias": frozenset({"previousId"}),
        "delete": frozenset(),
    }
)
"""The members besides those of all events. Segment has no other types."""

_ALL: Final = frozenset(
    {
        "_metadata",
        "anonymousId",
        "channel",
        "context",
        "integrations",
        "messageId",
        "options",
        "originalTimestamp",
        "projectId",
        "receivedAt",
        "sentAt",
        "timestamp",
        "type",
        "userId",
        "version",
        "writeKey",
    }
)

MEMBERS: Final = _ALL.union(*BY_TYPE.values())
"""The members that an event of any type can have."""

OBJECTS: Final = frozenset({"context", "integrations", "properties", "traits"})
"""The members that are objects."""

_TYPE_MEMBERS: Final = frozenset().union(*BY_TYPE.values())


def has(event_type: str, member: str) -> bool:
    """Whether events of a type may have a member. Any type may have a member unknown to Segment."""
    if event_type not in BY_TYPE or member not in _TYPE_MEMBERS:
        return True
    return member in BY_TYPE[event_type]
