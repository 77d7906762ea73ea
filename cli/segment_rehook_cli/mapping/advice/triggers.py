"""Advice on a trigger: its conditions, how they are joined, and whether any event can match."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segment_rehook.mapping.errors import TriggerInvalid
from segment_rehook.mapping.fql_parser import parse_trigger
from segment_rehook.mapping.fql_syntax import Clause
from segment_rehook_cli.mapping.advice.clauses import (
    check_clause,
    check_passed_over,
    operator_or_value,
)
from segment_rehook_cli.mapping.advice.matching import (
    Conjunction,
    conjunctions,
    matched_types,
    why_impossible,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from segment_rehook.mapping.fql_syntax import Group

__all__ = ["TriggerReading", "read_trigger"]


@dataclass(frozen=True, slots=True)
class TriggerReading:
    """`advice` is in the trigger's order. `conjunctions` and `types` are None if not known."""

    advice: tuple[str, ...]
    conjunctions: list[Conjunction] | None = None
    types: frozenset[str] | None = None


def read_trigger(text: str) -> TriggerReading:
    """Read a trigger. A text that can't be parsed gives no advice: it is a mistake."""
    try:
        trigger = parse_trigger(text)
    except TriggerInvalid:
        return TriggerReading(())
    found = conjunctions(trigger) if trigger.members else None
    types = None if found is None else matched_types(found)
    advice = [said for group in trigger.groups() for said in _check_group(group, types or ())]
    if found and not types and not advice:
        advice.append(f"no event can match: {why_impossible(found)}")
    return TriggerReading(tuple(dict.fromkeys(advice)), found, types)


def _check_group(group: Group, types: Collection[str]) -> Iterator[str]:
    if len({*group.joints}) > 1:
        yield f'mixes "and" with "or": Segment uses the last one, "{group.joint}", for all'
    if group.negated:
        yield f"the ! before the bracket is ignored, so the bracket is not negated{_negated(group)}"
    before = None
    for part in group.passed_over:
        harmless = part.word.lower() == "and" and group.joint == "and"
        stray = part.kind == "bracket" and not any(
            each.sign in {"contains", "match"} for each in group.clauses()
        )
        if not (harmless or stray or operator_or_value(part, before)):
            yield check_passed_over(part, types)
        before = part
    for member in group.members:
        if isinstance(member, Clause):
            yield from check_clause(member)
    if group.joint == "or":
        yield from _check_alternatives(group)


def _negated(group: Group) -> str:
    """Suggest how to negate the bracket."""
    if len(group.members) == 1 and isinstance(clause := group.members[0], Clause):
        if clause.sign in {"contains", "match"}:
            return f"; did you mean !{clause.sign}({clause.subject}, {clause.given.value})?"
        if clause.sign == "=":
            return f"; did you mean {clause.subject} != {clause.given.value}?"
    return "; negate each condition in it"


def _check_alternatives(group: Group) -> Iterator[str]:
    """Find alternatives of which one always holds: `event != "A" or event != "B"`."""
    differing = Counter(
        member.subject
        for member in {each for each in group.members if isinstance(each, Clause)}
        if member.operator == "!="
    )
    for subject, count in differing.items():
        if count > 1:
            yield f"one of the conditions {subject} != … always holds; did you mean and?"
