"""How LiquidJS reads, compares, converts and prints values."""

from __future__ import annotations

import math
import re
from enum import Enum
from typing import TYPE_CHECKING, Any

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.text import WHITESPACE, from_units, length, to_units
from segment_rehook.mapping.values import (
    UNDEFINED,
    Value,
    is_index,
    is_number,
    to_double,
    to_number,
    to_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_SIZE = 1_000_000
"""How many characters or items one step of a template may make. LiquidJS allows a hundred times as
many in total, and half a second: that would take all of a function's memory."""

_ONLY_BLANK = re.compile(f"[{WHITESPACE}]*")


class Keyword(Enum):
    """The keywords `nil`, `empty` and `blank` (LiquidJS's drops), each with its own comparison."""

    NIL = "nil"
    EMPTY = "empty"
    BLANK = "blank"

    def __str__(self) -> str:
        return "[object Object]"  # how JavaScript converts it to a text


LITERALS: dict[str, Value] = {
    "true": True,
    "false": False,
    "nil": Keyword.NIL,
    "null": Keyword.NIL,
    "empty": Keyword.EMPTY,
    "blank": Keyword.BLANK,
}


def plain(value: Value) -> Value:
    """Return a keyword's value, null or an empty text; any other value as it is."""
    if isinstance(value, Keyword):
        return None if value is Keyword.NIL else ""
    return value


def is_nil(value: Value) -> bool:
    """Whether a value is null or undefined. A keyword is neither."""
    return value is None or value is UNDEFINED


def falsy(value: Value) -> bool:
    """Whether a value is false as a condition: only false, null and undefined are."""
    value = plain(value)
    return value is False or is_nil(value)


def printed(value: Value) -> str:
    """Convert for output: a list to its items without a separator, null and undefined to ''."""
    value = plain(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return checked_size(from_units("".join(printed(item) for item in value)))
    return "" if is_nil(value) else to_text(value)


def as_number(value: Value) -> float:
    """Convert as `Number(value)`: null to 0; undefined, and what is not a number, to NaN."""
    if isinstance(value, float):
        return value
    value = primitive(value)
    if isinstance(value, str):
        return to_number(value)
    if value is None:
        return 0.0
    return to_double(value) if isinstance(value, (int, float)) else math.nan


def primitive(value: Value) -> Value:
    """Convert lists and objects to text, as JavaScript does before a comparison."""
    value = plain(value)
    return to_text(value) if isinstance(value, (list, dict)) else value


def as_list(value: Value) -> list[Value]:
    """Return a list as it is; null and undefined as an empty list; any other value as one item."""
    value = plain(value)
    if isinstance(value, list):
        return value
    return [] if is_nil(value) else [value]


def checked_size(text: str) -> str:
    """Return a text. Raises MappingError if it is longer than MAX_SIZE."""
    check_size(len(text))
    return text


def check_size(size: float) -> None:
    """Raise MappingError for a size above MAX_SIZE."""
    if size > MAX_SIZE:
        raise MappingError("memory alloc limit exceeded")


def equal(left: Value, right: Value) -> bool:
    """Compare as `==`: keywords by their own rules, lists by items, objects by identity."""
    if isinstance(left, Keyword):
        return _equals_keyword(left, right)
    if isinstance(right, Keyword):
        return _equals_keyword(right, left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if is_number(left) and is_number(right):
        return to_double(left) == to_double(right)
    return left == right if isinstance(left, str) and isinstance(right, str) else left is right


def _equals_keyword(word: Keyword, value: Value) -> bool:
    if word is Keyword.NIL:
        return is_nil(plain(value))
    if word is Keyword.BLANK:
        if value is False or is_nil(plain(value)):
            return True
        if isinstance(value, str):
            return _ONLY_BLANK.fullmatch(value) is not None
    return isinstance(value, (str, list, dict)) and not value


def compared(left: Value, right: Value, holds: Callable[[Any, Any], bool]) -> bool:
    """Compare as `<`, `<=`, `>` or `>=`: two texts by their units, other values as numbers."""
    if isinstance(left, Keyword) or isinstance(right, Keyword):
        return False
    left, right = primitive(left), primitive(right)
    if isinstance(left, str) and isinstance(right, str):
        return holds(to_units(left), to_units(right))
    return holds(as_number(left), as_number(right))


def contains(container: Value, sought: Value) -> bool:
    """Whether a list has an equal item, or a text has this part."""
    container = plain(container)
    if isinstance(container, list):
        return any(equal(item, sought) for item in container)
    return isinstance(container, str) and to_units(to_text(plain(sought))) in to_units(container)


def key_text(key: Value) -> str:
    """Convert a key to text, as JavaScript does before it looks up a member."""
    return key if isinstance(key, str) else to_text(key)


def own(value: Value, key: str) -> Value:
    """Return a value's own member, `length` of lists and texts included; else UNDEFINED."""
    if isinstance(value, dict):
        return value.get(key, UNDEFINED)
    if isinstance(value, (list, str)):
        if key == "length":
            return size(value)
        items = to_units(value) if isinstance(value, str) else value
        if is_index(key) and int(key) < len(items):
            return items[int(key)]
    return UNDEFINED


def size(value: list[Value] | str) -> int:
    """Count the items of a list, or the UTF-16 units of a text."""
    return length(value) if isinstance(value, str) else len(value)


def read(value: Value, key: Value) -> Value:
    """Read `value[key]` as a template does: own members, negative indexes, size, first, last."""
    if is_nil(value) or isinstance(value, Keyword):
        return None if value is None else UNDEFINED
    if isinstance(value, list) and is_number(key):
        return own(value, to_text(len(value) + key if key < 0 else key))
    name = key_text(key)
    found = own(value, name)
    # `size`, `first` and `last` count only if the key is a text.
    if not isinstance(key, str) or found is not UNDEFINED:
        return found
    if key == "size" and isinstance(value, (str, list, dict)):
        return len(value) if isinstance(value, dict) else size(value)
    if key in {"first", "last"} and isinstance(value, list) and value:
        return value[0 if key == "first" else -1]
    return found
