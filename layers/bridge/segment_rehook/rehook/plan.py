"""What one event comes to, before anything is sent.

Owns the vocabulary that the mapping side hands to delivery: a call to make, a
drop with its reason, or a fault. Plain values: whoever delivers, previews or
redrives an event reads the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

__all__ = ["Call", "Drop", "DropReason", "Ignored", "MappingFault", "Plan", "Request"]


class DropReason(StrEnum):
    """Why an event, or one subscription's delivery of it, is not sent.

    A closed set: answers, logs, metrics and the documentation name these and no
    others.
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

    `user` is the `source_id` as Rehook will see it. `key` is the text of the
    subscription's `idempotencyKey` for this event; None means that Segment's
    messageId identifies the delivery. For a person to read, and never with a
    value from the event: `notes` says what the settings changed, `warnings`
    what is hardly meant (a value left out, a key that names nothing).
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

    `subscription` is None where the rule concerns the event as a whole.
    """

    subscription: str | None
    reason: DropReason
    detail: str


class MappingFault(msgspec.Struct, frozen=True, gc=False):
    """A directive threw on this event: parked as `mapping_error`, never retried.

    `detail` is the mapping engine's own message. `key` is as in `Call`: a subscription that can't
    map an event may still know which one it is. None also where the key itself threw.
    """

    subscription: str
    detail: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A subscription does not take the event. `why` has places and types, no value of it."""

    subscription: str
    why: str


Plan = tuple[Call | Drop | MappingFault, ...]
"""In the order of the subscriptions; empty where no subscription matched."""
