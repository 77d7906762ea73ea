"""One condition of a trigger: a place in the event, an operator, and what is expected there."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from segment_rehook.mapping.errors import MappingError
from segment_rehook.mapping.members import member, walk
from segment_rehook.mapping.text import to_units
from segment_rehook.mapping.values import (
    UNDEFINED,
    Value,
    is_number,
    to_double,
    to_number,
    to_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Holds: TypeAlias = "Callable[[Value], bool]"
Operator: TypeAlias = "Callable[[str | float | bool], Holds]"
"""Takes the expected value and gives the test for a value of the event."""

_STEP = re.compile(r"[^\[.\]]+")


@dataclass(frozen=True, slots=True)
class Leaf:
    """The parts of a single condition, for explanations.

    `source` and `path` name the place. `operator` is one of OPERATORS or an unknown word.
    `value` gives an event's value at the place; it raises MappingError where the engine throws.
    """

    source: str
    path: str | None
    operator: str
    expected: str | float | bool
    value: Callable[[Value], Value]


@dataclass(frozen=True, slots=True)
class Condition:
    """`holds` takes the event, and raises MappingError where the engine throws.

    A single condition has a `leaf`; a group has `members`, of which all (`joint` is "and") or
    one ("or") must hold. A condition that always throws has neither.
    """

    holds: Holds
    reads: frozenset[str]
    leaf: Leaf | None = None
    members: tuple[Condition, ...] = ()
    joint: str = "and"


def condition(source: str, path: str | None, name: str, expected: str | float | bool) -> Condition:  # noqa: FBT001 — a value of the language, not a switch
    """Compile one condition.

    `source` is a top-level key of the event; `path` is the path inside its value, or None.
    A condition with an unknown operator never holds.
    """
    test = _OPERATORS.get(name, _never)(expected)
    steps = tuple(_STEP.findall(path or ""))
    if not steps and path:
        return throwing("Cannot read properties of null (reading 'reduce')")

    def top(event: Value) -> Value:
        return event.get(source, UNDEFINED) if isinstance(event, dict) else _top(event, source)

    def nested(event: Value) -> Value:
        value = event.get(source, UNDEFINED) if isinstance(event, dict) else _top(event, source)
        return walk(value, steps) if steps else UNDEFINED

    value = top if path is None else nested
    leaf = Leaf(source, path, name, expected, value)
    return Condition(_holds(leaf, test), frozenset({source}), leaf)


def _holds(leaf: Leaf, test: Holds) -> Holds:
    """Make the whole condition. The commonest form, `type = "track"`, is one function."""
    source, value = leaf.source, leaf.value
    if leaf.path is not None or leaf.operator != "=":
        return lambda event: test(value(event))
    sought = to_text(leaf.expected)
    return lambda event: (event.get(source) if isinstance(event, dict) else value(event)) == sought


def throwing(message: str) -> Condition:
    """Make a condition that raises MappingError, unless an earlier one decides for its group."""

    def throw(_: Value) -> NoReturn:
        raise MappingError(message)

    return Condition(throw, frozenset())


def _top(event: Value, key: str) -> Value:
    if event is None:
        raise MappingError(f"Cannot read properties of null (reading '{key}')")
    return member(event, key)


def _never(_: str | float | bool) -> Holds:  # noqa: FBT001 — as above
    return lambda _: False


def _equality(*, wanted: bool) -> Operator:
    def expect(expected: str | float | bool) -> Holds:  # noqa: FBT001 — as above
        sought = to_text(expected)
        return lambda value: (isinstance(value, str) and value == sought) is wanted

    return expect


def _comparison(compare: Callable[[float, float], bool]) -> Operator:
    def expect(expected: str | float | bool) -> Holds:  # noqa: FBT001 — as above
        bound = to_number(expected) if isinstance(expected, str) else to_double(expected)

        def holds(value: Value) -> bool:
            return is_number(value) and compare(to_double(value), bound)

        return holds

    return expect


def _textual(test: Callable[[str, str], bool], *, wanted: bool) -> Operator:
    def expect(expected: str | float | bool) -> Holds:  # noqa: FBT001 — as above
        sought = to_units(to_text(expected))
        return lambda value: isinstance(value, str) and test(to_units(value), sought) is wanted

    return expect


def _constant(holds: Holds) -> Operator:
    return lambda _: holds


_OPERATORS: Mapping[str, Operator] = {
    "=": _equality(wanted=True),
    "!=": _equality(wanted=False),
    "number_equals": _comparison(operator.eq),
    "number_not_equals": _comparison(operator.ne),
    "<": _comparison(operator.lt),
    "<=": _comparison(operator.le),
    ">": _comparison(operator.gt),
    ">=": _comparison(operator.ge),
    "contains": _textual(operator.contains, wanted=True),
    "not_contains": _textual(operator.contains, wanted=False),
    "starts_with": _textual(str.startswith, wanted=True),
    "not_starts_with": _textual(str.startswith, wanted=False),
    "ends_with": _textual(str.endswith, wanted=True),
    "not_ends_with": _textual(str.endswith, wanted=False),
    "exists": _constant(lambda value: value is not None and value is not UNDEFINED),
    "not_exists": _constant(lambda value: value is None or value is UNDEFINED),
    "is_true": _constant(lambda value: value is True),
    "is_false": _constant(lambda value: value is False),
}

OPERATORS: frozenset[str] = frozenset(_OPERATORS)
"""The operators that exist; a condition with any other never holds."""
