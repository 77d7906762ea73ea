r"""JSON as Segment's own code (JavaScript) reads and writes it.

Segment's senders, its mapping engine and Rehook all speak JavaScript's JSON, which differs from
what Python's parsers take and write. Differences kept: the last of a key's duplicates wins and
takes the first one's place, a lone surrogate (`\ud800`) is text like any other, `1e999` is
Infinity and is written as `null`, numbers are written as JavaScript prints them. One difference
made on purpose: integers keep all their digits where JavaScript rounds those above 2^53. (And one
left alone: JavaScript moves keys that look like array indices to the front.)

Errors:

    JsonError (ValueError)
    ├── NotJson    the text is not JSON: no parser of Segment's would take it
    └── TooDeep    it is nested deeper than MAX_DEPTH levels

Work and memory are linear in the text's length. msgspec does the reading; the standard library's
decoder, some five times slower, does it where msgspec refuses what `JSON.parse` takes.
"""

from __future__ import annotations

import json
import math
import re
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import msgspec

from segment_rehook.segment.numbers import number_text
from segment_rehook.segment.slices import nesting

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "JSON",
    "MAX_DEPTH",
    "JsonError",
    "NotJson",
    "TooDeep",
    "decode",
    "decode_shallow",
    "decode_slowly",
    "encode",
    "has_long_number",
    "is_canonical",
    "is_too_deep",
    "number_text",
    "stringify",
]

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"

MAX_DEPTH = 128
"""Levels of nesting that are read. Events have some five; the bound keeps recursive readers safe
on every Python (3.11 stops at 1,000 frames, and walkers take several frames a level)."""

_DOUBLE_DIGITS = 309
"""An integer below the largest double, 1.8e308, has at most this many digits."""
_LONG_NUMBER = b"0" * _DOUBLE_DIGITS
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")
_encode_plainly = msgspec.json.Encoder().encode
_SPELLED_ALIKE = (str, msgspec.Raw, int, type(None))
"""Types that msgspec writes as JavaScript does, but for what is not in ASCII."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonError(ValueError):
    """The text can't be read as JSON."""


class NotJson(JsonError):
    """The text is not JSON."""


class TooDeep(JsonError):
    """The text, or the value, is nested deeper than is read or written here."""


def decode(text: bytes) -> JSON:
    """Read one JSON text in UTF-8, without a byte order mark.

    Raises NotJson and TooDeep, and nothing else, whatever the bytes.
    """
    if is_too_deep(text):
        message = f"nested deeper than {MAX_DEPTH} levels"
        raise TooDeep(message)
    return decode_shallow(text)


def decode_shallow(text: bytes) -> JSON:
    """Read as `decode` does a text that is known not to be too deep. Raises NotJson alone."""
    if not has_long_number(text):
        try:
            value: JSON = msgspec.json.decode(text)
        except ValueError:
            pass  # a lone surrogate and 1e999 end here too: the next reader decides
        else:
            return value
    return decode_slowly(text)


def is_too_deep(text: bytes) -> bool:
    """Tell whether the text is nested deeper than MAX_DEPTH levels."""
    # `count` looks at each byte, `replace` finds a rare one several times as fast.
    opened = 2 * len(text) - len(text.replace(b"[", b"")) - len(text.replace(b"{", b""))
    return opened > MAX_DEPTH and nesting(text) > MAX_DEPTH


def has_long_number(text: bytes) -> bool:
    """Tell whether a run of digits (a number's, or in a string) could be beyond a double."""
    return len(text) >= _DOUBLE_DIGITS and _LONG_NUMBER in text.translate(_DIGITS_TO_ZERO)


def is_canonical(text: bytes, value: JSON) -> bool:
    """Tell whether the text is how `value`, which was read from it, is written most plainly.

    Then no key is there twice, since `value` has each key once, and no key is written with
    escapes. False also says that it can't be told.
    """
    try:
        return _encode_plainly(value) == text
    except ValueError:  # a lone surrogate
        return False


def decode_slowly(
    text: bytes,
    *,
    pairs: Callable[[list[tuple[str, JSON]]], JSON] | None = None,
    real: Callable[[str], float] = float,
) -> JSON:
    """Read as `decode` does, by the standard library and without looking at the depth.

    `pairs` is given each object's members, duplicates included; `real` each number that has a
    fraction or an exponent. What they raise is passed on.
    """
    try:
        characters = text.decode()
    except UnicodeDecodeError as error:
        message = f"not valid UTF-8 (byte {error.start})"
        raise NotJson(message) from None
    try:
        value: JSON = json.loads(
            characters,
            parse_int=_integer,
            parse_float=real,
            parse_constant=_refuse_constant,
            object_pairs_hook=pairs,
        )
    except json.JSONDecodeError as error:
        # Its text names the position and what was expected, never the content.
        raise NotJson(str(error)) from None
    return value


def encode(value: JSON | msgspec.Raw) -> bytes:
    """Write compact JSON in ASCII, as `JSON.stringify` would but for the escapes above U+007F.

    A `msgspec.Raw` anywhere in the value is spliced in as it is, unchecked. Infinity and NaN are
    written as `null`. Raises TooDeep beyond four times MAX_DEPTH, and TypeError for what is not
    JSON.
    """
    if isinstance(value, dict) and (text := _flat_text(value)) is not None:
        return text
    parts: list[str] = []
    _write(value, parts.append, 4 * MAX_DEPTH, encode_basestring_ascii)
    return "".join(parts).encode(errors="surrogateescape")


def stringify(value: JSON) -> str:
    """Write what `JSON.stringify(value)` gives, but for integers, which stay exact.

    Raises as `encode` does.
    """
    parts: list[str] = []
    _write(value, parts.append, 4 * MAX_DEPTH, encode_basestring)
    text = "".join(parts)
    if text.isascii():
        return text
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _integer(text: str) -> int | float:
    if len(text) >= _DOUBLE_DIGITS and math.isinf(double := float(text)):
        return double
    return int(text)


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise NotJson(message)


def _flat_text(value: dict[str, JSON]) -> bytes | None:
    """Write an object by msgspec; None where `encode` may write it otherwise."""
    for member in value.values():
        if not isinstance(member, _SPELLED_ALIKE):
            return None
    try:
        text = _encode_plainly(value)
    except ValueError:  # a lone surrogate
        return None
    return text if text.isascii() and text.find(b"\x7f") < 0 else None


def _write(
    value: object, put: Callable[[str], object], levels: int, quote: Callable[[str], str]
) -> None:
    if not isinstance(value, (dict, list)):
        put(_atom(value, quote))
        return
    if levels == 0:
        message = f"nested deeper than {4 * MAX_DEPTH} levels"
        raise TooDeep(message)
    if isinstance(value, dict):
        before = "{"
        for key, member in value.items():
            if isinstance(member, str):
                put(f"{before}{quote(key)}:{quote(member)}")
            else:
                put(f"{before}{quote(key)}:")
                _write(member, put, levels - 1, quote)
            before = ","
        put("}" if value else "{}")
    else:
        before = "["
        for member in value:
            put(before)
            _write(member, put, levels - 1, quote)
            before = ","
        put("]" if value else "[]")


def _atom(value: object, quote: Callable[[str], str]) -> str:
    if isinstance(value, msgspec.Raw):
        # Bytes that are no UTF-8 come out again as they went in.
        return bytes(value).decode(errors="surrogateescape")
    if isinstance(value, str):
        return quote(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return "null"
    if isinstance(value, (int, float)):
        return number_text(value)
    message = f"{type(value).__name__} is not a JSON type"
    raise TypeError(message)
