"""JavaScript's values in Python, and the conversions between them.

A value is JSON, UNDEFINED, a built-in function (from a path such as `$.toString`), or a list or
dict of such values. Conversions follow ECMA-262; integers keep all their digits.
"""

from __future__ import annotations

import math
import re
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias, TypeGuard

from segment_rehook.mapping import text as js_text
from segment_rehook.mapping.errors import MappingError
from segment_rehook.segment.numbers import number_text

if TYPE_CHECKING:
    from collections.abc import Iterable

Value: TypeAlias = object


class Undefined(Enum):
    """The type of UNDEFINED, which a path to a missing member gives. It is not null."""

    UNDEFINED = object()
    """Neither text nor number, so that msgspec refuses to write it."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = Undefined.UNDEFINED


class Function:
    """A built-in function of JavaScript; `length` is the number of its parameters.

    Not a dataclass, nor is Boxed, so that msgspec refuses to write it.
    """

    __slots__ = ("length", "name")

    def __init__(self, name: str, length: int) -> None:
        self.name: Final = name
        self.length: Final = length

    def __str__(self) -> str:
        return f"function {self.name}() {{ [native code] }}"


class Boxed:
    """A primitive value as an object, reached only by `__proto__`; `owner` is its constructor."""

    __slots__ = ("owner", "primitive")

    def __init__(self, owner: str, primitive: str | float | bool) -> None:  # noqa: FBT001 — a value of the language, not a switch
        self.owner: Final = owner
        self.primitive: Final = primitive


# Indexes are at most 2**32 - 2; a larger number is an ordinary key.
_INDEX_END = 2**32 - 1
_INDEX = re.compile("0|[1-9][0-9]{0,9}")

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_RADIX = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")
_INFINITIES = {"Infinity": math.inf, "+Infinity": math.inf, "-Infinity": -math.inf}


def type_name(value: Value) -> str:
    """Name the type as Segment's engine does in its messages."""
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array"
    if isinstance(value, str):
        return "string"
    if value is None:
        return "null"
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Boxed):
        return value.owner.lower()
    return "function" if isinstance(value, Function) else "number"


def type_words(value: Value) -> str:
    """Name the type for a person: `a string`, `an array`, `null`, `missing`."""
    if value is None:
        return "null"
    if value is UNDEFINED:
        return "missing"
    name = type_name(value)
    return f"an {name}" if name in {"array", "object"} else f"a {name}"


def is_number(value: Value) -> TypeGuard[float]:
    """Tell whether a value is a number; booleans are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def truthy(value: Value) -> bool:
    """Tell whether JavaScript takes the value for true; empty lists and objects are true."""
    if isinstance(value, (dict, list, Function, Boxed)):
        return True
    if isinstance(value, float):
        return value != 0 and not math.isnan(value)
    return bool(value)


def to_text(value: Value) -> str:
    """Convert as `String(value)`: lists joined by commas, objects to `[object Object]`.

    Raises MappingError for an object with a key `toString`, which JavaScript can't convert.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, list):
        texts = ["" if item is None or item is UNDEFINED else to_text(item) for item in value]
        return js_text.from_units(",".join(texts))
    if isinstance(value, dict):
        if "toString" in value:
            raise MappingError("Cannot convert object to primitive value")
        return "[object Object]"
    if isinstance(value, Boxed):
        return to_text(value.primitive)
    return "null" if value is None else "undefined" if value is UNDEFINED else str(value)


def is_blank(value: Value) -> bool:
    """Tell whether `value == ''` holds, loosely: 0, false, [] and [null] are blank as well."""
    if isinstance(value, str):
        return not value
    if isinstance(value, (int, float)):
        return value == 0
    if isinstance(value, Boxed):
        return is_blank(value.primitive)
    return value is not None and value is not UNDEFINED and not to_text(value)


def to_number(text: str) -> float:
    """Convert as `Number(text)`: empty is 0, `0x1f` is 31, what is not a number is NaN."""
    text = js_text.trim(text)
    if not text:
        return 0.0
    if _DECIMAL.fullmatch(text):
        return float(text)
    if _RADIX.fullmatch(text):
        return to_double(int(text, 0))
    return _INFINITIES.get(text, math.nan)


def to_double(number: float) -> float:
    """Round to a double, as JavaScript does; integers beyond its range become Infinity."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


@lru_cache(maxsize=1024)
def index_of(key: str) -> int | None:
    """Read an array index as JavaScript writes it; None for any other key."""
    index = int(key) if _INDEX.fullmatch(key) else _INDEX_END
    return index if index < _INDEX_END else None


def is_index(key: str) -> bool:
    """Tell whether a key is an array index."""
    return index_of(key) is not None


def in_order(keys: Iterable[str]) -> list[str]:
    """Order an object's keys as JavaScript does: indexes first, by number, then as they came."""
    indexes: list[str] = []
    others: list[str] = []
    for name in keys:
        comes_first = name < ":" and index_of(name) is not None  # ":" follows "9"
        (indexes if comes_first else others).append(name)
    if len(indexes) > 1:
        indexes.sort(key=int)
    return indexes + others
