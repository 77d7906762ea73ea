"""The ids of deliveries, users and groups, and SQS's deduplication ids.

The bridge's promise depends on a delivery's id: two deliveries must never share an id, and one
delivery must never have two.
"""

from __future__ import annotations

import hashlib
import hmac
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING

from segment_rehook.segment.canonical import canonical_text

if TYPE_CHECKING:
    from segment_rehook.segment.event import Event
    from segment_rehook.segment.jsontext import JSON

# Segment's own limit for a messageId.
MAX_KEY_CHARACTERS = 100
BUSINESS_KEY = "k:"
# A text that begins like a derived key is hashed, so that no sender can write one.
DERIVED = (BUSINESS_KEY, "h:", "s:")
LOGGED_USER_DIGITS = 16
# These members are new each time Segment sends the event.
UNSTABLE = frozenset({"sentAt", "receivedAt"})
_SUBJECT = frozenset({"type", "event", "userId"})
_CONTENT = _SUBJECT | {"properties", "traits"}


def event_key(event: Event) -> str | None:
    """Give Segment's messageId; without one the hash of an event with a timestamp; else None."""
    message_id = event.message_id
    if message_id is not None:
        return _bounded(message_id)
    members = event.members()
    if not members.get("timestamp"):
        return None
    return "s:" + _digest({name: members[name] for name in members if name not in UNSTABLE})


def business_key(value: str) -> str:
    """Give the event key for an `idempotencyKey` whose text is `value`."""
    return BUSINESS_KEY + _bounded(value)


def has_business_key(delivery: str) -> bool:
    """Whether a delivery's id is made of an `idempotencyKey`."""
    return delivery.startswith(BUSINESS_KEY)


def delivery_id(key: str, subscription: str) -> str:
    """Join an event key and a subscription's id, which has no colon: this can be undone."""
    return f"{key}:{subscription}"


def subscription_of(delivery: str) -> str:
    """Give the subscription's id from a delivery's."""
    return delivery.rpartition(":")[2]


def user_hash(source_id: str) -> str:
    """Give a user's name in group ids and marks, which consoles and metrics show."""
    return _hash("user", source_id)


def logged_user(user: str, key: bytes) -> str:
    """Give a user's name in the log, from the name in group ids and marks (`user_hash`).

    Who does not have the key can't find out by trying which user a line is about.
    """
    return hmac.digest(key, user.encode(), "sha256").hex()[:LOGGED_USER_DIGITS]


def fingerprint(event: Event, *, by_business_key: bool) -> str:
    """Hash what tells events under one id apart: type, event, userId, properties and traits.

    The members are as sent, not as mapped: a new mapping between Segment's tries does not make it
    another event. Under a business key one event may come with several payloads (a reloaded page
    has another URL), so properties and traits are only in the second part: see `same_event`.
    """
    whole = _digest(event.members(_CONTENT))[:32]
    return f"{_digest(event.members(_SUBJECT))[:32]}.{whole}" if by_business_key else whole


def same_event(one: str, other: str) -> bool:
    """Whether two fingerprints under one id belong to the same event, with any payloads."""
    return one.partition(".")[0] == other.partition(".")[0]


def dead_letter_dedupe(delivery: str, content: str, nonce: str) -> str:
    """Give an id that is new for each failed claim, and the same for unclaimed copies (no `nonce`).

    It includes the event's fingerprint: of two events under one id, SQS must keep both.
    """
    return _hash("dead letter", delivery, content, nonce)


def parked_dedupe(delivery: str, epoch: int) -> str:
    """Give an id that is new each time a delivery is parked."""
    return _hash("parked", delivery, str(epoch))


def conflict_dedupe(message_id: str) -> str:
    """Give an id for a message that is parked without a parked token: new for each message."""
    return _hash("conflict", message_id)


def sent_back_dedupe(sqs_message_id: str) -> str:
    """Give an id that is new for each message that the command line sends back."""
    return _hash("sent back", sqs_message_id)


def delivery_group(delivery: str) -> str:
    """Give each delivery a group of its own: SQS shows at most ten messages of one group."""
    return _hash("delivery", delivery)


def _bounded(text: str) -> str:
    """Give a text that DynamoDB keys and SQS attributes take: short printable ASCII, or a hash."""
    plain = text.isascii() and text.isprintable() and len(text) <= MAX_KEY_CHARACTERS
    if plain and not text.startswith(DERIVED):
        return text
    return "h:" + _hash("key", text)


def _hash(first: str, *others: str) -> str:
    """Hash the text that `json.dumps` writes for the parts; this is faster."""
    text = f"[{encode_basestring_ascii(first)}"
    for part in others:
        text += f", {encode_basestring_ascii(part)}"
    return _sha256(f"{text}]".encode())


def _digest(value: JSON) -> str:
    return _sha256(canonical_text(value))


def _sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
