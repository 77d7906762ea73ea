"""`JSON.stringify` and `JSON.parse` of a mapping's values, as `@json` uses them."""

from __future__ import annotations

import re
from json.encoder import encode_basestring
from math import isfinite
from typing import TYPE_CHECKING

from segment_rehook.mapping.errors import STACK_EXHAUSTED, MappingError
from segment_rehook.mapping.objects import entries, plain_text
from segment_rehook.mapping.values import UNDEFINED, Boxed, Function, Value
from segment_rehook.segment.jsontext import (
    MAX_DEPTH,
    NotJson,
    TooDeep,
    decode,
    decode_slowly,
    number_text,
)
from segment_rehook.segment.slices import nesting

if TYPE_CHECKING:
    from segment_rehook.mapping.values import Undefined

DEEPEST = 3 * MAX_DEPTH
"""Levels that a JSON text inside an event may have: with the mapping's own they can be encoded."""

# Numbers that JavaScript writes otherwise than msgspec: `1.0` and those with an exponent.
_WHOLE = re.compile(rb"\.0[,\]}]")
_EXPONENT = re.compile(rb"e(?<=[0-9]e)-?[0-9]+[,\]}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"(?<!\\)(?:\\\\)*\\[\ud800-\udfff]")


def stringify(value: Value) -> str | Undefined:
    """Write compact JSON, or give UNDEFINED for what JSON has no text for."""
    if value is UNDEFINED or isinstance(value, Function):
        return UNDEFINED
    if isinstance(value, (dict, list)):
        written = plain_text(value)
        if written is not None and not (_WHOLE.search(written) or _EXPONENT.search(written)):
            return written.decode()
    # Lists, not generators: these would make each level cost a frame of C's stack.
    if isinstance(value, list):
        items = [stringify(item) for item in value]
        return f"[{','.join(['null' if item is UNDEFINED else item for item in items])}]"
    if isinstance(value, dict):
        members = [(key, stringify(inner)) for key, inner in entries(value)]
        return f"{{{','.join([f'{quote(key)}:{inner}' for key, inner in members if inner])}}}"
    return _atom(value)


def parse(source: str) -> Value:
    """Read a JSON text. Raises NotJson, or MappingError where it is too deep to be sent on."""
    if _SURROGATE.search(source):
        if _ESCAPED_SURROGATE.search(source):
            raise NotJson("a backslash before a lone surrogate")
        source = _escaped(source)
    text = source.encode()
    try:
        return decode(text)
    except TooDeep:
        if nesting(text) > DEEPEST:
            raise MappingError(STACK_EXHAUSTED) from None
        return decode_slowly(text)


def quote(text: str) -> str:
    """Write a JSON string; only lone surrogates and what JSON demands are escaped."""
    return _escaped(encode_basestring(text))


def _atom(value: Value) -> str:
    if isinstance(value, Boxed):
        return _atom(value.primitive)
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)) and isfinite(value):
        return number_text(value)
    return "null"


def _escaped(text: str) -> str:
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
