"""Which types of events a trigger can match, and why it can match none.

A trigger is brought into disjunctive normal form: a list of conjunctions, each of conditions that
must hold together. The conditions on one member of an event are tried on values made for them: the
values that they name, values between those, and others.
"""

from __future__ import annotations

import math
from itertools import groupby, pairwise, product
from typing import TYPE_CHECKING, Final

from segment_rehook.mapping.fql_conditions import condition
from segment_rehook.mapping.fql_syntax import Clause, Group
from segment_rehook.mapping.schema_check import meant
from segment_rehook.mapping.values import to_double, to_number
from segment_rehook_cli.mapping.advice.events import BY_TYPE, has

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Conjunction", "conjunctions", "matched_types", "why_impossible"]

Conjunction = tuple[Clause, ...]
_Place = tuple[str, str]

MAX_CONJUNCTIONS: Final = 300
_COUNTERPARTS: Final = {
    "event": {"page": "name", "screen": "name"},
    "name": {"track": "event"},
    "properties": {"identify": "traits", "group": "traits"},
    "traits": {"track": "context.traits", "page": "context.traits", "screen": "context.traits"},
}
_SEPARATOR: Final = "\x00"


def conjunctions(trigger: Group) -> list[Conjunction] | None:
    """Return the disjunctive normal form; None if a bracket is empty or it is too long."""
    if any(not group.members for group in trigger.groups()):
        return None  # an empty bracket throws when it is evaluated
    return _conjunctions(trigger)


def matched_types(found: list[Conjunction], event: str | None = None) -> frozenset[str]:
    """Return the types of events that can meet one of these conjunctions.

    A type that Segment does not know is included if a condition names it. With `event`, only events
    of that name are tried.
    """
    return frozenset(
        each for each in _types(found) if any(_is_possible(terms, each, event) for terms in found)
    )


def why_impossible(found: list[Conjunction]) -> str:
    """Say why no event can meet any of these conjunctions."""
    terms = found[0]
    for place, clauses in _by_place(terms):
        if not _any_value_meets(clauses, present=True, event_type=None):
            return _contradiction(clauses) if place != ("type", "") else _two_types(clauses)
    for event_type in BY_TYPE:
        if not _any_value_meets(
            [each for each in terms if each.source == "type"], True, event_type
        ):
            continue
        for clause in terms:
            if not has(event_type, clause.source):
                other = _COUNTERPARTS.get(clause.source, {}).get(event_type)
                hint = f"; did you mean {other}?" if other else ""
                return f"{event_type} events have no {clause.source}{hint}"
    return "its conditions exclude each other"


def _conjunctions(part: Clause | Group) -> list[Conjunction] | None:
    if isinstance(part, Clause):
        return [(part,)]
    each = [_conjunctions(member) for member in part.members]
    known = [found for found in each if found is not None]
    if len(known) < len(each):
        return None
    if part.joint == "or":
        joined = [terms for found in known for terms in found]
    else:
        size = 1
        for found in known:
            size *= len(found)
        if size > MAX_CONJUNCTIONS:
            return None
        joined = [tuple(c for terms in chosen for c in terms) for chosen in product(*known)]
    return joined if len(joined) <= MAX_CONJUNCTIONS else None


def _types(found: list[Conjunction]) -> Iterator[str]:
    yield from BY_TYPE
    for clause in {clause for terms in found for clause in terms if clause.source == "type"}:
        name = str(clause.expected)
        if clause.operator == "=" and name not in BY_TYPE and meant(name, BY_TYPE) is None:
            yield name


def _is_possible(terms: Conjunction, event_type: str, event: str | None) -> bool:
    return all(
        _any_value_meets(
            clauses,
            has(event_type, source),
            event_type,
            event if source == "event" else None,
        )
        for (source, _), clauses in _by_place(terms)
    )


def _by_place(terms: Conjunction) -> list[tuple[_Place, list[Clause]]]:
    def place(clause: Clause) -> _Place:
        return clause.source, clause.path or ""

    return [(key, list(group)) for key, group in groupby(sorted(terms, key=place), key=place)]


def _any_value_meets(
    clauses: Sequence[Clause], present: bool, event_type: str | None, event: str | None = None
) -> bool:
    """Whether any value of one member of an event meets all of the conditions on it."""
    if not clauses:
        return True
    source = clauses[0].source
    tests = [condition(source, None, each.operator, each.expected) for each in clauses]
    tried: list[dict[str, object]]
    if source == "type" and event_type is not None:
        tried = [{source: event_type}]
    elif event is not None:
        tried = [{source: event}]
    else:
        tried = [{}, *({source: value} for value in _values(clauses) if present)]
    return any(all(test.holds(each) for test in tests) for each in tried)


def _values(clauses: Sequence[Clause]) -> Iterator[object]:
    """Make values for the conditions: if none of these meets them, no value does."""
    yield from (None, True, False, 0, _SEPARATOR)
    expected = [each.expected for each in clauses]
    yield from (str(each) for each in expected)
    numbers = sorted({number for each in expected if (number := _number(each)) is not None})
    if numbers:
        yield from (numbers[0] - 1, *numbers, numbers[-1] + 1)
        yield from ((low + high) / 2 for low, high in pairwise(numbers))
    starts = max(_texts(clauses, "starts_with"), key=len, default="")
    ends = max(_texts(clauses, "ends_with"), key=len, default="")
    pieces = _texts(clauses, "contains")
    yield _SEPARATOR.join((starts, *pieces, ends))
    yield from (starts, ends, *pieces)


def _texts(clauses: Sequence[Clause], operator: str) -> list[str]:
    return [str(each.expected) for each in clauses if each.operator == operator]


def _number(expected: str | float | bool) -> float | None:
    number = to_number(expected) if isinstance(expected, str) else to_double(expected)
    return None if math.isnan(number) else number


def _two_types(clauses: Sequence[Clause]) -> str:
    named = [f'"{each.expected}"' for each in clauses if each.operator == "="]
    return f"no event has the types {' and '.join(named)} at once; did you mean or?"


def _contradiction(clauses: Sequence[Clause]) -> str:
    subject = clauses[0].subject
    hint = "; did you mean or?" if {each.operator for each in clauses} == {"="} else ""
    return f"the conditions on {subject} exclude each other{hint}"
