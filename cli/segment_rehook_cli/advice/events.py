"""What Segment's events have at their top level, by type (segment-docs, spec)."""

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
"""Beside what all events may have. Segment knows no other types."""

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
"""Everything that an event of some type has at its top level."""

OBJECTS: Final = frozenset({"context", "integrations", "properties", "traits"})
"""Those that have members themselves."""

_PARTICULAR: Final = frozenset().union(*BY_TYPE.values())


def has(event_type: str, member: str) -> bool:
    """Whether events of a type may have a member; what Segment does not know may be anywhere."""
    if event_type not in BY_TYPE or member not in _PARTICULAR:
        return True
    return member in BY_TYPE[event_type]
