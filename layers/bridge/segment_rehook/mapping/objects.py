"""Operations on objects: flatten, merge, drop null and undefined members.

Most values that a mapping gives are plain: JSON whose members JavaScript keeps in their order.
Writing a value with msgspec and searching its text shows that faster than a walk through it.
"""

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
"""Turns the beginning of a key that may be an index or `__proto__` into `,"0`."""

_SCALARS: Final = (str, int, float, type(None))

PROTOTYPE = "__proto__"
"""Assigning to this key sets an object's prototype, so that the member is lost."""


def entries(value: dict[str, Value] | list[Value]) -> Iterable[tuple[str, Value]]:
    """Give an object's members in JavaScript's order, or a list's items under their indexes."""
    if isinstance(value, list):
        return [(str(index), item) for index, item in enumerate(value)]
    for key in value:
        if key < ":":  # it may be an index: ":" follows "9"
            return [(key, value[key]) for key in in_order(value)]
    return value.items()


def flatten(value: Value, separator: str, *, omit_arrays: bool) -> dict[str, Value]:
    """Move nested members to the top and join their keys; a scalar gets the empty key."""
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
    """Merge as `Object.assign({}, …)`: later members win, undefined ones too.

    Text counts as a list of its UTF-16 units.
    """
    merged: dict[str, Value] = {}
    for source in sources:
        if isinstance(source, dict):
            merged.update(source)
        elif isinstance(source, list):
            merged.update(entries(source))
        elif isinstance(source, str):
            merged.update(entries(list(text.to_units(source))))
    merged.pop(PROTOTYPE, None)
    return merged


def without_nulls(value: Value) -> Value:
    """Drop null members, at every depth, but not inside lists."""
    if not isinstance(value, dict):
        return value
    return {
        key: without_nulls(inner) if isinstance(inner, dict) else inner
        for key, inner in value.items()
        if inner is not None
    }


def with_nulls_undefined(value: Value) -> Value:
    """Make null members UNDEFINED, at every depth, but not inside lists."""
    if not isinstance(value, dict):
        return value
    for inner in value.values():
        if inner is None or isinstance(inner, dict):
            break
    else:
        if PROTOTYPE not in value:
            return value
    return {
        key: UNDEFINED if inner is None else with_nulls_undefined(inner)
        for key, inner in value.items()
        if key != PROTOTYPE
    }


def plain_text(value: Value) -> bytes | None:
    """Give the JSON text of a plain value, else None.

    None for a value with UNDEFINED or a function in it, and for a value that may have a key that
    JavaScript moves to the front (an index) or loses (`__proto__`).
    """
    try:
        written = _write(value)
    except (TypeError, ValueError):  # UNDEFINED, a function; a lone surrogate
        return None
    return None if written.translate(_MARKED).find(b',"0') >= 0 else written


def without_undefined(value: Value) -> Value:
    """Drop UNDEFINED members at every depth; in lists UNDEFINED keeps its place."""
    plain = _plain(value)
    return _without_undefined(value) if plain is UNDEFINED else plain


def json_of(value: Value) -> JSON | Undefined:
    """Give the JSON value that `JSON.stringify` would write; UNDEFINED where it writes nothing.

    Keys are in JavaScript's order.
    """
    plain = _plain(value)
    if plain is not UNDEFINED:
        return plain
    if isinstance(value, (Undefined, Function)):
        return UNDEFINED
    return _rebuilt(value)


def _plain(value: Value) -> JSON | Undefined:
    """Give the value without its own UNDEFINED members, if that is plain; else UNDEFINED."""
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
    """Give the JSON value for an item of a list: UNDEFINED and functions become null.

    Members that are UNDEFINED or functions are dropped.
    """
    if isinstance(value, (dict, list)) and plain_text(value) is not None:
        return value
    return _rebuilt(value)


def _rebuilt(value: Value) -> JSON:
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, list):
        return [_rebuilt(item) for item in value]
    if isinstance(value, dict):
        return {
            key: _rebuilt(inner)
            for key, inner in entries(value)
            if not isinstance(inner, (Undefined, Function)) and key != PROTOTYPE
        }
    return value.primitive if isinstance(value, Boxed) else None
