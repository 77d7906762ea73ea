"""JSON in ASCII, for what is printed: text as it came must not prevent a line of the log."""

from __future__ import annotations

import json

import msgspec

__all__ = ["ascii_json"]


def ascii_json(value: object) -> str:
    """Write compact JSON. What is no JSON becomes its text, a struct an object."""
    try:
        text = _fast(value)
        if text.isascii():
            return text.decode()
    except (UnicodeEncodeError, OverflowError):
        pass  # a lone surrogate, or an integer beyond 64 bits
    return _slow(value)


def _plain(value: object) -> object:
    return msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else str(value)


_fast = msgspec.json.Encoder(enc_hook=str).encode
_slow = json.JSONEncoder(separators=(",", ":"), default=_plain).encode
