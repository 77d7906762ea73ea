"""A comparison of two destinations as JSON: the counts first, then each example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import UNSET

from segment_rehook.segment.jsontext import JSON, decode_slowly
from segment_rehook_cli.diff.differences import Effect
from segment_rehook_cli.mapping.made import NotSent

if TYPE_CHECKING:
    from segment_rehook_cli.diff.differences import Differences, Example, SubscriptionDifferences
    from segment_rehook_cli.diff.field_changes import FieldChange
    from segment_rehook_cli.mapping.made import Sent

__all__ = ["EFFECT_MEMBERS", "Source", "counts_as_json", "example_as_json"]

EFFECT_MEMBERS: Final = {
    Effect.UNCHANGED: "unchanged",
    Effect.CHANGED: "changed",
    Effect.NEWLY_SENT: "newlySent",
    Effect.NO_LONGER_SENT: "noLongerSent",
    Effect.DIFFERENTLY_DROPPED: "differentlyDropped",
}


class Source(msgspec.Struct, frozen=True):
    """Where a destination comes from, for a person, and the version of its mapping."""

    name: str
    version: str

    def as_json(self) -> JSON:
        """Return its JSON object."""
        return {"name": self.name, "version": self.version}


def counts_as_json(
    found: Differences, base: Source, candidate: Source, *, values: bool
) -> dict[str, JSON]:
    """Return the counts. Without `values`, nothing in them comes from an event."""
    return {
        "base": base.as_json(),
        "candidate": candidate.as_json(),
        "events": found.events,
        "unchanged": found.unchanged,
        "changed": found.changed,
        "unreadable": found.unreadable,
        "subscriptions": [_subscription(each, values=values) for each in found.subscriptions],
    }


def example_as_json(example: Example, *, values: bool) -> dict[str, JSON]:
    """Return an example. Without `values`, the messageId alone comes from the event."""
    entry: dict[str, JSON] = {"messageId": example.message_id, "type": example.event_type}
    if values:
        entry["event"] = example.event_name
    entry["subscription"] = example.subscription
    entry["effect"] = EFFECT_MEMBERS[example.effect]
    if example.effect is Effect.CHANGED:
        fields: list[JSON] = (
            [_field(each) for each in example.fields]
            if values
            else [*dict.fromkeys(each.field for each in example.fields)]
        )
        return {**entry, "fields": fields}
    base, candidate = (_made(each, values=values) for each in (example.base, example.candidate))
    return {**entry, "base": base, "candidate": candidate}


def _subscription(found: SubscriptionDifferences, *, values: bool) -> JSON:
    entry: dict[str, JSON] = {
        "id": found.id,
        "inBase": found.in_base,
        "inCandidate": found.in_candidate,
        **{EFFECT_MEMBERS[effect]: count for effect, count in found.events.items()},
        "fields": {**found.fields},
    }
    if values:
        entry["members"] = {**found.members}
    entry["reasons"] = [
        {"base": base, "candidate": candidate, "events": count}
        for (base, candidate), count in found.reasons.items()
    ]
    return entry


def _field(change: FieldChange) -> JSON:
    entry: dict[str, JSON] = {"field": change.field}
    if change.member is not None:
        entry["member"] = change.member
    if change.base is not UNSET:
        entry["base"] = change.base
    if change.candidate is not UNSET:
        entry["candidate"] = change.candidate
    return entry


def _made(made: Sent | NotSent, *, values: bool) -> JSON:
    if isinstance(made, NotSent):
        return {"reason": made.reason, "detail": made.detail}
    request: dict[str, JSON] = {"method": made.request.method, "path": made.request.path}
    if values:
        request["body"] = decode_slowly(made.request.body)
    return {"request": request}
