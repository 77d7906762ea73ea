"""`settings` of destination.json: rules beyond the mappings.

SHAPE describes each setting once, for the check at start-up, the editors'
schema and the reader below. With the defaults the bridge does what Segment's
hosted destination does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from segment_rehook.mapping.mapping import CompiledMapping, compile_mapping
from segment_rehook.mapping.schema_check import Misshape, Shape
from segment_rehook.rehook.trait_checks import TRAIT_CHECKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["INCLUDED", "SHAPE", "Settings", "TraitName", "read_settings", "settings_mistakes"]

INCLUDED: Final = "value"
"""The only field of an included field's mapping."""

_EVENT_NAMES: Final[Shape] = {
    "type": "array",
    "minItems": 1,
    "uniqueItems": True,
    "items": {"type": "string", "minLength": 1},
}

SHAPE: Final[Shape] = {
    "type": "object",
    "description": "Rules beyond the mappings. All optional.",
    "additionalProperties": False,
    "properties": {
        "allowedEvents": {
            **_EVENT_NAMES,
            "description": "Only track events of these names are sent, as Segment names them.",
        },
        "deniedEvents": {
            **_EVENT_NAMES,
            "description": "Track events of these names are dropped, as Segment names them.",
        },
        "maxEventAgeHours": {
            "type": "number",
            "exclusiveMinimum": 0,
            "description": "Events with an older timestamp are dropped (back-fills, replays).",
        },
        "eventTypes": {
            "type": "object",
            "description": "Calls of these types: left to the subscriptions, or kept from them.",
            "additionalProperties": False,
            "properties": {
                name: {"type": "string", "enum": ["subscriptions", "ignore"]}
                for name in ("page", "screen", "group", "alias", "delete")
            },
        },
        "traitNames": {
            "type": "object",
            "description": "Traits that become reserved customer properties: trait to property.",
            "additionalProperties": {
                "anyOf": [
                    {"type": "string", "minLength": 1},
                    {
                        "type": "object",
                        "required": ["name"],
                        "additionalProperties": False,
                        "properties": {
                            "name": {
                                "type": "string",
                                "minLength": 1,
                                "description": "the property's name in Rehook",
                            },
                            "check": {
                                "type": "string",
                                "enum": sorted(TRAIT_CHECKS),
                                "description": "a value that fails it is left out and noted",
                            },
                        },
                    },
                ]
            },
        },
        "eventNames": {
            "type": "object",
            "description": "Other names for events: name as mapped, to name in Rehook.",
            "additionalProperties": {"type": "string", "minLength": 1},
        },
        "eventNamePrefix": {
            "type": "string",
            "maxLength": 100,
            "description": "Put before every event's name, after eventNames.",
        },
        "conversionEvents": {
            "type": "object",
            "description": "Rehook's conversion events, by their name in Rehook: what is done "
            "without a referral code.",
            "additionalProperties": {"type": "string", "enum": ["direct", "drop"]},
        },
        "includeFields": {
            "type": "object",
            "description": "Fields of the event put into metadata: name there, to path.",
            "additionalProperties": {"type": "string", "minLength": 1},
        },
        "referralConflict": {
            "type": "string",
            "enum": ["park", "resend"],
            "description": "When Rehook says that an identify's referral code is another user's: "
            "park it, or send it again without the code.",
        },
    },
}


@dataclass(frozen=True, slots=True)
class TraitName:
    """The property that a trait becomes, and the name of the check its value must pass."""

    name: str
    check: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The rules in force. `max_event_age` is in seconds; None means no limit.

    `allowed_events` None means all. `referral_conflict` is used after Rehook's
    answer, not for planning.
    """

    allowed_events: frozenset[str] | None = None
    denied_events: frozenset[str] = frozenset()
    max_event_age: float | None = None
    ignored_types: frozenset[str] = frozenset()
    trait_names: Mapping[str, TraitName] = field(default_factory=lambda: MappingProxyType({}))
    event_names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    event_name_prefix: str = ""
    conversion_events: Mapping[str, Literal["direct", "drop"]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    include_fields: Mapping[str, CompiledMapping] = field(
        default_factory=lambda: MappingProxyType({})
    )
    referral_conflict: Literal["park", "resend"] = "park"


def settings_mistakes(raw: dict[str, Any], place: str) -> Iterator[Misshape]:
    """Find the mistakes that SHAPE can't describe: two traits that become one property."""
    taken: dict[str, str] = {}
    for trait, target in raw.get("traitNames", {}).items():
        name = target if isinstance(target, str) else target["name"]
        if name in taken:
            message = f'gives "{name}", as "{taken[name]}" does already; one of them has to go'
            yield Misshape(f"{place}.traitNames.{trait}", message)
        taken.setdefault(name, trait)


def read_settings(raw: dict[str, Any]) -> Settings:
    """Read settings that have no mistakes."""
    allowed = raw.get("allowedEvents")
    hours = raw.get("maxEventAgeHours")
    return Settings(
        allowed_events=None if allowed is None else frozenset(allowed),
        denied_events=frozenset(raw.get("deniedEvents", ())),
        max_event_age=None if hours is None else hours * 3600,
        ignored_types=frozenset(
            name for name, policy in raw.get("eventTypes", {}).items() if policy == "ignore"
        ),
        trait_names=MappingProxyType(
            {trait: _trait_name(target) for trait, target in raw.get("traitNames", {}).items()}
        ),
        event_names=MappingProxyType(raw.get("eventNames", {})),
        event_name_prefix=raw.get("eventNamePrefix", ""),
        conversion_events=MappingProxyType(raw.get("conversionEvents", {})),
        include_fields=MappingProxyType(
            {
                name: compile_mapping({INCLUDED: {"@path": path}})
                for name, path in raw.get("includeFields", {}).items()
            }
        ),
        referral_conflict=raw.get("referralConflict", "park"),
    )


def _trait_name(target: str | dict[str, str]) -> TraitName:
    return TraitName(target) if isinstance(target, str) else TraitName(**target)
