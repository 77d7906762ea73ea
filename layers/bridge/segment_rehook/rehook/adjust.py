"""Changes a mapped and checked payload as the settings say, in this order.

identifyUser: `traitNames`, `includeFields`.
trackEvent: `eventNames`, `eventNamePrefix`, `conversionEvents` (which therefore
names events as Rehook knows them), `includeFields`.

A setting that is not set changes nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from segment_rehook.mapping.values import type_words
from segment_rehook.rehook.actions import IDENTIFY_USER
from segment_rehook.rehook.settings import INCLUDED
from segment_rehook.rehook.trait_checks import TRAIT_CHECKS

if TYPE_CHECKING:
    from segment_rehook.rehook.settings import Settings
    from segment_rehook.segment.jsontext import JSON

__all__ = ["Adjusted", "ConversionWithoutCode", "adjust", "changes", "changes_metadata"]

_REFERRAL_CODE: Final = "referral_code"
_SPELLINGS: Final = frozenset({"referralcode", "refcode"})

Metadata = dict[str, Any]


class Adjusted(NamedTuple):
    """A payload after the settings' changes. The texts name settings and fields, never values.

    `notes` says what was changed, `warnings` which values of the event are not sent to Rehook.
    """

    payload: dict[str, Any]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


class ConversionWithoutCode(Exception):
    """A conversion event carries no referral code, and the setting says "drop"."""


def changes_metadata(action: str, settings: Settings) -> bool:
    """Whether the settings may change `metadata`: it can't be sent as the text that came."""
    if settings.include_fields:
        return True
    if action == IDENTIFY_USER.slug:
        return bool(settings.trait_names)
    return bool(settings.conversion_events)


def changes(action: str, settings: Settings) -> bool:
    """Whether the settings may change anything in a payload of this action."""
    if settings.event_names or settings.event_name_prefix:
        return True
    return changes_metadata(action, settings)


def adjust(
    action: str, payload: dict[str, Any], settings: Settings, event: dict[str, JSON]
) -> Adjusted:
    """Change a payload as the settings say, and say what was changed.

    `event` has at least the members that the included fields read. Raises ConversionWithoutCode.
    """
    notes: list[str] = []
    warnings: list[str] = []
    adjusted = dict(payload)
    if action == IDENTIFY_USER.slug:
        if settings.trait_names and "metadata" in adjusted:
            traits = adjusted["metadata"]
            adjusted["metadata"] = _with_trait_names(traits, settings, notes, warnings)
    else:
        adjusted["event_name"] = _event_name(adjusted["event_name"], settings, notes)
        _mark_conversion(adjusted, settings, notes)
    if settings.include_fields:
        _include(adjusted, settings, event, notes)
    return Adjusted(adjusted, tuple(notes), tuple(warnings))


def _with_trait_names(
    traits: Metadata, settings: Settings, notes: list[str], warnings: list[str]
) -> Metadata:
    kept = {name: value for name, value in traits.items() if name not in settings.trait_names}
    for trait, target in settings.trait_names.items():
        if trait not in traits:
            continue
        value = traits[trait]
        if target.check is not None and not (
            isinstance(value, str) and TRAIT_CHECKS[target.check](value)
        ):
            found = f"it is {type_words(value)} that fails the check {target.check}"
            warnings.append(f"traitNames: {trait} is left out, {found}")
            continue
        kept[target.name] = value
        notes.append(f"traitNames: {trait} is sent as {target.name}")
    return kept


def _event_name(name: str, settings: Settings, notes: list[str]) -> str:
    if name in settings.event_names:
        name = settings.event_names[name]
        notes.append("eventNames: event_name is renamed")
    if settings.event_name_prefix:
        name = settings.event_name_prefix + name
        notes.append("eventNamePrefix: event_name is prefixed")
    return name


def _mark_conversion(payload: dict[str, Any], settings: Settings, notes: list[str]) -> None:
    """Give a conversion event the `referral_code` that Rehook requires.

    An empty code means a direct sign-up (Rehook's trigger-event reference).
    """
    policy = settings.conversion_events.get(payload["event_name"])
    if policy is None:
        return
    metadata: Metadata = payload.get("metadata", {})
    spelling = _referral_spelling(metadata)
    if spelling == _REFERRAL_CODE:
        return
    if spelling is not None:
        payload["metadata"] = {**metadata, _REFERRAL_CODE: metadata[spelling]}
        notes.append(f"conversionEvents: referral_code is taken from {spelling}")
    elif policy == "direct":
        payload["metadata"] = {**metadata, _REFERRAL_CODE: ""}
        notes.append("conversionEvents: no referral code, referral_code is sent empty")
    else:
        raise ConversionWithoutCode


def _referral_spelling(metadata: Metadata) -> str | None:
    """Find the key of a referral code: `referral_code` or another spelling of it."""
    for key in (_REFERRAL_CODE, *metadata):
        value = metadata.get(key)
        usable = isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip()
        if usable and re.sub(r"[^a-z]", "", key.lower()) in _SPELLINGS:
            return key
    return None


def _include(
    payload: dict[str, Any], settings: Settings, event: dict[str, JSON], notes: list[str]
) -> None:
    metadata: Metadata = dict(payload.get("metadata", {}))
    for name, path in settings.include_fields.items():
        found = path(event)
        if not isinstance(found, dict) or INCLUDED not in found:
            continue
        if name in metadata:
            notes.append(f"includeFields: {name} is kept as the event has it")
            continue
        metadata[name] = found[INCLUDED]
        notes.append(f"includeFields: {name} is added")
    if metadata:
        payload["metadata"] = metadata
