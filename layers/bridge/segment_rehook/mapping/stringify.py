"""`JSON.stringify` and `JSON.parse`, as `@json` uses them."""

from __future__ import annotations

import re
from json.encoder import encode_basestring
from math import isfinite

from segment_rehook.mapping.errors import STACK_EXHAUSTED, MappingError
from segment_rehook.mapping.objects import plain_text
from segment_rehook.mapping.values import UNDEFINED, Boxed, Function, Undefined, Value, in_order
from segment_rehook.segment.jsontext import (
    MAX_DEPTH,
    NotJson,
    TooDeep,
    decode,
    decode_slowly,
    has_js_numbers,
)
from segment_rehook.segment.numbers import number_text
from segment_rehook.segment.slices import nesting

MAX_NESTING = 3 * MAX_DEPTH
"""The most levels of a JSON text inside an event; `encode` takes those and the mapping's own."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"(?<!\\)(?:\\\\)*\\[\ud800-\udfff]")


def stringify(value: Value) -> str | Undefined:
    """Write compact JSON; give UNDEFINED for a value that JSON has no text for."""
    if not isinstance(value, (dict, list)):
        return _atom(value)
    written = plain_text(value)
    if written is not None and not has_js_numbers(written):
        return written.decode()
    # Lists, because a generator at each level would use up the stack of C.
    if isinstance(value, list):
        items = [stringify(item) for item in value]
        return f"[{','.join(['null' if item is UNDEFINED else item for item in items])}]"
    members = [
        f"{quote(key)}:{text}"
        for key in in_order(value)
        if (text := stringify(value[key])) is not UNDEFINED
    ]
    return f"{{{','.join(members)}}}"


def _atom(value: Value) -> str | Undefined:
    if isinstance(value, str):
        return quote(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number_text(value) if isfinite(value) else "null"
    if isinstance(value, Boxed):
        return stringify(value.primitive)
    return UNDEFINED if isinstance(value, (Undefined, Function)) else "null"


def parse(source: str) -> Value:
    """Read a JSON text. Raises NotJson, or MappingError where it is nested too deep to be sent."""
    if _SURROGATE.search(source):
        if _ESCAPED_SURROGATE.search(source):
            raise NotJson("a backslash before a lone surrogate")
        source = _escaped(source)
    text = source.encode()
    try:
        return decode(text)
    except TooDeep:
        if nesting(text) > MAX_NESTING:
            raise MappingError(STACK_EXHAUSTED) from None
        return decode_slowly(text)


def quote(text: str) -> str:
    """Write a JSON string; only lone surrogates and what JSON demands are escaped."""
    quoted = encode_basestring(text)
    return quoted if quoted.isascii() else _escaped(quoted)


def _escaped(text: str) -> str:
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
