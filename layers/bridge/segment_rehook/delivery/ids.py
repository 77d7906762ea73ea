"""The names of things: deliveries, users, groups, and SQS's deduplication ids.

A delivery's id is what the whole promise hangs on, so each rule here is there to keep two
different deliveries from sharing one, or one from having two.
"""

from __future__ import annotations

import hashlib
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING

from segment_rehook.segment.canonical import canonical_text

if TYPE_CHECKING:
    from segment_rehook.segment.event import Event
    from segment_rehook.segment.jsontext import JSON

# Segment's own limit for a messageId.
MAX_KEY_CHARACTERS = 100
# What begins like a derived key is hashed, so that no sender can write one.
DERIVED = ("k:", "h:", "s:")
# These differ from one attempt of Segment's to the next.
UNSTABLE = frozenset({"sentAt", "receivedAt"})
_SUBJECT = frozenset({"type", "event", "userId"})
_CONTENT = _SUBJECT | {"properties", "traits"}


def event_key(event: Event) -> str | None:
    """Segment's messageId; without one, a hash of an event that has a timestamp; else None."""
    message_id = event.message_id
    if message_id is not None:
        return _bounded(message_id)
    members = event.members()
    if not members.get("timestamp"):
        return None
    return "s:" + _digest({name: members[name] for name in members if name not in UNSTABLE})


def business_key(value: str) -> str:
    """The event key of a subscription with an `idempotencyKey` that came to `value`."""
    return "k:" + _bounded(value)


def delivery_id(key: str, subscription: str) -> str:
    """One event for one subscription. A subscription's id has no colon, so this can be undone."""
    return f"{key}:{subscription}"


def subscription_of(delivery: str) -> str:
    """The subscription's id within a delivery's."""
    return delivery.rpartition(":")[2]


def user_hash(source_id: str) -> str:
    """What stands for a user in group ids and marks, which show up in consoles and metrics."""
    return _hash("user", source_id)


def fingerprint(event: Event, *, by_business_key: bool) -> str:
    """Tells apart two events that claim one id: by type, event, userId, properties and traits.

    It is taken of the event as it was sent, not as it was mapped: a new mapping between Segment's
    tries does not make another event of it. Under a business key one event may come with several
    payloads (a reloaded page has another URL), so those have a part of their own: see `same_event`.
    """
    whole = _digest(event.members(_CONTENT))[:32]
    return f"{_digest(event.members(_SUBJECT))[:32]}.{whole}" if by_business_key else whole


def same_event(one: str, other: str) -> bool:
    """Whether two fingerprints under one id are the same event's, with whatever payloads."""
    return one.partition(".")[0] == other.partition(".")[0]


def dead_letter_dedupe(delivery: str, content: str, nonce: str) -> str:
    """New with each claim that failed; the same for every unclaimed copy (`nonce` empty).

    With the event's fingerprint: of two events under one id, SQS must not swallow the second.
    """
    return _hash("dead letter", delivery, content, nonce)


def parked_dedupe(delivery: str, epoch: int) -> str:
    """New with each parking."""
    return _hash("parked", delivery, str(epoch))


def conflict_dedupe(message_id: str) -> str:
    """Of what is parked without an epoch: new with each message, and so with each redrive."""
    return _hash("conflict", message_id)


def sent_back_dedupe(sqs_message_id: str) -> str:
    """New with each message that the command line sends back: SQS names it anew each time."""
    return _hash("sent back", sqs_message_id)


def delivery_group(delivery: str) -> str:
    """A group of its own for each delivery: SQS shows at most ten messages of one group."""
    return _hash("delivery", delivery)


def _bounded(text: str) -> str:
    """Fit for a DynamoDB key and an SQS attribute: short printable ASCII, else a hash."""
    plain = text.isascii() and text.isprintable() and len(text) <= MAX_KEY_CHARACTERS
    if plain and not text.startswith(DERIVED):
        return text
    return "h:" + _hash("key", text)


def _hash(first: str, *others: str) -> str:
    """Hash what `json.dumps` writes of the parts, made without its cost."""
    text = f"[{encode_basestring_ascii(first)}"
    for part in others:
        text += f", {encode_basestring_ascii(part)}"
    return _sha256(f"{text}]".encode())


def _digest(value: JSON) -> str:
    return _sha256(canonical_text(value))


def _sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
