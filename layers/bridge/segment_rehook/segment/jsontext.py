r"""JSON as Segment's own code (JavaScript) reads and writes it.

Segment's senders, its mapping engine and Rehook use JavaScript's JSON, which differs from the JSON
that Python's parsers read and write. This module follows JavaScript: of duplicate keys the last
value wins and takes the place of the first, a lone surrogate (`\ud800`) is text, `1e999` is
Infinity and is written as `null`, and numbers are written as JavaScript prints them. It differs on
purpose in one point: integers keep all their digits, where JavaScript rounds those above 2^53. And
it does not move keys that look like array indexes to the front, as JavaScript does.

Errors:

    JsonError (ValueError)
    ├── NotJson    the text is not JSON, and no parser of Segment's takes it
    └── TooDeep    it is nested deeper than MAX_DEPTH levels

Time and memory are linear in the text's length. msgspec reads most texts. A text that msgspec
refuses is read by the standard library's decoder, which is some five times slower.
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

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"

MAX_DEPTH = 128
"""The most levels of nesting that are read. Events have about five. The limit keeps recursive code
safe on every Python: 3.11 stops at 1,000 frames, and a level may take several."""

_DOUBLE_DIGITS = 309
"""An integer below the largest double, 1.8e308, has at most this many digits."""
_LONG_NUMBER = b"0" * _DOUBLE_DIGITS
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")
_encode_plainly = msgspec.json.Encoder().encode
_SPELLED_ALIKE = (str, msgspec.Raw, int, type(None))
"""Types that msgspec writes as `encode` does, except for characters beyond ASCII."""
_WHOLE = re.compile(rb"\.0[,\]}]")
_EXPONENT = re.compile(rb"e(?<=[0-9]e)-?[0-9]+[,\]}]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonError(ValueError):
    """The text can't be read as JSON."""


class NotJson(JsonError):
    """The text is not JSON."""


class TooDeep(JsonError):
    """The text, or the value, is nested deeper than this module reads or writes."""


def decode(text: bytes) -> JSON:
    """Read one JSON text in UTF-8, without a byte order mark.

    Raises NotJson and TooDeep, and nothing else, whatever the bytes.
    """
    if is_too_deep(text):
        raise TooDeep(f"nested deeper than {MAX_DEPTH} levels")
    return decode_shallow(text)


def decode_shallow(text: bytes) -> JSON:
    """Read as `decode` does a text that is known not to be too deep. Raises NotJson alone."""
    if not has_long_number(text):
        try:
            value: JSON = msgspec.json.decode(text)
        except ValueError:
            pass  # perhaps a lone surrogate or 1e999: the slow reader tells
        else:
            return value
    return decode_slowly(text)


def is_too_deep(text: bytes) -> bool:
    """Tell whether the text is nested deeper than MAX_DEPTH levels."""
    return _opened(text) > MAX_DEPTH and nesting(text) > MAX_DEPTH


def _opened(text: bytes) -> int:
    # `replace` finds rare bytes several times as fast as `count`.
    return 2 * len(text) - len(text.replace(b"[", b"")) - len(text.replace(b"{", b""))


def has_long_number(text: bytes) -> bool:
    """Tell whether the text has a run of digits, perhaps in a string, that may exceed a double."""
    return len(text) >= _DOUBLE_DIGITS and _LONG_NUMBER in text.translate(_DIGITS_TO_ZERO)


def is_canonical(text: bytes, value: JSON) -> bool:
    """Tell whether the text is what msgspec writes for `value`, which was read from the text.

    If so, no key is there twice, since `value` has each key once, and no key has an escape.
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
        raise NotJson(f"not valid UTF-8 (byte {error.start})") from None
    try:
        value: JSON = json.loads(
            characters,
            parse_int=_integer,
            parse_float=real,
            parse_constant=_refuse_constant,
            object_pairs_hook=pairs,
        )
    except json.JSONDecodeError as error:
        # The message names the position and what was expected, never the content.
        raise NotJson(str(error)) from None
    return value


def encode(value: JSON | msgspec.Raw) -> bytes:
    """Write compact JSON in ASCII, as `JSON.stringify` would but for the escapes above U+007F.

    A `msgspec.Raw` anywhere in the value is inserted unchanged and unchecked. Infinity and NaN are
    written as `null`. Raises TooDeep beyond four times MAX_DEPTH, and TypeError for what is not
    JSON.
    """
    if isinstance(value, dict) and (text := _text_by_msgspec(value)) is not None:
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
    raise NotJson(f"{name} is not JSON")


def _text_by_msgspec(value: dict[str, JSON]) -> bytes | None:
    """Write an object by msgspec; None where `encode` may write it otherwise."""
    try:
        text = _encode_plainly(value)
        if not text.isascii() or text.find(b"\x7f") >= 0:
            return None
        for member in value.values():
            if not isinstance(member, _SPELLED_ALIKE):
                return text if _is_alike(text, value) else None
    except (ValueError, TypeError, RecursionError):  # a lone surrogate; what is no JSON
        return None
    return text


def _is_alike(text: bytes, value: JSON) -> bool:
    if has_js_numbers(text) or _opened(text) > MAX_DEPTH:
        return False
    decoded: JSON = msgspec.json.decode(text)
    return decoded == value  # msgspec writes Infinity as null, and takes a set for a list


def has_js_numbers(text: bytes) -> bool:
    """Tell whether a text by msgspec may have numbers that JavaScript writes otherwise.

    These are whole doubles (`1.0`) and numbers with an exponent. `text` is an array or an object.
    """
    return bool(_WHOLE.search(text) or _EXPONENT.search(text))


def _write(
    value: object, put: Callable[[str], object], levels: int, quote: Callable[[str], str]
) -> None:
    if not isinstance(value, (dict, list)):
        put(_atom(value, quote))
        return
    if levels == 0:
        raise TooDeep(f"nested deeper than {4 * MAX_DEPTH} levels")
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
        # `encode` turns bytes that are not UTF-8 back into the same bytes.
        return bytes(value).decode(errors="surrogateescape")
    if isinstance(value, str):
        return quote(value)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_text(value)
    raise TypeError(f"{type(value).__name__} is not a JSON type")
