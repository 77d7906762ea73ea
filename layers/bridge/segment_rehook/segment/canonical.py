"""The canonical text of a JSON value: sorted keys, no blanks, ASCII.

Records and messages hold hashes of this text and outlive a deployment, so it must never change. It
is what `json.dumps(value, sort_keys=True, separators=(",", ":"))` gives. msgspec writes the same
text five times as fast, except for a few characters and numbers. A value that may hold one of those
is written by the standard library.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from segment_rehook.segment.jsontext import JSON

__all__ = ["canonical_text"]

_fast: Final = msgspec.json.Encoder(order="sorted").encode
_EXPONENT: Final = re.compile(rb"e(?<=[0-9]e)-?[0-9]+(?:[,\]}]|$)")


def canonical_text(value: JSON) -> bytes:
    """Write a value's canonical text."""
    try:
        text = _fast(value)
    except ValueError:  # a lone surrogate
        return _slow(value)
    return _slow(value) if _may_be_spelled_otherwise(text, value) else text


def _slow(value: JSON) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _may_be_spelled_otherwise(text: bytes, value: JSON) -> bool:
    # `find` takes a third of the time of `in`.
    if not text.isascii() or text.find(b"\x7f") >= 0:
        return True
    # Fractions below 0.0001, and numbers with an exponent.
    if text.find(b"0.0000") >= 0 or _EXPONENT.search(text):
        return True
    # Infinity is written as null.
    return text.find(b"null") >= 0 and msgspec.json.decode(text) != value
