"""Makes the call of one subscription for one event, or says why there is none.

The steps, in order: map, check the action's fields, apply the settings, encode.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.fields import FieldsInvalid, check_fields
from segment_rehook.rehook.actions import ACTIONS
from segment_rehook.rehook.adjust import ConversionWithoutCode, adjust, changes, changes_metadata
from segment_rehook.rehook.plan import Call, Drop, DropReason, MappingFault, Request
from segment_rehook.segment.jsontext import encode

if TYPE_CHECKING:
    from segment_rehook.mapping.subscription import Subscription
    from segment_rehook.rehook.settings import Settings
    from segment_rehook.segment.event import Event

__all__ = ["call_of", "mapping_fault"]

_FIELDS: Final = {
    slug: {field.name: field for field in action.fields} for slug, action in ACTIONS.items()
}


def call_of(
    subscription: Subscription, event: Event, settings: Settings
) -> Call | Drop | MappingFault:
    """Make a subscription's call for an event. The trigger is not asked."""
    action = ACTIONS[subscription.action]
    try:
        changed = changes(action.slug, settings)
        whole = not (changed and changes_metadata(action.slug, settings))
        payload = _payload(subscription, event, passing=whole)
        notes: tuple[str, ...] = ()
        warnings: tuple[str, ...] = ()
        if changed:
            included = event.members(_included_reads(settings))
            payload, notes, warnings = adjust(action.slug, payload, settings, included)
        key = None
        if subscription.idempotency_key is not None:
            keyed = event.members(subscription.idempotency_key.reads)
            key = subscription.key(keyed)
            if key is None:
                warnings += (_no_key(subscription.key_type(keyed)),)
    except MappingError as error:
        return mapping_fault(subscription, event, error)
    except FieldsInvalid as invalid:
        return _invalid(subscription, invalid, event)
    except ConversionWithoutCode:
        detail = "settings.conversionEvents drops this event without a referral code."
        return Drop(subscription.id, DropReason.CONVERSION_WITHOUT_CODE, detail)
    request = Request("POST", action.path, encode(payload))
    user = str(payload["source_id"])
    return Call(subscription.id, action.slug, user, key, request, notes, warnings)


def mapping_fault(subscription: Subscription, event: Event, error: MappingError) -> MappingFault:
    """Make the fault of a mapping that threw, with the event's business key if it has one."""
    key = None
    if subscription.idempotency_key is not None:
        with suppress(MappingError):
            key = subscription.key(event.members(subscription.idempotency_key.reads))
    return MappingFault(subscription.id, str(error), key)


def _payload(subscription: Subscription, event: Event, *, passing: bool) -> dict[str, Any]:
    """Map the event and check the fields. Raises MappingError and FieldsInvalid.

    `passing`: unchanged members are the text that came, where it may be sent so.
    """
    texts = _passed_texts(subscription, event) if passing else None
    mapping = subscription.mapping if texts is None else subscription.rest
    mapped = mapping.resolve(event.payload(mapping.reads))
    if texts and isinstance(mapped, dict):
        mapped = {**mapped, **texts}
    return check_fields(mapped, _FIELDS[subscription.action])


def _passed_texts(subscription: Subscription, event: Event) -> dict[str, msgspec.Raw] | None:
    """Give the fields in `passed` as the texts that came; None if one may not be sent so."""
    texts: dict[str, msgspec.Raw] = {}
    for name, source in subscription.passed.items():
        text = event.passable(source)
        if text is None:
            return None
        texts[name] = msgspec.Raw(text)
    return texts


def _included_reads(settings: Settings) -> frozenset[str] | None:
    """Name the members that the included fields read; None if one may read any."""
    reads: frozenset[str] = frozenset()
    for path in settings.include_fields.values():
        if path.reads is None:
            return None
        reads |= path.reads
    return reads


def _no_key(found: str) -> str:
    return (
        f"idempotencyKey is {found}, not a text, a number, true or false: the messageId counts"
        " instead, so the same again under another messageId is delivered again"
    )


def _invalid(subscription: Subscription, invalid: FieldsInvalid, event: Event) -> Drop:
    detail = str(invalid)
    if "source_id" not in invalid.missing:
        return Drop(subscription.id, DropReason.INVALID_FIELDS, detail)
    properties = event.member("properties")
    if isinstance(properties, dict) and properties.get("userId"):
        detail += (
            " The event carries userId inside properties:"
            " presets/user-id-in-properties.json takes it from there."
        )
    elif event.member("anonymousId"):
        detail += " The event has an anonymousId, but Rehook knows customers by userId only."
    return Drop(subscription.id, DropReason.MISSING_USER_ID, detail)
