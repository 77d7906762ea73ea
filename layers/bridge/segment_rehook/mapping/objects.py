"""Directives' work on objects: flatten, merge, leave out what is null or undefined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from segment_rehook.mapping import text
from segment_rehook.mapping.values import UNDEFINED, Boxed, Function, Undefined, Value, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segment_rehook.segment.jsontext import JSON

_write: Final = msgspec.json.Encoder().encode
_MARKED: Final = bytes.maketrans(b"{123456789_", b",0000000000")
"""Turns each beginning of a key that may be an index, or `__proto__`, into `,"0`."""

_SCALARS: Final = (str, int, float, type(None))

PROTOTYPE = "__proto__"
"""Assigned to, this key sets an object's prototype: as a member it is lost."""


def entries(value: dict[str, Value] | list[Value]) -> Iterable[tuple[str, Value]]:
    """Give an object's members in JavaScript's order, or a list's under their indexes."""
    if isinstance(value, list):
        return [(str(index), item) for index, item in enumerate(value)]
    for key in value:
        if key < ":":  # it may be an index: ":" follows "9"
            return [(key, value[key]) for key in in_order(value)]
    return value.items()


def flatten(value: Value, separator: str, *, omit_arrays: bool) -> dict[str, Value]:
    """Bring nested members to the top, their keys joined; a scalar comes under the empty key."""
    flat: dict[str, Value] = {}
    opened = dict if omit_arrays else (dict, list)

    def put(container: dict[str, Value] | list[Value], prefix: str) -> None:
        for key, item in entries(container):
            name = text.from_units(f"{prefix}{separator}{key}") if prefix else key
            if isinstance(item, opened):
                put(item, name)
            else:
                flat[name] = item

    if isinstance(value, opened):
        put(value, "")
    else:
        flat[""] = value
    return flat


def merge(sources: Iterable[Value]) -> dict[str, Value]:
    """Merge as `Object.assign({}, …)`: later members win, undefined ones too; text by its units."""
    merged: dict[str, Value] = {}
    for source in sources:
        if isinstance(source, (dict, list)):
            merged.update(entries(source))
        elif isinstance(source, str):
            merged.update(entries(list(text.to_units(source))))
    merged.pop(PROTOTYPE, None)
    return merged


def without_nulls(value: Value) -> Value:
    """Make null members undefined, in objects inside objects too, but not inside lists."""
    if not isinstance(value, dict):
        return value
    if not any(inner is None or isinstance(inner, dict) for inner in value.values()):
        return value
    return {
        key: UNDEFINED if inner is None else without_nulls(inner) for key, inner in value.items()
    }


def plain_text(value: Value) -> bytes | None:
    """Write the value's JSON text, if it is JSON alone and JavaScript would have it as it is.

    None if the value holds undefined or a function, or may hold a key that JavaScript moves to the
    front or loses.
    """
    try:
        text = _write(value)
    except (TypeError, ValueError):  # what is no JSON; a lone surrogate
        return None
    return None if text.translate(_MARKED).find(b',"0') >= 0 else text


def without_undefined(value: Value) -> Value:
    """Drop undefined members at every depth; in lists they stay, for they keep a place."""
    plain = _plain(value)
    return _without_undefined(value) if plain is UNDEFINED else plain


def json_of(value: Value) -> JSON | Undefined:
    """Give what `JSON.stringify` makes of a value: UNDEFINED where it makes nothing.

    Undefined members are dropped, and JavaScript's order of keys is kept.
    """
    plain = _plain(value)
    if plain is not UNDEFINED:
        return plain
    if isinstance(value, (Undefined, Function)):
        return UNDEFINED
    return as_json(_without_undefined(value))


def _plain(value: Value) -> JSON | Undefined:
    """Give a value without its own undefined members, if that is JSON as JavaScript has it.

    UNDEFINED if it is not, or if that can't be told.
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            if key < ":" or not isinstance(inner, _SCALARS):  # ":" follows "9"
                break
        else:
            return UNDEFINED if PROTOTYPE in value else value
        if UNDEFINED in value.values():
            value = {key: inner for key, inner in value.items() if inner is not UNDEFINED}
    elif not isinstance(value, list):
        return value if isinstance(value, _SCALARS) else UNDEFINED
    return UNDEFINED if plain_text(value) is None else value


def _without_undefined(value: Value) -> Value:
    if isinstance(value, list):
        return [_without_undefined(item) for item in value]
    if isinstance(value, dict):
        return {
            key: _without_undefined(inner)
            for key, inner in entries(value)
            if inner is not UNDEFINED and key != PROTOTYPE
        }
    return value


def as_json(value: Value) -> JSON:
    """Give what JSON has for a list's item: undefined and functions become null there.

    Members that are functions are dropped, as JSON drops them.
    """
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {
            key: as_json(inner)
            for key, inner in value.items()
            if not (inner is UNDEFINED or isinstance(inner, Function))
        }
    if value is None or isinstance(value, (str, int, float)):
        return value
    return value.primitive if isinstance(value, Boxed) else None
