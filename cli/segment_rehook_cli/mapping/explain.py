"""Why a subscription takes an event or not, and where each field of its call comes from.

An explanation is plain data, in the form that `preview --explain --json` prints. For a person it is
put into words by `explanation_text`. Both are all that a command needs to explain a mapping.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NotRequired, TypedDict

from segment_rehook.mapping.errors import LanguageError, MappingError
from segment_rehook.mapping.mapping import compile_mapping
from segment_rehook.rehook.actions import ACTIONS
from segment_rehook.rehook.plan import Call, Drop, MappingFault
from segment_rehook.segment.jsontext import JSON, decode_slowly

if TYPE_CHECKING:
    from segment_rehook.mapping.fields import Field
    from segment_rehook.mapping.subscription import Subscription
    from segment_rehook.rehook.destination import Destination
    from segment_rehook.segment.event import Event

__all__ = ["Explanation", "FieldOrigin", "explain"]

_STRING: Final = re.compile(r'"[^"]*"')
_PLACE: Final = re.compile(
    r"\b(?:(?:properties|traits|context)(?:\.\w+)+|type|event|name|userId)\b"
)


class FieldOrigin(TypedDict, total=False):
    """Where a field's value comes from.

    `mapping`: as it is written. `reads`: the event's members that it reads, or `the whole event`.
    `gave`: its result, or `threw`: the engine's error. `sent`: after all checks and settings.
    """

    mapping: JSON
    reads: list[str] | str
    gave: JSON
    threw: str
    sent: JSON


class Explanation(TypedDict):
    """One subscription's part of an event. It has values of the event: personal data.

    `why` and `detail` have none. `saw`: what the event has at the places that the trigger names.
    The others are there if the subscription takes the event. `dropped` is the reason why no call
    is made, `mapping_error` included, `detail` a sentence about it; `notes` say what settings did.
    """

    subscription: str
    matched: bool
    trigger: JSON
    why: str
    saw: dict[str, JSON]
    fields: NotRequired[dict[str, FieldOrigin]]
    dropped: NotRequired[str]
    detail: NotRequired[str]
    idempotencyKey: NotRequired[str | None]
    notes: NotRequired[list[str]]


def explain(destination: Destination, event: Event) -> list[Explanation]:
    """Explain each subscription's part, in their order, whether it takes the event or not.

    The event's age is not checked: that needs the time at which it came.
    """
    return [_explained(item, event, destination) for item in destination.subscriptions]


def _explained(subscription: Subscription, event: Event, destination: Destination) -> Explanation:
    try:
        ignored = destination.why_ignored(subscription, event)
        taken, why = ignored is None, ignored or "the trigger matches the values in `saw`"
    except MappingError as error:
        taken, why = False, f"the trigger threw: {error}"
    entry: Explanation = {
        "subscription": subscription.id,
        "matched": taken,
        "trigger": subscription.definition["trigger"],
        "why": why,
        "saw": _saw(str(subscription.definition["trigger"]), event),
    }
    if not taken:
        return entry
    planned = destination.plan_for(event, subscription.id)
    sent = decode_slowly(planned.request.body) if isinstance(planned, Call) else None
    entry["fields"] = {
        field.name: _field(field, subscription, event, sent)
        for field in ACTIONS[subscription.action].fields
    }
    match planned:
        case Call():
            entry["idempotencyKey"] = planned.key
            entry["notes"] = [*planned.warnings, *planned.notes]
        case Drop():
            entry["dropped"], entry["detail"] = str(planned.reason), planned.detail
        case MappingFault():
            entry["dropped"], entry["detail"] = "mapping_error", planned.detail
    return entry


def _saw(trigger: str, event: Event) -> dict[str, JSON]:
    """Return the event's value at each place that the trigger names; null if it has none."""
    names = _PLACE.findall(_STRING.sub('""', trigger))
    return {name: _origin({"@path": f"$.{name}"}, event).get("gave") for name in names}


def _field(field: Field, subscription: Subscription, event: Event, sent: JSON) -> FieldOrigin:
    """Return a field's mapping, its result, and what is sent after checks and settings."""
    entry: FieldOrigin = {}
    settings = subscription.definition["settings"]
    if isinstance(settings, dict) and field.name in settings:
        entry["mapping"] = settings[field.name]
        entry.update(_origin(settings[field.name], event))
    if isinstance(sent, dict) and field.name in sent:
        entry["sent"] = sent[field.name]
    return entry


def _origin(mapping: JSON, event: Event) -> FieldOrigin:
    """Run a mapping alone; return what it reads, and its result or what it throws."""
    entry: FieldOrigin = {}
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
