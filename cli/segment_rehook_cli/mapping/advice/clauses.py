"""Advice on one condition of a trigger, or on a word that is not read as a condition."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from segment_rehook.mapping.fql_conditions import OPERATORS
from segment_rehook.mapping.fql_parser import FUNCTIONS, NESTED, PLAIN
from segment_rehook.mapping.schema_check import meant
from segment_rehook.mapping.values import to_number
from segment_rehook_cli.mapping.advice.events import BY_TYPE, MEMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segment_rehook.mapping.fql_syntax import Clause, PassedOver

__all__ = ["check_clause", "check_passed_over", "operator_or_value"]

_ROOTS: Final = (*sorted(PLAIN), *NESTED)
_VALUES: Final = frozenset({"string", "number", "ident", "null"})
_ORDERS: Final = frozenset({"<", "<=", ">", ">="})
_MEANT: Final = {
    "==": "=",
    "===": "=",
    "is": "=",
    "equals": "=",
    "eq": "=",
    "<>": "!=",
    "ne": "!=",
    "not": "!=",
    "=>": ">=",
    "=<": "<=",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "in": "or",
    "like": "match( )",
    "includes": "contains( )",
    "startsWith": "match( )",
    "endsWith": "match( )",
}
_CLOSE: Final = 0.75


def check_clause(clause: Clause) -> Iterator[str]:
    """Advise on a condition."""
    if clause.sign == ",":
        return  # in the brackets of a word that is not a function
    if clause.source in PLAIN and clause.subject != clause.source:
        yield (
            f"{clause.subject} reads {clause.source} itself: "
            f"in a trigger only {', '.join(NESTED)} have members"
        )
    if clause.operator not in OPERATORS or clause.given.kind == "operator":
        sign = clause.sign + (clause.given.value if clause.given.kind == "operator" else "")
        hint = f"; did you mean {_MEANT[sign]}?" if sign in _MEANT else ""
        yield f'"{sign}" is not an operator, so the condition on {clause.subject} never holds{hint}'
    elif clause.given.kind not in _VALUES:
        yield f"{clause.subject} {clause.sign} has no value after it to compare with"
    elif clause.given.value.startswith("'"):
        yield (
            f"the single quotes are part of the text that is compared, {clause.given.value}; "
            f'did you mean "{clause.given.value[1:-1]}"?'
        )
    elif clause.sign == "match":
        yield from _check_pattern(clause.given.value.strip('"'))
    else:
        yield from _check_comparison(clause)


def _check_comparison(clause: Clause) -> Iterator[str]:
    given = clause.given.value
    written = f"{clause.subject} {clause.sign} {given}"
    if clause.source in {"type", "event"} and given == "null":
        always = "holds for every event" if clause.operator == "!=" else "hardly ever holds"
        yield f'{written} compares with the text "null" and {always}; remove it'
    elif clause.source in NESTED and clause.sign == "!=" and given in {"true", "false"}:
        other = "false" if given == "true" else "true"
        yield (
            f'{written} compares with the text "{given}" and holds for {given} as well; '
            f"did you mean = {other}?"
        )
    elif clause.operator in _ORDERS and _is_no_number(clause):
        yield f"{clause.sign} compares only numbers: {written} never holds"
    elif clause.operator in {"=", "!="}:
        yield from _check_text(clause)


def check_passed_over(part: PassedOver, types: Iterable[str]) -> str:
    """Advise on a word that is not read as a condition. `types`: which events the trigger takes."""
    word = part.word
    if part.kind == "negation":
        return f"the ! before {word} is ignored: write {word} != …"
    if part.kind == "bracket":
        return (
            "the first ) ends a bracket, even if it is a function's: "
            "do not put a function inside brackets"
        )
    if word.lower() == "not":
        return (
            '"not" is ignored, so the condition after it is not negated: write != or !contains( )'
        )
    if word.lower() in {"and", "or"}:
        return f'"{word}" is ignored: write it in lower case, {word.lower()}'
    if part.called:
        return f"{word}( ) is not a function; the functions are {' and '.join(sorted(FUNCTIONS))}"
    if not (_is_condition(part) or word.partition(".")[0] in MEMBERS or part.kind == "subject"):
        return f'"{word}" is ignored; put a text of several words in double quotes'
    return f"the condition on {word} is ignored{_suggestion(word, types)}"


def operator_or_value(part: PassedOver, before: PassedOver | None) -> bool:
    """Whether a word is the operator or value after an ignored word, so that it needs no advice."""
    return before is not None and part.word in {token.value for token in before.following}


def _is_condition(part: PassedOver) -> bool:
    sign = part.following[0] if part.following else None
    return sign is not None and (sign.kind == "operator" or sign.value in _MEANT)


def _suggestion(word: str, types: Iterable[str]) -> str:
    head, dot, rest = word.partition(".")
    close = meant(head, _ROOTS, closeness=_CLOSE)
    if close is not None and close != head:
        return f"; did you mean {close}{dot}{rest}?"
    if head in MEMBERS:
        return f": a trigger can't read {head}, only {', '.join(_ROOTS)}"
    of_people = {*types} and {*types} <= {"identify", "group"}
    return f"; did you mean {'traits' if of_people else 'properties'}.{word}?"


def _check_pattern(pattern: str) -> Iterator[str]:
    inner = pattern.strip("*")
    if pattern.startswith("*") and pattern.endswith("*") and inner:
        yield f'match takes one *, at the start or at the end; did you mean contains( , "{inner}")?'
    elif "*" in inner or (inner == pattern and pattern):
        yield (
            f'match takes one *, at the start or at the end: "{pattern}" is read as '
            f'"*{pattern[1:]}"; did you mean "{inner.replace("*", "")}*"?'
            if "*" not in inner
            else f'match takes one *, at the start or at the end, not "{pattern}"'
        )


def _check_text(clause: Clause) -> Iterator[str]:
    text = str(clause.expected)
    if clause.source == "type" and text not in BY_TYPE:
        close = meant(text, BY_TYPE)
        if close is not None:
            yield f'no event has the type "{text}"; did you mean "{close}"?'
    elif clause.source in {"event", "name"} and text.strip("*") != text:
        yield (
            f'{clause.sign} compares the * as text; did you mean match({clause.subject}, "{text}")?'
        )


def _is_no_number(clause: Clause) -> bool:
    return isinstance(clause.expected, str) and math.isnan(to_number(clause.expected))
