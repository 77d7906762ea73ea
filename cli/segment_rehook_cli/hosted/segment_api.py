"""Segment's Public API: a destination, and its subscriptions, page by page.

Get Destination and List Subscriptions from Destination, as docs.segmentapis.com and Segment's own
clients describe them. Values of the destination's settings, which have Rehook's credentials, are
not kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from segment_rehook.mapping.schema_check import named
from segment_rehook_cli.hosted.segment_http import SegmentHttp, SegmentRefused
from segment_rehook_cli.terminal.counting import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from segment_rehook.segment.jsontext import JSON

__all__ = ["HostedDestination", "HostedSubscription", "SegmentApi", "UnreadableSubscription"]

PAGE_ENTRIES: Final = 200
"""Segment takes 1,000; an older version of its documentation says 200."""

MAX_PAGES: Final = 50

_TYPES: Final[Mapping[str, type]] = {
    "id": str,
    "name": str,
    "actionSlug": str,
    "enabled": bool,
    "trigger": str,
    "settings": dict,
}


@dataclass(frozen=True, slots=True)
class HostedDestination:
    """What is told of a destination. `settings` has names only."""

    name: str
    kind: str
    enabled: bool
    settings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostedSubscription:
    """A subscription at Segment. `model`: its rows come from a Reverse ETL model, if not empty."""

    id: str
    name: str
    action: str
    enabled: bool
    trigger: str
    settings: Mapping[str, JSON]
    model: str = ""


@dataclass(frozen=True, slots=True)
class UnreadableSubscription:
    """An entry of the list that is not as documented; `why` names the member and its type."""

    name: str
    why: str


class SegmentApi:
    """Reads destinations. `say` tells a person that more pages follow."""

    def __init__(self, requests: SegmentHttp, say: Callable[[str], None]) -> None:
        self._requests, self._say = requests, say

    def destination(self, destination_id: str) -> HostedDestination:
        """Read a destination. Raises SegmentRefused."""
        data = self._requests.get(("destinations", destination_id), {})
        found = data.get("destination")
        if not isinstance(found, dict):
            raise _unusable("data.destination", found, "an object")
        metadata, settings = found.get("metadata"), found.get("settings")
        kind = metadata.get("slug") if isinstance(metadata, dict) else None
        return HostedDestination(
            name=_text(found.get("name")) or destination_id,
            kind=_text(kind),
            enabled=found.get("enabled") is not False,
            settings=tuple(sorted(settings)) if isinstance(settings, dict) else (),
        )

    def subscriptions(
        self, destination_id: str
    ) -> list[HostedSubscription | UnreadableSubscription]:
        """Read all subscriptions of a destination, each once. Raises SegmentRefused."""
        entries: list[JSON] = []
        cursor, seen = "", set[str]()
        for _ in range(MAX_PAGES):
            query = {"pagination.count": str(PAGE_ENTRIES)}
            if cursor:
                query["pagination.cursor"] = cursor
            data = self._requests.get(("destinations", destination_id, "subscriptions"), query)
            page = data.get("subscriptions")
            if not isinstance(page, list):
                raise _unusable("data.subscriptions", page, "a list")
            entries += page
            pagination = data.get("pagination") or {}
            if not isinstance(pagination, dict):
                raise _unusable("data.pagination", pagination, "an object")
            cursor = _cursor(pagination)
            if not cursor:
                return self._once_each(entries, pagination.get("totalEntries"))
            if cursor in seen:
                raise SegmentRefused("Segment's pages repeat without an end; try again later")
            seen.add(cursor)
            self._say(f"{counted(len(entries), 'subscription')} read, and there are more")
        raise SegmentRefused(f"Segment gave {MAX_PAGES} pages and more; that many are not read")

    def _once_each(
        self, entries: Sequence[JSON], total: JSON
    ) -> list[HostedSubscription | UnreadableSubscription]:
        """Read the entries. One that moved to another page meanwhile is there twice."""
        found: dict[str, HostedSubscription | UnreadableSubscription] = {}
        for index, raw in enumerate(entries):
            entry = _subscription(raw, index)
            key = entry.id if isinstance(entry, HostedSubscription) else f":{index}"
            found.setdefault(key, entry)
        if isinstance(total, int | float) and total != len(found):
            self._say(
                f"Segment counts {counted(total, 'subscription')} and gave {len(found)}; if they "
                "were being changed just now, run this again"
            )
        return list(found.values())


def _subscription(raw: JSON, index: int) -> HostedSubscription | UnreadableSubscription:
    place = f"subscription {index + 1}"
    if not isinstance(raw, dict):
        return UnreadableSubscription(place, f"Segment gave {named(raw)} instead of an object")
    match raw:
        case {
            "id": str(identity),
            "name": str(name),
            "actionSlug": str(action),
            "enabled": bool(enabled),
            "trigger": str(trigger),
            "settings": dict(settings),
        } if identity:
            model = _text(raw.get("modelId"))
            return HostedSubscription(identity, name, action, enabled, trigger, settings, model)
        case _:
            return UnreadableSubscription(_text(raw.get("name")) or place, _fault(raw))


def _fault(raw: Mapping[str, JSON]) -> str:
    """Name the first member that is not as documented, and its type."""
    for member, wanted in _TYPES.items():
        if member not in raw:
            return f"Segment gave no {member}"
        if not isinstance(raw[member], wanted):
            return f"Segment gave {named(raw[member])} as its {member}"
    return "Segment gave an empty id"


def _cursor(pagination: Mapping[str, JSON]) -> str:
    """Return the next page's cursor; empty after the last page, where `next` is null or absent."""
    following = pagination.get("next")
    if following is not None and not isinstance(following, str):
        raise _unusable("data.pagination.next", following, "text")
    return following or ""


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def _unusable(place: str, value: JSON, wanted: str) -> SegmentRefused:
    return SegmentRefused(
        f"Segment's answer can't be used: {place} must be {wanted}, not {named(value)}"
    )
