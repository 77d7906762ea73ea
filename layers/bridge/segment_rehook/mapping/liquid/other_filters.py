"""Filters that convert, encode or hash a value, and the filter `default`."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from base64 import b64encode
from typing import TYPE_CHECKING

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.liquid.values import (
    Keyword,
    as_number,
    checked_size,
    falsy,
    plain,
    printed,
)
from segment_rehook.mapping.objects import entries
from segment_rehook.mapping.stringify import quote, stringify
from segment_rehook.mapping.text import from_units, to_units
from segment_rehook.mapping.values import UNDEFINED, Function, Value, is_number, to_text, truthy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.mapping.liquid.filtered import Filter

_MAX_INDENT = 10
_BASE64 = re.compile("[A-Za-z0-9+/]*")
_BASE64_BLANK = re.compile("[\t\n\f\r ]")
_LONE = re.compile("[\ud800-\udfff]")


def _default(value: Value, instead: Value = UNDEFINED, *options: Value) -> Value:
    value = plain(value)
    if isinstance(value, (list, str)):
        return value or instead
    if value is False and truthy(_named(options).get("allow_false")):
        return False
    return instead if falsy(value) else value


def _named(options: tuple[Value, ...]) -> dict[str, Value]:
    named: dict[str, Value] = {}
    for option in options:
        if isinstance(option, dict):
            continue  # as an entry, an object has no key
        if not isinstance(option, list):
            raise MappingError(f"Iterator value {to_text(option)} is not an entry object")
        key, value = [*option, UNDEFINED, UNDEFINED][:2]
        if isinstance(key, str):
            named[key] = value
    return named


def _json(value: Value, space: Value = 0, *_: Value) -> Value:
    value = _without_keywords(value)
    gap: str | None = None
    if is_number(space) and space > 0:
        # For a number between 0 and 1, V8 breaks lines too, without indentation.
        gap = " " * int(min(space, _MAX_INDENT))
    elif isinstance(space, str) and space:
        gap = to_units(space)[:_MAX_INDENT].partition("\0")[0]  # V8 stops there
    written = stringify(value) if gap is None else _indented(value, gap, "\n")
    return checked_size(from_units(written)) if isinstance(written, str) else written


def _without_keywords(value: Value) -> Value:
    # To JSON, a keyword is an object without members.
    if isinstance(value, list):
        return [_without_keywords(item) for item in value]
    return {} if isinstance(value, Keyword) else value


def _indented(value: Value, gap: str, line: str) -> Value:
    inner = line + gap
    if isinstance(value, list) and value:
        items = (_indented(item, gap, inner) for item in value)
        listed = f",{inner}".join("null" if item is UNDEFINED else str(item) for item in items)
        return f"[{inner}{listed}{line}]"
    if isinstance(value, dict) and value:
        members = (f"{quote(key)}: {_indented(each, gap, inner)}" for key, each in entries(value))
        return f"{{{inner}{f',{inner}'.join(members)}{line}}}"
    return UNDEFINED if isinstance(value, Function) else stringify(value)


def _utf8(value: Value) -> bytes:
    return _LONE.sub("\ufffd", printed(value)).encode()


def _base64_encode(value: Value, *_: Value) -> str:
    return checked_size(b64encode(_utf8(value)).decode())


def _base64_decode(value: Value, *_: Value) -> str:
    digits = _BASE64_BLANK.sub("", printed(value))
    if len(digits) % 4 == 0:
        digits = re.sub("==?$", "", digits)
    if len(digits) % 4 == 1 or not _BASE64.fullmatch(digits):
        raise MappingError("invalid base64 provided to base64_decode")
    return binascii.a2b_base64(digits + "=" * (-len(digits) % 4)).decode(errors="replace")


def _sha256(value: Value, *_: Value) -> str:
    return hashlib.sha256(_utf8(value)).hexdigest()


def _hmac_sha256(value: Value, key: Value = UNDEFINED, *_: Value) -> str:
    return hmac.new(_utf8(key), _utf8(value), hashlib.sha256).hexdigest()


def _raw(value: Value, *_: Value) -> Value:
    return value


OTHER_FILTERS: Mapping[str, Filter] = {
    "base64_decode": _base64_decode,
    "base64_encode": _base64_encode,
    "default": _default,
    "hmac_sha256": _hmac_sha256,
    "inspect": _json,
    "json": _json,
    "jsonify": _json,
    "raw": _raw,
    "sha256": _sha256,
    "to_integer": lambda value, *_: as_number(value),
}
