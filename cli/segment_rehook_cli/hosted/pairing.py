"""Which subscription at Segment is which subscription of the file.

The file's id is part of every delivery's id, so the same subscription must be found again after it
was renamed or changed at Segment.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from segment_rehook.mapping.errors import TriggerInvalid
from segment_rehook.mapping.fql_parser import parse_trigger
from segment_rehook.mapping.subscription import Subscription, id_from_name
from segment_rehook.rehook.actions import ACTIONS

if TYPE_CHECKING:
    from segment_rehook.segment.jsontext import JSON
    from segment_rehook_cli.hosted.segment_api import HostedSubscription

__all__ = ["Pairs", "known_settings", "pair", "same_trigger"]


@dataclass(frozen=True, slots=True)
class Pairs:
    """`both` is in the file's order; the others are in the order of their own list."""

    both: tuple[tuple[HostedSubscription, Subscription], ...]
    hosted_only: tuple[HostedSubscription, ...]
    file_only: tuple[Subscription, ...]


def known_settings(action: str, settings: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the settings without fields that the action does not have; they are never sent."""
    if action not in ACTIONS:
        return dict(settings)
    fields = {field.name for field in ACTIONS[action].fields}
    return {name: value for name, value in settings.items() if name in fields}


def same_trigger(one: str, other: str) -> bool:
    """Tell whether two triggers are the same, apart from spaces."""
    if one == other:
        return True
    try:
        return parse_trigger(one) == parse_trigger(other)
    except TriggerInvalid:
        return False


def _content(action: str, trigger: str, settings: Mapping[str, JSON]) -> str:
    known = known_settings(action, settings)
    return json.dumps([action, trigger, known], sort_keys=True)


def _hosted_content(one: HostedSubscription) -> str:
    return _content(one.action, one.trigger, one.settings)


def _own_content(one: Subscription) -> str:
    written = one.definition
    return _content(one.action, str(written["trigger"]), written["settings"])  # type: ignore[arg-type]  # the shape was checked: it is an object


# The surest first. Each gives what must be equal; None is equal to nothing.
_Key = Callable[..., Hashable]
_PASSES: Final[Sequence[tuple[_Key, _Key]]] = (
    (lambda hosted: hosted.id, lambda own: own.definition.get("segmentId")),
    (lambda hosted: hosted.id, lambda own: own.id),
    (
        lambda hosted: (hosted.name, _hosted_content(hosted), hosted.enabled),
        lambda own: (own.name, _own_content(own), own.enabled),
    ),
    (
        lambda hosted: (hosted.name, _hosted_content(hosted)),
        lambda own: (own.name, _own_content(own)),
    ),
    (lambda hosted: (hosted.name, hosted.action), lambda own: (own.name, own.action)),
    (lambda hosted: (id_from_name(hosted.name), hosted.action), lambda own: (own.id, own.action)),
    (_hosted_content, _own_content),
    (lambda hosted: hosted.name or None, lambda own: own.name),
)


def pair(hosted: Sequence[HostedSubscription], own: Sequence[Subscription]) -> Pairs:
    """Pair the subscriptions: by Segment's id, by name and action, by content, by name.

    Each is in one pair at most. Of several that are alike, the first is paired with the first.
    """
    found: dict[int, int] = {}
    for hosted_key, own_key in _PASSES:
        free: defaultdict[Hashable, deque[int]] = defaultdict(deque)
        for index, each in enumerate(hosted):
            if index not in found.values():
                free[hosted_key(each)].append(index)
        for index, item in enumerate(own):
            key = own_key(item)
            if index not in found and key is not None and free[key]:
                found[index] = free[key].popleft()
    taken = {*found.values()}
    return Pairs(
        tuple((hosted[found[index]], own[index]) for index in sorted(found)),
        tuple(each for index, each in enumerate(hosted) if index not in taken),
        tuple(item for index, item in enumerate(own) if index not in found),
    )
