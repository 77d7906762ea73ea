"""Explains why a trigger does not hold for an event: the clause that fails, and what it found.

The text names places, types and texts of the trigger, and never a value of the event: it is put
into answers and log lines.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final

from segment_rehook.mapping.values import UNDEFINED, is_number, to_number, to_text, type_words
from segment_rehook.segment.numbers import number_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook.mapping.fql_conditions import Condition, Leaf
    from segment_rehook.mapping.values import Value

__all__ = ["unmatched"]

MAX_CLAUSE_CHARACTERS: Final = 120
MAX_CHARACTERS: Final = 400

_COMPARISONS: Final[Mapping[str, str]] = {
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "number_equals": "=",
    "number_not_equals": "!=",
}
_KEYWORDS: Final[Mapping[str, str]] = {
    "exists": "!= null",
    "not_exists": "= null",
    "is_true": "= true",
    "is_false": "= false",
}
_TEXT_TESTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "contains": ("contains", "{}", "does not contain that"),
    "not_contains": ("!contains", "{}", "contains that"),
    "starts_with": ("match", "{}*", "does not begin with that"),
    "not_starts_with": ("!match", "{}*", "begins with that"),
    "ends_with": ("match", "*{}", "does not end with that"),
    "not_ends_with": ("!match", "*{}", "ends with that"),
}
"""How Segment writes the operator, and how a text fails it."""


def unmatched(trigger: Condition, event: Value) -> str | None:
    """Say in at most MAX_CHARACTERS why the trigger does not hold; None if it does.

    Of clauses joined by `and` the first that fails is named, of clauses joined by `or` all. Clauses
    that the engine would not reach are not run. Raises MappingError where the trigger does.
    """
    failing = _failing(trigger, event)
    return _cut("; ".join(failing), MAX_CHARACTERS) if failing else None


def _failing(condition: Condition, event: Value) -> list[str]:
    if not condition.members:
        if condition.holds(event) or condition.leaf is None:
            return []
        leaf = condition.leaf
        return [f"{_cut(_written(leaf), MAX_CLAUSE_CHARACTERS)}: {_reason(leaf, event)}"]
    found: list[str] = []
    for member in condition.members:
        failing = _failing(member, event)
        if bool(failing) is (condition.joint == "and"):
            return failing  # this one decides for its group
        found += failing
    return found


def _written(leaf: Leaf) -> str:
    """Write the clause as the engine understands it."""
    name, place = leaf.operator, _place(leaf)
    if name in _KEYWORDS:
        return f"{place} {_KEYWORDS[name]}"
    if name in _TEXT_TESTS:
        function, pattern, _ = _TEXT_TESTS[name]
        return f"{function}({place}, {_shown(pattern.format(to_text(leaf.expected)))})"
    return f"{place} {_COMPARISONS.get(name, name)} {_shown(leaf.expected)}"


def _reason(leaf: Leaf, event: Value) -> str:
    value = leaf.value(event)
    name, place = leaf.operator, _place(leaf)
    found = f"{place} is {type_words(value)}"
    if value is UNDEFINED and isinstance(event, dict) and leaf.source not in event:
        found += f" (the event has no {leaf.source})" if leaf.path is not None else ""
    if name in _COMPARISONS:
        return _of_number(leaf, value, found)
    if name in _TEXT_TESTS:
        return f"{found} that {_TEXT_TESTS[name][2]}" if isinstance(value, str) else _no_text(found)
    match name:
        case "=":
            return f"{place} is another string" if isinstance(value, str) else _no_text(found)
        case "!=":
            return f"{place} is that string"
        case "exists":
            return found
        case "not_exists":
            return f"{found}, not missing or null"
        case "is_true" | "is_false":
            return _of_boolean(name.removeprefix("is_"), value, found)
    return "it has no operator, so it never holds"


def _of_number(leaf: Leaf, value: Value, found: str) -> str:
    expected = leaf.expected
    if isinstance(expected, str) and math.isnan(to_number(expected)):
        return "what it expects is no number, so it never holds"
    if not is_number(value):
        numeric = isinstance(value, str) and value.strip() and not math.isnan(to_number(value))
        return f"{found}, not a number" + (" (a number in quotes is text)" if numeric else "")
    if leaf.operator == "number_equals":
        return f"{_place(leaf)} is another number"
    if leaf.operator == "number_not_equals":
        return f"{_place(leaf)} is that number"
    return f"{found}, but not {_COMPARISONS[leaf.operator]} {_shown(expected)}"


def _of_boolean(wanted: str, value: Value, found: str) -> str:
    if isinstance(value, bool):
        return f"{found}, but not {wanted}"
    return f"{found}, not a boolean" + (f" ({wanted} in quotes is text)" if value == wanted else "")


def _no_text(found: str) -> str:
    return f"{found}, not a string"


def _place(leaf: Leaf) -> str:
    return leaf.source if leaf.path is None else f"{leaf.source}.{leaf.path}"


def _shown(expected: str | float | bool) -> str:  # noqa: FBT001 — a value of the language, not a switch
    if isinstance(expected, bool):
        return "true" if expected else "false"
    if isinstance(expected, str):
        return json.dumps(expected, ensure_ascii=False)
    return number_text(expected)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
