"""What a changed destination changes: two destinations over the same events.

Nothing is read or printed here: the command `diff` and the console show the values. The memory does
not grow with the number of events.

Each event is compared alone, so there are no duplicates, and as if it had come at its
`receivedAt`: the events of an archive are not too old.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from segment_rehook.segment.event import UnreadableEvent
from segment_rehook_cli.diff.differences import (
    Differences,
    Effect,
    Example,
    SubscriptionDifferences,
)
from segment_rehook_cli.diff.field_changes import FieldChange, field_changes
from segment_rehook_cli.mapping.made import NotSent, Sent, made_of_event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segment_rehook.rehook.destination import Destination
    from segment_rehook.segment.event import Event

__all__ = ["MAX_MEMBERS", "Comparison", "compare"]

MAX_MEMBERS: Final = 100
"""Members of objects that are counted by name, for each subscription: events choose these names."""

IGNORED: Final = "ignored"


def compare(
    base: Destination,
    candidate: Destination,
    events: Iterable[Event | UnreadableEvent],
    *,
    max_examples: int = 0,
) -> Differences:
    """Compare what two destinations make of the events. Raises only what `events` raises.

    `max_examples`: for each subscription and each effect.
    """
    comparison = Comparison(base, candidate, max_examples)
    for event in events:
        comparison.add(event)
    return comparison.result()


class Comparison:
    """A comparison that takes one event after another, and gives its result at any time."""

    def __init__(self, base: Destination, candidate: Destination, max_examples: int = 0) -> None:
        self._base = base
        self._candidate = candidate
        self._max_examples = max_examples
        self._events = self._changed = self._unreadable = 0
        ids = [item.id for side in (base, candidate) for item in side.subscriptions]
        self._tallies = {each: _Tally() for each in ids}
        self._examples: list[Example] = []

    def add(self, event: Event | UnreadableEvent) -> None:
        """Compare what both destinations make of one event. Raises nothing."""
        self._events += 1
        if isinstance(event, UnreadableEvent):
            self._unreadable += 1
            return
        before = made_of_event(self._base, event)
        after = made_of_event(self._candidate, event)
        differing = [
            each
            for each in {**before, **after}
            if self._differs(event, each, before.get(each), after.get(each))
        ]
        self._changed += bool(differing)

    def result(self) -> Differences:
        """Return the result for the events so far."""
        first, second = (
            {item.id for item in side.subscriptions} for side in (self._base, self._candidate)
        )
        compared = self._events - self._unreadable
        return Differences(
            events=self._events,
            unchanged=compared - self._changed,
            changed=self._changed,
            unreadable=self._unreadable,
            subscriptions=tuple(
                SubscriptionDifferences(
                    id=each,
                    in_base=each in first,
                    in_candidate=each in second,
                    events=tally.effects(compared),
                    fields=dict(tally.fields),
                    members=dict(tally.members),
                    reasons=dict(tally.reasons),
                )
                for each, tally in self._tallies.items()
            ),
            examples=tuple(self._examples),
        )

    def _differs(
        self,
        event: Event,
        subscription: str,
        before: Sent | NotSent | None,
        after: Sent | NotSent | None,
    ) -> bool:
        """Count one subscription's part if it differs, and return whether it does."""
        fields: tuple[FieldChange, ...] = ()
        if isinstance(before, Sent) and isinstance(after, Sent):
            fields = field_changes(before, after)
        effect = _effect(before, after, fields)
        if effect is Effect.UNCHANGED:
            return False
        tally = self._tallies[subscription]
        tally.count(effect, fields)
        if effect is not Effect.CHANGED:
            tally.reasons[_reason(before), _reason(after)] += 1
        if tally.events[effect] <= self._max_examples:
            example = Example(
                message_id=event.message_id,
                event_type=event.type,
                event_name=event.name,
                subscription=subscription,
                effect=effect,
                base=before or _ignored(self._base, subscription, event),
                candidate=after or _ignored(self._candidate, subscription, event),
                fields=fields,
            )
            self._examples.append(example)
        return True


@dataclass(slots=True)
class _Tally:
    """The counts of one subscription; unchanged events are not counted."""

    events: Counter[Effect] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    members: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, effect: Effect, fields: tuple[FieldChange, ...]) -> None:
        self.events[effect] += 1
        self.fields.update({each.field for each in fields})
        for each in fields:
            known = each.name in self.members or len(self.members) < MAX_MEMBERS
            if each.member is not None and known:
                self.members[each.name] += 1

    def effects(self, compared: int) -> dict[Effect, int]:
        counts = {each: self.events[each] for each in Effect}
        counts[Effect.UNCHANGED] = compared - self.events.total()
        return counts


def _effect(
    before: Sent | NotSent | None, after: Sent | NotSent | None, fields: tuple[FieldChange, ...]
) -> Effect:
    if isinstance(after, Sent):
        if not isinstance(before, Sent):
            return Effect.NEWLY_SENT
        return Effect.CHANGED if fields else Effect.UNCHANGED
    if isinstance(before, Sent):
        return Effect.NO_LONGER_SENT
    same = _reason(before) == _reason(after)
    return Effect.UNCHANGED if same else Effect.DIFFERENTLY_DROPPED


def _reason(made: Sent | NotSent | None) -> str:
    if made is None:
        return IGNORED
    return made.reason if isinstance(made, NotSent) else "sent"


def _ignored(destination: Destination, subscription: str, event: Event) -> NotSent:
    """Say why the subscription, which is not in the event's plan, does not take the event."""
    for item in destination.subscriptions:
        if item.id == subscription:
            return NotSent(IGNORED, destination.why_ignored(item, event) or "")
    return NotSent(IGNORED, "there is no such subscription")
