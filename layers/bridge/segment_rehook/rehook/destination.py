"""Reads destination.json, and plans the calls of an event.

    DestinationInvalid (ValueError)     the file has mistakes; all of them are named

Planning is pure: the same event, file and time give the same plan, and nothing
is remembered between events.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.schema_check import Misshape, Shape, check_shape
from segment_rehook.mapping.subscription import (
    Subscription,
    read_subscription,
    subscription_shape,
)
from segment_rehook.mapping.trigger_index import TriggerIndex
from segment_rehook.mapping.unmatched import unmatched
from segment_rehook.rehook import settings as settings_module
from segment_rehook.rehook.actions import ACTIONS, DEFAULT_SUBSCRIPTIONS
from segment_rehook.rehook.calls import call_of, mapping_fault
from segment_rehook.rehook.gates import refusal_of_age, refusal_of_event
from segment_rehook.rehook.plan import Call, Drop, Ignored, MappingFault, Plan
from segment_rehook.rehook.settings import Settings, read_settings, settings_mistakes
from segment_rehook.segment.canonical import canonical_text
from segment_rehook.segment.jsontext import JSON, JsonError, decode
from segment_rehook.segment.unreadable import UTF8_MARK, form_of, syntax_error_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segment_rehook.segment.event import Event

__all__ = ["SHAPE", "Destination", "DestinationInvalid", "load"]

MAX_SUBSCRIPTIONS: Final = 50
"""Segment's own limit for one destination (Rehook's page, "Mapping limits per destination")."""

VERSION_DIGITS: Final = 12

SUBSCRIPTION_SHAPE: Final[Shape] = subscription_shape(tuple(ACTIONS))

OBJECT_FIELDS: Final = frozenset(
    field.name for action in ACTIONS.values() for field in action.fields if field.kind == "object"
)

SHAPE: Final[Shape] = {
    "type": "object",
    "description": "What segment-rehook sends to Rehook, and under which rules.",
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "description": "For editors; ignored."},
        "settings": settings_module.SHAPE,
        "subscriptions": {
            "type": "array",
            "maxItems": MAX_SUBSCRIPTIONS,
            "description": "Segment's screens call them mappings. Without this key: Segment's two "
            "default ones.",
        },
    },
}


class DestinationInvalid(ValueError):
    """destination.json has mistakes. `mistakes` holds every one, with its place in the file."""

    def __init__(self, mistakes: Sequence[Misshape]) -> None:
        super().__init__(
            "; ".join(f"{mistake.place or 'the file'} {mistake.message}" for mistake in mistakes)
        )
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class Destination:
    """The rules in force. `subscriptions` are in the file's order, with the disabled ones.

    `index` finds the enabled ones that may take an event. `version` names the file that was read:
    the first hexadecimal digits of its bytes' SHA-256.
    """

    settings: Settings
    subscriptions: tuple[Subscription, ...]
    index: TriggerIndex = field(repr=False, compare=False)
    version: str = ""

    def plan(self, event: Event, now: float) -> Plan:
        """Plan the calls of an event. `now` is in seconds since 1970.

        There is one entry for each subscription that takes the event, in their order. Rules for
        the whole event apply only where a subscription takes it.
        """
        kind = event.type
        if kind in self.settings.ignored_types:
            return ()
        candidates, reads = self.index.candidates(kind, event.name)
        payload = event.payload(reads)
        entries: list[Call | Drop | MappingFault] = []
        for subscription, matches in candidates:
            try:
                if matches or subscription.trigger.holds(payload):
                    entries.append(self._planned(subscription, event, now))
            except MappingError as error:
                entries.append(mapping_fault(subscription, event, error))
        return tuple(entries)

    def plan_for(self, event: Event, subscription_id: str) -> Call | Drop | MappingFault | None:
        """Plan one subscription's part again, for an operator's redrive.

        None if the subscription was removed or disabled, or no longer takes the event. The event's
        age is not checked again: it was checked when the event came.
        """
        for item in self.subscriptions:
            if item.id == subscription_id:
                try:
                    return self._planned(item, event, None) if self.takes(item, event) else None
                except MappingError as error:
                    return mapping_fault(item, event, error)
        return None

    def ignored(self, event: Event) -> tuple[Ignored, ...]:
        """Say why each subscription that does not take the event does not. Raises nothing."""
        found: list[Ignored] = []
        for item in self.subscriptions:
            try:
                why = self.why_ignored(item, event)
            except MappingError:
                continue  # a fault, which is part of the plan
            if why is not None:
                found.append(Ignored(item.id, why))
        return tuple(found)

    def why_ignored(self, subscription: Subscription, event: Event) -> str | None:
        """Say why the subscription does not take the event; None if it does.

        The text has a few hundred characters and no value of the event. Raises MappingError where
        the trigger throws.
        """
        if not subscription.enabled:
            return "the subscription is disabled"
        if event.type in self.settings.ignored_types:
            return f"settings.eventTypes keeps {event.type} calls from the subscriptions"
        return unmatched(subscription.trigger, event.members(subscription.trigger.reads))

    def takes(self, subscription: Subscription, event: Event) -> bool:
        """Whether a subscription is enabled, may see such events, and its trigger matches.

        Raises MappingError where the trigger throws.
        """
        if not subscription.enabled or event.type in self.settings.ignored_types:
            return False
        return subscription.trigger.holds(event.payload(subscription.trigger.reads))

    def _planned(
        self, subscription: Subscription, event: Event, now: float | None
    ) -> Call | Drop | MappingFault:
        refusal = refusal_of_event(event, self.settings)
        if refusal is None and now is not None and self.settings.max_event_age is not None:
            refusal = refusal_of_age(event, self.settings, now)
        if refusal is not None:
            return Drop(subscription.id, *refusal)
        return call_of(subscription, event, self.settings)


def load(text: bytes | None) -> Destination:
    """Read destination.json. None means Segment's defaults. A byte order mark is skipped.

    Raises DestinationInvalid.
    """
    if text is None:
        default = canonical_text({"subscriptions": DEFAULT_SUBSCRIPTIONS})
        return _build({}, version_of(default))
    version = version_of(text)
    text = text.removeprefix(UTF8_MARK)
    try:
        raw = decode(text)
    except JsonError as error:
        raise DestinationInvalid([Misshape("", _why_unreadable(text, error))]) from None
    return _build(raw, version)


def version_of(content: bytes) -> str:
    """Name a destination file by its content: the first VERSION_DIGITS of its SHA-256."""
    return hashlib.sha256(content).hexdigest()[:VERSION_DIGITS]


def _build(raw: JSON, version: str) -> Destination:
    mistakes = list(check_shape(raw, SHAPE, ""))
    raw = raw if isinstance(raw, dict) else {}
    rules = raw.get("settings", {})
    if not mistakes and isinstance(rules, dict):
        mistakes += settings_mistakes(rules, "settings")
    definitions = raw.get("subscriptions", DEFAULT_SUBSCRIPTIONS)
    subscriptions: list[Subscription] = []
    places: dict[str, str] = {}
    for index, definition in enumerate(definitions if isinstance(definitions, list) else ()):
        place = f"subscriptions[{index}]"
        subscription, found = read_subscription(
            definition, place, SUBSCRIPTION_SHAPE, OBJECT_FIELDS
        )
        mistakes += found
        if subscription is None:
            continue
        if subscription.id in places:
            other = places[subscription.id]
            message = f'has the id "{subscription.id}", as {other} does; give one of them an id'
            mistakes.append(Misshape(place, message))
        places.setdefault(subscription.id, place)
        subscriptions.append(subscription)
    if mistakes or not isinstance(rules, dict):
        raise DestinationInvalid(mistakes)
    triggers = TriggerIndex(subscriptions)
    return Destination(read_settings(rules), tuple(subscriptions), triggers, version)


def _why_unreadable(text: bytes, error: JsonError) -> str:
    """Name the format, or the line and column of the first mistake, for a person with an editor."""
    form = form_of(text)
    if form is not None:
        return f"is {form}, and must be JSON in UTF-8"
    fault = syntax_error_of(text)
    if fault is None:
        return f"is not JSON: {error}"
    return f"is not JSON: line {fault.line}, column {fault.column}: {fault.reason}"
