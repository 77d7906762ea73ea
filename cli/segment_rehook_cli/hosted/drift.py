"""Where Segment's subscriptions and the file's differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from segment_rehook_cli.hosted.importable import sorted_out
from segment_rehook_cli.hosted.pairing import known_settings, pair, same_trigger

if TYPE_CHECKING:
    from segment_rehook.mapping.subscription import Subscription
    from segment_rehook.segment.jsontext import JSON
    from segment_rehook_cli.hosted.importable import LeftOut
    from segment_rehook_cli.hosted.segment_api import HostedSubscription, UnreadableSubscription

__all__ = ["ABSENT", "Difference", "Drift", "compare", "differences"]


class _Absent:
    """The type of ABSENT."""


ABSENT: Final = _Absent()
"""There is no value on this side."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place that differs. `pointer`: a JSON pointer (RFC 6901) into the subscription."""

    pointer: str
    segment: JSON | _Absent
    file: JSON | _Absent


@dataclass(frozen=True, slots=True)
class Drift:
    """What is the same and what is not. `changed`: the file's subscription and its differences."""

    same: int
    changed: tuple[tuple[Subscription, tuple[Difference, ...]], ...]
    only_at_segment: tuple[HostedSubscription, ...]
    only_in_file: tuple[Subscription, ...]
    left_out: tuple[LeftOut, ...]

    def __bool__(self) -> bool:
        return bool(self.changed or self.only_at_segment or self.only_in_file)


def compare(
    hosted: Sequence[HostedSubscription | UnreadableSubscription], own: Sequence[Subscription]
) -> Drift:
    """Compare what Segment has with the file's subscriptions."""
    importable, left_out = sorted_out(hosted)
    pairs = pair(importable, own)
    compared = [(item, tuple(differences(each, item))) for each, item in pairs.both]
    return Drift(
        same=sum(not found for _, found in compared),
        changed=tuple((item, found) for item, found in compared if found),
        only_at_segment=pairs.hosted_only,
        only_in_file=pairs.file_only,
        left_out=tuple(left_out),
    )


def differences(hosted: HostedSubscription, own: Subscription) -> Iterator[Difference]:
    """Give what differs, in the order of the file's members.

    Not compared are ids, the bridge's own idempotencyKey, and fields that the action does not have.
    """
    if hosted.name.strip() and hosted.name != own.name:
        yield Difference("/name", hosted.name, own.name)
    if hosted.action != own.action:
        yield Difference("/actionSlug", hosted.action, own.action)
    if hosted.enabled != own.enabled:
        yield Difference("/enabled", hosted.enabled, own.enabled)
    trigger, settings = own.definition["trigger"], own.definition["settings"]
    if isinstance(trigger, str) and not same_trigger(hosted.trigger, trigger):
        yield Difference("/trigger", hosted.trigger, trigger)
    if isinstance(settings, dict):
        yield from _within(
            known_settings(hosted.action, hosted.settings),
            known_settings(own.action, settings),
            "/settings",
        )


def _within(segment: JSON | _Absent, file: JSON | _Absent, pointer: str) -> Iterator[Difference]:
    if isinstance(segment, dict) and isinstance(file, dict):
        for name in {**file, **segment}:
            step = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            yield from _within(segment.get(name, ABSENT), file.get(name, ABSENT), step)
    elif isinstance(segment, list) and isinstance(file, list):
        for index in range(max(len(segment), len(file))):
            yield from _within(_item(segment, index), _item(file, index), f"{pointer}/{index}")
    elif segment != file or isinstance(segment, bool) != isinstance(file, bool):
        yield Difference(pointer, segment, file)


def _item(values: Sequence[JSON], index: int) -> JSON | _Absent:
    return values[index] if index < len(values) else ABSENT
