"""Segment's `X-Signature`: the HMAC-SHA1 of a text under the destination's shared secret.

The text is JavaScript's `JSON.stringify` of one event, so it can't be had by decoding the body and
encoding it again (`1e21`, U+2028 and cut emoji come out otherwise): it is always a slice of the
raw bytes. Which slice depends on the destination (segmentio/action-destinations `webhook`,
`webhook-audiences`, `webhook-extensible`):

- one event: the whole body;
- a batch: its first element, and nothing says that the others belong to it. An open change would
  sign the whole body, so that counts too, and vouches for every element;
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

FIRST_ELEMENT_BYTES: Final = 1 << 20
"""How far into an unproven body the end of its first element is looked for: the bound on what a
stranger's request costs. Segment's own limit is 32 KB an event."""

_DIGITS: Final = 40
_SHA1_HEX: Final = re.compile(f"[0-9a-fA-F]{{{_DIGITS}}}")
_WRAPPED: Final = re.compile(rb'\{[ \t\n\r]*"json"[ \t\n\r]*:(.*)\}', re.DOTALL)


class MalformedSignature(ValueError):
    """The header can't be a signature of Segment's; the text says what it looks like instead."""


class Coverage(IntEnum):
    """What a request's signature vouches for."""

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
    """Tell what the signature covers, under whichever of the secrets.

    Every secret is tried on every text, whatever was found before, and each comparison takes the
    same time: how long it takes tells nothing of the secrets.
    """
    found = [
        covered if hmac.compare_digest(expected, signature) else Coverage.NOTHING
        for expected, covered in signatures(secrets, body)
    ]
    return max(found, default=Coverage.NOTHING)


def signatures(secrets: Iterable[bytes], body: bytes) -> list[tuple[bytes, Coverage]]:
    """Give each signature that would vouch for the body or a part of it, and for what it would.

    All of them are made before any is compared: no comparison can spare another.
    """
    texts = [(text, Coverage.FIRST_EVENT) for text in _first_event(body)]
    texts.append((body, Coverage.WHOLE_BODY))
    return [
        (hmac.digest(secret, text, "sha1"), covered)
        for secret in secrets
        for text, covered in texts
    ]


def unwrap(element: bytes) -> bytes | None:
    """Give the inner text of the Extensible Webhook's `{"json": …}`; None for any other text."""
    wrapped = _WRAPPED.fullmatch(element)
    return wrapped[1].strip(b" \t\n\r") if wrapped else None


def _first_event(body: bytes) -> list[bytes]:
    """Give the texts that a batch's first event may have been signed as; none for one event."""
    first = next(elements(body[:FIRST_ELEMENT_BYTES]), None)
    if first is None:
        return []
    inner = unwrap(first)
    return [first] if inner is None else [first, inner]
