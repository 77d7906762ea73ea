"""The messageId by which the bridge tells events apart."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Final

from segment_rehook.segment.numbers import number_text

if TYPE_CHECKING:
    from segment_rehook.segment.jsontext import JSON

__all__ = ["MAX_MESSAGE_ID_CHARACTERS", "message_id_of"]

MAX_MESSAGE_ID_CHARACTERS: Final = 100
"""Segment's own limit on a messageId (segment-docs, "Common fields")."""

_STANDS_FOR: Final = "sha256:"


def message_id_of(value: JSON) -> str | None:
    """Give an event's messageId from the member's value; None if it is missing or empty.

    It has 1 to 100 printable characters. A number counts as its text. A longer text, or one with
    characters that log lines, queues and tables do not take (control characters, lone surrogates),
    is replaced by `sha256:` and its hash, which still tells events apart. So is a text that begins
    with `sha256:`, so that no sender can write the replacement of another text.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        value = number_text(value)
    if not isinstance(value, str) or not value:
        return None
    plain = len(value) <= MAX_MESSAGE_ID_CHARACTERS and value.isprintable()
    if plain and not value.startswith(_STANDS_FOR):
        return value
    return _STANDS_FOR + hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()
