"""Filters on lists. A value that is not a list counts as a list of one; null as an empty list."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from segment_rehook.mapping.liquid.context import Context
from segment_rehook.mapping.liquid.expressions import Expressions, Variables
from segment_rehook.mapping.liquid.values import (
    as_list,
    as_number,
    check_size,
    equal,
    falsy,
    is_nil,
    own,
    plain,
    printed,
    read,
)
from segment_rehook.mapping.text import from_units, to_units
from segment_rehook.mapping.values import UNDEFINED, Value, is_number, to_text, truthy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.mapping.liquid.filtered import Filter


def _join(value: Value, separator: Value = UNDEFINED, *_: Value) -> str:
    separator = plain(separator)
    between = " " if is_nil(separator) else printed(separator)
    texts = ["" if is_nil(item) else to_text(item) for item in as_list(value)]
    check_size(sum(map(len, texts)) + len(between) * len(texts))
    return from_units(between.join(texts))


def _end(value: Value, index: int) -> Value:
    value = plain(value)
    size = own(value, "length")
    if not truthy(value) or not is_number(size):
        return ""
    return own(value, to_text(size + index if index < 0 else index))


def _size(value: Value, *_: Value) -> Value:
    size = own(value, "length")
    return size if truthy(size) else 0


def _sum(value: Value, path: Value = UNDEFINED, *_: Value) -> float:
    total = 0.0
    for item in as_list(value):
        found = item
        if truthy(path):
            for key in printed(path).split("."):
                found = read(found, key)
        number = as_number(found)
        total += 0 if math.isnan(number) else number
    return total


def _slice(value: Value, begin: Value = UNDEFINED, size: Value = UNDEFINED, *_: Value) -> Value:
    value, begin = plain(value), plain(begin)
    size = 1 if size is UNDEFINED else plain(size)
    if is_nil(value):
        return []
    items: list[Value] | str = value if isinstance(value, list) else printed(value)
    nothing: Value = [] if isinstance(items, list) else ""
    if as_number(begin) < 0:
        begin = added(len(items), begin)
    if as_number(begin) < 0 or as_number(size) < 0:
        return nothing
    check_size(as_number(size))
    if isinstance(items, list):
        return items[_index(begin, items) : _index(added(begin, size), items)]
    start = min(_steps(begin), len(items))
    return items[start : start + min(_steps(size), len(items))]


def added(left: Value, right: Value) -> Value:
    """Add as JavaScript's `+`: if a side is a text, list or object, join both as texts."""
    if isinstance(left, (str, list, dict)) or isinstance(right, (str, list, dict)):
        return to_text(left) + to_text(right)
    return as_number(left) + as_number(right)


def _index(value: Value, items: list[Value]) -> int:
    number = as_number(value)
    if math.isnan(number):
        return 0
    whole = int(max(-len(items), min(number, len(items))))
    return whole if whole >= 0 else max(0, len(items) + whole)


def _steps(value: Value) -> int:
    number = as_number(value)
    return 0 if math.isnan(number) else math.ceil(min(number, 2.0**31))


def _where(value: Value, path: Value = UNDEFINED, expected: Value = UNDEFINED, *_: Value) -> Value:
    items = as_list(value)
    source = to_units(printed(path))
    evaluate = Expressions(source, 0, len(source), Variables()).path()
    kept: list[Value] = []
    for item in items:
        found = UNDEFINED if evaluate is None else evaluate(Context(item))
        if not falsy(found) if expected is UNDEFINED else equal(found, expected):
            kept.append(item)
    return kept


def _sample(value: Value, count: Value = UNDEFINED, *_: Value) -> Value:
    # Not random: the same event must always be mapped the same way.
    value = plain(value)
    if is_nil(value):
        return []
    items = value if isinstance(value, list) else list(printed(value))
    if count is UNDEFINED or (is_number(count) and count == 1):
        return items[0] if items else UNDEFINED
    return items[: _index(plain(count), items)]


LIST_FILTERS: Mapping[str, Filter] = {
    "compact": lambda value, *_: [item for item in as_list(value) if not is_nil(plain(item))],
    "first": lambda value, *_: _end(value, 0),
    "join": _join,
    "last": lambda value, *_: _end(value, -1),
    "pop": lambda value, *_: as_list(value)[:-1],
    "push": lambda value, item=UNDEFINED, *_: [*as_list(value), item],
    "sample": _sample,
    "shift": lambda value, *_: as_list(value)[1:],
    "size": _size,
    "slice": _slice,
    "sum": _sum,
    "unshift": lambda value, item=UNDEFINED, *_: [item, *as_list(value)],
    "where": _where,
}
