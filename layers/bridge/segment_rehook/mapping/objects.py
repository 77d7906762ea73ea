"""Directives' work on objects: flatten, merge, leave out what is null or undefined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segment_rehook.mapping import text
from segment_rehook.mapping.values import UNDEFINED, Boxed, Function, Value, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segment_rehook.segment.jsontext import JSON

PROTOTYPE = "__proto__"
"""Assigned to, this key sets an object's prototype: as a member it is lost."""


def entries(value: dict[str, Value] | list[Value]) -> Iterator[tuple[str, Value]]:
    """Give an object's members in JavaScript's order, or a list's under their indexes."""
    if isinstance(value, list):
        return ((str(index), item) for index, item in enumerate(value))
    return ((key, value[key]) for key in in_order(value))


def flatten(value: Value, separator: str, *, omit_arrays: bool) -> dict[str, Value]:
    """Bring nested members to the top, their keys joined; a scalar comes under the empty key."""
    flat: dict[str, Value] = {}

    def put(item: Value, prefix: str) -> None:
        if isinstance(item, dict) or (isinstance(item, list) and not omit_arrays):
            for key, inner in entries(item):
                put(inner, text.from_units(f"{prefix}{separator}{key}") if prefix else key)
        else:
            flat[prefix] = item

    put(value, "")
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
    return {
        key: UNDEFINED if inner is None else without_nulls(inner) for key, inner in value.items()
    }


def without_undefined(value: Value) -> Value:
    """Drop undefined members at every depth; in lists they stay, for they keep a place."""
    if isinstance(value, list):
        return [without_undefined(item) for item in value]
    if isinstance(value, dict):
        kept: dict[str, Value] = {}
        for key in in_order(value):
            inner = value[key]
            if isinstance(inner, (dict, list)):
                kept[key] = without_undefined(inner)
            elif inner is not UNDEFINED:
                kept[key] = inner
        kept.pop(PROTOTYPE, None)
        return kept
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
