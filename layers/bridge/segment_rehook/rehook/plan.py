"""The plan of one event: for each subscription a call, a drop with its reason, or a fault.

These are plain values. Delivery, preview and redrive read the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

__all__ = ["Call", "Drop", "DropReason", "Ignored", "MappingFault", "Plan", "Request"]


class DropReason(StrEnum):
    """Why an event, or one subscription's delivery of it, is not sent.

    The set is closed: answers, logs, metrics and documentation use only these.
    """

    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    TOO_DEEP = "too_deep"
    MISSING_USER_ID = "missing_user_id"
    INVALID_FIELDS = "invalid_fields"
    INTEGRATION_DISABLED = "integration_disabled"
    DENIED_EVENT = "denied_event"
    TOO_OLD = "too_old"
    CONVERSION_WITHOUT_CODE = "conversion_without_code"


class Request(msgspec.Struct, frozen=True, gc=False):
    """An HTTP call to Rehook, without its base URL and credentials."""

    method: str
    path: str
    body: bytes


class Call(msgspec.Struct, frozen=True, gc=False):
    """A request that one subscription makes of the event.

    `user` is the `source_id` that Rehook gets. `key` is the text of the subscription's
    `idempotencyKey` for this event; None means that Segment's messageId identifies the delivery.
    `notes` says what the settings changed, `warnings` what is probably a mistake (a value left
    out, a key without a value). Both are for a person, and have no value of the event.
    """

    subscription: str
    action: str
    user: str
    key: str | None
    request: Request
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Drop(msgspec.Struct, frozen=True, gc=False):
    """A rule says that this is not sent.

    `subscription` is None if the rule is about the whole event.
    """

    subscription: str | None
    reason: DropReason
    detail: str


class MappingFault(msgspec.Struct, frozen=True, gc=False):
    """A directive threw on this event: parked as `mapping_error`, never retried.

    `detail` is the mapping engine's own message. `key` is as in `Call`, since the key may have a
    value though the mapping threw; None also if the key itself threw.
    """

    subscription: str
    detail: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A subscription does not take the event. `why` names places and types, and no value."""

    subscription: str
    why: str


Plan = tuple[Call | Drop | MappingFault, ...]
"""One entry for each subscription that takes the event, in their order."""
