"""Why a subscription takes an event or not, and where each field of its call comes from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from segment_rehook.mapping.errors import LanguageError, MappingError
from segment_rehook.mapping.mapping import compile_mapping
from segment_rehook.rehook.actions import ACTIONS
from segment_rehook.rehook.calls import call_of
from segment_rehook.rehook.plan import Call
from segment_rehook.segment.event import UnreadableEvent
from segment_rehook.segment.jsontext import JSON, decode_slowly

if TYPE_CHECKING:
    from segment_rehook.mapping.fields import Field
    from segment_rehook.mapping.subscription import Subscription
    from segment_rehook.rehook.destination import Destination
    from segment_rehook.segment.event import Event

__all__ = ["explain"]

_STRING: Final = re.compile(r'"[^"]*"')
_PLACE: Final = re.compile(
    r"\b(?:(?:properties|traits|context)(?:\.\w+)+|type|event|name|userId)\b"
)


def explain(event: Event | UnreadableEvent, destination: Destination) -> list[JSON]:
    """Return one entry per subscription, whether it takes the event or not."""
    if isinstance(event, UnreadableEvent):
        return []
    return [_explained(item, event, destination) for item in destination.subscriptions]


def _explained(subscription: Subscription, event: Event, destination: Destination) -> JSON:
    try:
        ignored = destination.why_ignored(subscription, event)
        taken, why = ignored is None, ignored or "the trigger matches the values in `saw`"
    except MappingError as error:
        taken, why = False, f"the trigger threw: {error}"
    entry: dict[str, JSON] = {
        "subscription": subscription.id,
        "matched": taken,
        "trigger": subscription.definition["trigger"],
        "why": why,
        "saw": _saw(str(subscription.definition["trigger"]), event),
    }
    if taken:
        call = call_of(subscription, event, destination.settings)
        sent = decode_slowly(call.request.body) if isinstance(call, Call) else None
        entry["fields"] = {
            field.name: _field(field, subscription, event, sent)
            for field in ACTIONS[subscription.action].fields
        }
        if isinstance(call, Call):
            entry["idempotencyKey"] = call.key
            entry["notes"] = [*call.warnings, *call.notes]
    return entry


def _saw(trigger: str, event: Event) -> dict[str, JSON]:
    """Return the event's value at each place that the trigger names; null if it has none."""
    names = _PLACE.findall(_STRING.sub('""', trigger))
    return {name: _gave({"@path": f"$.{name}"}, event).get("gave") for name in names}


def _field(field: Field, subscription: Subscription, event: Event, sent: JSON) -> JSON:
    """Return a field's mapping, its result, and what is sent after checks and settings."""
    entry: dict[str, JSON] = {}
    settings = subscription.definition["settings"]
    if isinstance(settings, dict) and field.name in settings:
        entry["mapping"] = settings[field.name]
        entry |= _gave(settings[field.name], event)
    if isinstance(sent, dict) and field.name in sent:
        entry["sent"] = sent[field.name]
    return entry


def _gave(mapping: JSON, event: Event) -> dict[str, JSON]:
    """Run a mapping alone; return what it reads, and its result or what it throws."""
    entry: dict[str, JSON] = {}
    try:
        compiled = compile_mapping({"value": mapping})
        reads = compiled.reads
        entry["reads"] = "the whole event" if reads is None else [*sorted(reads)]
        gave = compiled(event.members(reads))
    except LanguageError as error:  # under a root directive, single fields are not validated
        entry["threw"] = str(error).strip()
        return entry
    if isinstance(gave, dict) and "value" in gave:
        entry["gave"] = gave["value"]
    return entry
