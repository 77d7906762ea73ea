"""Segment's `X-Signature`: the HMAC-SHA1 of a text under the destination's shared secret.

The text is JavaScript's `JSON.stringify` of one event. Decoding the body and encoding it again may
give another text (`1e21`, U+2028, half an emoji), so the signed text is always a slice of the raw
bytes. Which slice depends on the destination (segmentio/action-destinations `webhook`,
`webhook-audiences`, `webhook-extensible`):

- one event: the whole body;
- a batch: its first element, which proves nothing about the others. Segment has proposed to sign
  the whole body, so that counts too, and covers every element;
- a batch of the Extensible Webhook, `[{"json": {…}}, …]`: the first element's inner object.
"""

from __future__ import annotations

import hmac
import re
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from segment_rehook.segment.slices import elements

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_FIRST_ELEMENT_BYTES: Final = 1 << 20
"""How many bytes of a body are searched for the end of its first element, before its sender is
known. This limits what an unknown sender's request costs. Segment's limit is 32 KB an event."""

_DIGITS: Final = 40
_SHA1_HEX: Final = re.compile(f"[0-9a-fA-F]{{{_DIGITS}}}")
_WRAPPED: Final = re.compile(rb'\{[ \t\n\r]*"json"[ \t\n\r]*:(.*)\}', re.DOTALL)


class MalformedSignature(ValueError):
    """The header can't be a signature of Segment's; the message says why."""


class Coverage(IntEnum):
    """The part of a request that its signature covers."""

    NOTHING = 0
    FIRST_EVENT = 1
    WHOLE_BODY = 2


def parse_signature(header: str) -> bytes:
    """Read the header's value: 40 hexadecimal digits. Raises MalformedSignature."""
    value = header.strip()
    if _SHA1_HEX.fullmatch(value):
        return bytes.fromhex(value)
    if "," in value:
        raise MalformedSignature("the header holds more than one value")
    if not value:
        raise MalformedSignature("the header is empty")
    if "=" in value:
        raise MalformedSignature("Segment's signature has no prefix such as sha1=")
    if len(value) != _DIGITS:
        raise MalformedSignature(f"it has {len(value)} characters instead of {_DIGITS}")
    raise MalformedSignature("it has characters other than 0-9 and a-f")


def coverage(signature: bytes, secrets: Iterable[bytes], body: bytes) -> Coverage:
    """Tell what the signature covers, under any of the secrets."""
    return max(coverages(signature, secrets, body), default=Coverage.NOTHING)


def coverages(signature: bytes, secrets: Iterable[bytes], body: bytes) -> list[Coverage]:
    """Tell what the signature covers under each secret, in their order.

    Every secret is tried on every text, and each comparison takes the same time, so that the time
    taken reveals nothing about the secrets.
    """
    return [
        max(
            [
                covered if hmac.compare_digest(expected, signature) else Coverage.NOTHING
                for expected, covered in of_one_secret
            ]
        )
        for of_one_secret in signatures(secrets, body)
    ]


def signatures(secrets: Iterable[bytes], body: bytes) -> list[list[tuple[bytes, Coverage]]]:
    """Give, for each secret, the valid signatures of the body and its parts, and what they cover.

    All are made before any is compared, so that the work does not depend on the comparisons.
    """
    texts = [(text, Coverage.FIRST_EVENT) for text in _first_event(body)]
    texts.append((body, Coverage.WHOLE_BODY))
    return [
        [(hmac.digest(secret, text, "sha1"), covered) for text, covered in texts]
        for secret in secrets
    ]


def unwrap(element: bytes) -> bytes | None:
    """Give the inner text of the Extensible Webhook's `{"json": …}`; None for any other text."""
    wrapped = _WRAPPED.fullmatch(element)
    return wrapped[1].strip(b" \t\n\r") if wrapped else None


def _first_event(body: bytes) -> list[bytes]:
    """Give the texts that may have been signed for a batch's first event; none for one event."""
    first = next(elements(body[:MAX_FIRST_ELEMENT_BYTES]), None)
    if first is None:
        return []
    inner = unwrap(first)
    return [first] if inner is None else [first, inner]
