"""The result of comparing two destinations over events, as values."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from segment_rehook_cli.diff.field_changes import FieldChange
from segment_rehook_cli.mapping.made import NotSent, Sent

__all__ = ["Differences", "Effect", "Example", "SubscriptionDifferences"]


class Effect(StrEnum):
    """What a change of the destination does to one event for one subscription."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    NEWLY_SENT = "newly_sent"
    NO_LONGER_SENT = "no_longer_sent"
    DIFFERENTLY_DROPPED = "differently_dropped"
    """Not sent before and not sent after, for another reason."""


class Example(msgspec.Struct, frozen=True):
    """One event that differs, for one subscription. It has values of the event: personal data.

    `fields` says what differs if the effect is CHANGED; else it is empty.
    """

    message_id: str | None
    event_type: str | None
    event_name: str | None
    subscription: str
    effect: Effect
    base: Sent | NotSent
    candidate: Sent | NotSent
    fields: tuple[FieldChange, ...] = ()


class SubscriptionDifferences(msgspec.Struct, frozen=True):
    """What differs for one subscription.

    `events`: how many events have each effect; all five are there. `fields`: in how many CHANGED
    events a field differs. `members`: the same for the members of objects, by `field.member`.
    `reasons`: how many of the other events that differ went from one reason to another; `sent`
    and `ignored` are reasons too.
    """

    id: str
    in_base: bool
    in_candidate: bool
    events: dict[Effect, int]
    fields: dict[str, int]
    members: dict[str, int]
    reasons: dict[tuple[str, str], int]


class Differences(msgspec.Struct, frozen=True):
    """The result of a comparison. `changed`: events that differ for any subscription.

    `events` = `unchanged` + `changed` + `unreadable`; an element that is no event is `unreadable`.
    """

    events: int
    unchanged: int
    changed: int
    unreadable: int
    subscriptions: tuple[SubscriptionDifferences, ...]
    examples: tuple[Example, ...]
