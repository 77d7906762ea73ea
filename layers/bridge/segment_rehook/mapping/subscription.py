"""One subscription: a trigger, an action and a mapping, compiled when destination.json is loaded.

Segment's screens call it a mapping; its API, and this code, a subscription.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from segment_rehook.mapping.errors import MappingInvalid, TriggerInvalid
from segment_rehook.mapping.fql import compile_trigger
from segment_rehook.mapping.mapping import CompiledMapping, compile_mapping
from segment_rehook.mapping.schema_check import Misshape, Shape, apart, check_shape, place_of
from segment_rehook.mapping.throws import When, throws
from segment_rehook.mapping.values import UNDEFINED, Value, type_words
from segment_rehook.segment.numbers import number_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from segment_rehook.mapping.fql_conditions import Condition
    from segment_rehook.segment.jsontext import JSON

__all__ = [
    "MAX_ID_CHARACTERS",
    "Subscription",
    "id_from_name",
    "read_subscription",
    "subscription_shape",
]

MAX_ID_CHARACTERS: Final = 100

_EXPORTED: Final[Mapping[str, Shape]] = {
    name: {"description": "Part of what Segment's Public API exports; ignored."}
    for name in (
        "actionId",
        "createdAt",
        "destinationId",
        "modelId",
        "reverseETLModelId",
        "reverseETLSchedule",
        "updatedAt",
    )
}


def subscription_shape(actions: Collection[str]) -> Shape:
    """Give the JSON Schema of a subscription to one of these actions."""
    return {
        "type": "object",
        "description": "Which events are taken, which call they make, and what it carries.",
        "additionalProperties": False,
        "required": ["actionSlug", "trigger", "settings"],
        "properties": {
            "id": {
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_ID_CHARACTERS,
                "pattern": r"^[^:\x00-\x1f\x7f]*$",
                "title": "text without a colon and without control characters",
                "description": "Names the subscription for good: deliveries are remembered by it. "
                "Without it, the name in lower case with hyphens is the id.",
            },
            "name": {"type": "string", "minLength": 1, "description": "For people."},
            "actionSlug": {
                "type": "string",
                "enum": list(actions),
                "description": "the call that is made",
            },
            "enabled": {"type": "boolean", "description": "false: takes no events."},
            "trigger": {
                "type": "string",
                "minLength": 1,
                "description": 'which events are taken, such as type = "track"',
            },
            "settings": {
                "type": "object",
                "description": "what each field of the call holds: a value or a directive",
            },
            "idempotencyKey": {
                "description": "A directive or a value that names the event instead of its "
                'messageId, such as {"@path": "$.properties.order_id"}: what bears the same key '
                "is delivered once.",
            },
            "segmentId": {
                "type": "string",
                "minLength": 1,
                "description": "The subscription's id at Segment: `segment-rehook import` writes "
                "it, and finds the subscription by it. The functions ignore it.",
            },
            **_EXPORTED,
        },
    }


@dataclass(frozen=True, slots=True)
class Subscription:
    """A compiled subscription.

    `passed` names the fields that take an object and are the copy of a top-level member of the
    event, and that member. `rest` maps the other fields and gives "" for these. `definition` is
    the subscription as it was written.
    """

    id: str
    name: str
    action: str
    enabled: bool
    trigger: Condition
    mapping: CompiledMapping
    passed: Mapping[str, str]
    rest: CompiledMapping
    idempotency_key: CompiledMapping | None
    definition: Mapping[str, JSON]

    def key(self, event: dict[str, JSON]) -> str | None:
        """Give the text of this event's idempotency key; None if it has none.

        A key is a non-empty text, a number or a boolean.
        Raises MappingError.
        """
        value = self._key_value(event)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, float)):
            return number_text(value)
        return value if isinstance(value, str) and value else None

    def key_type(self, event: dict[str, JSON]) -> str:
        """Name the type of what the idempotencyKey gives, for a person. Raises MappingError."""
        value = self._key_value(event)
        return "empty" if value == "" else type_words(value)

    def _key_value(self, event: dict[str, JSON]) -> Value:
        found = self.idempotency_key(event) if self.idempotency_key is not None else None
        return found.get("idempotencyKey", UNDEFINED) if isinstance(found, dict) else UNDEFINED


def read_subscription(
    raw: JSON, place: str, shape: Shape, objects: Collection[str]
) -> tuple[Subscription | None, list[Misshape]]:
    """Compile a subscription; if it has mistakes, give them all.

    `place` is as in `subscriptions[3]`; `objects` are the fields that take an
    object: an event's member can be sent there as the text that came.
    """
    mistakes = list(check_shape(raw, shape, place))
    if not isinstance(raw, dict):
        return None, mistakes
    trigger = _trigger(raw.get("trigger"), f"{place}.trigger", mistakes)
    settings = raw.get("settings")
    enabled = raw.get("enabled") is not False
    mapping = _mapping(settings, f"{place}.settings", mistakes, runs=enabled)
    key = None
    if "idempotencyKey" in raw:
        keyed: JSON = {"idempotencyKey": raw["idempotencyKey"]}
        key = _mapping(keyed, place, mistakes, runs=enabled)
    identity = _identity(raw, place, mistakes)
    if mistakes or trigger is None or mapping is None or not isinstance(settings, dict):
        return None, mistakes
    passed = {name: key for name, key in mapping.passthrough.items() if name in objects}
    rest = {name: "" if name in passed else value for name, value in settings.items()}
    subscription = Subscription(
        id=identity,
        name=str(raw.get("name", identity)),
        action=str(raw["actionSlug"]),
        enabled=enabled,
        trigger=trigger,
        mapping=mapping,
        passed=passed,
        rest=compile_mapping(rest) if passed else mapping,
        idempotency_key=key,
        definition=raw,
    )
    return subscription, mistakes


def id_from_name(name: str) -> str:
    """Give the id of a subscription that has none; empty if the name has no letter or digit."""
    return re.sub(r"[\W_]+", "-", name.lower()).strip("-")[:MAX_ID_CHARACTERS]


def _identity(raw: dict[str, Any], place: str, mistakes: list[Misshape]) -> str:
    if isinstance(raw.get("id"), str):
        return str(raw["id"])
    name = raw.get("name")
    slug = id_from_name(name) if isinstance(name, str) else ""
    if "id" not in raw and not slug:
        mistakes.append(Misshape(place, "has neither an id nor a name that gives one"))
    return slug


def _trigger(text: object, place: str, mistakes: list[Misshape]) -> Condition | None:
    if not isinstance(text, str) or not text.strip():
        return None
    try:
        return compile_trigger(text)
    except TriggerInvalid as error:
        mistakes.append(Misshape(place, f"can't be parsed, so it would match no event: {error}"))
        return None


def _mapping(
    raw: object, place: str, mistakes: list[Misshape], *, runs: bool
) -> CompiledMapping | None:
    """Compile a mapping. If it `runs`, a part that throws on every event is a mistake."""
    if not isinstance(raw, dict):
        return None
    mapping, refused = None, list[Misshape]()
    try:
        mapping = compile_mapping(raw)
    except MappingInvalid as invalid:
        refused = [
            Misshape(place_of(place, [mistake.path] if mistake.path else []), mistake.message)
            for mistake in invalid.mistakes
        ]
    thrown = [
        Misshape(place_of(place, each.path), f"fails on every event: {each.message}")
        for each in (throws(raw) if runs else ())
        if each.when is When.ALWAYS
    ]
    mistakes += [*refused, *apart(thrown, refused)]
    return mapping
