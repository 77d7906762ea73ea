"""Triggers: FQL as Segment's `destination-subscriptions` reads it, compiled to one callable.

Its parser is a loose one, and what it makes of odd texts is kept: the last `and` or `or` holds for
its whole group, brackets do not nest, `!(…)` is `(…)`, any word may stand where an operator does.
Only a text that yields no condition at all is refused.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from segment_rehook.mapping import text
from segment_rehook.mapping.errors import TriggerInvalid
from segment_rehook.mapping.fql_conditions import Condition, condition, throwing
from segment_rehook.mapping.fql_lexer import Token, lex
from segment_rehook.mapping.members import OBJECT_MEMBERS
from segment_rehook.mapping.values import Value, to_number, to_text

_PLAIN = frozenset({"type", "event", "name", "userId"})
_NESTED = ("properties", "traits", "context")
_KNOWN = _PLAIN | {*_NESTED} | OBJECT_MEMBERS
_FUNCTIONS = frozenset({"contains", "match"})
_FUNCTION_FIELDS = frozenset({"event", "name", "userId"})

# What a plain field's comparison with a keyword means; elsewhere the keyword is text.
_KEYWORDS = {
    ("!=", "null"): "exists",
    ("=", "null"): "not_exists",
    ("=", "true"): "is_true",
    ("=", "false"): "is_false",
}
_PLAIN_KEYWORDS = {
    "name": frozenset({"exists", "not_exists"}),
    "userId": frozenset(_KEYWORDS.values()),
}
_NUMERIC = {"=": "number_equals", "!=": "number_not_equals"}


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger, ready to run; `reads` names the event's top-level keys that it looks at."""

    reads: frozenset[str]
    _condition: Condition

    def __call__(self, event: Value) -> bool:
        """Tell whether the event matches. Raises MappingError where the engine throws."""
        return self._condition.holds(event)

    @property
    def condition(self) -> Condition:
        """What is asked of an event: one clause, or a group of them."""
        return self._condition


def compile_trigger(fql: str) -> Trigger:
    """Compile a trigger. Raises TriggerInvalid alone: at Segment it would match nothing."""
    parsed = _parse(deque(_normalize(lex(fql))))
    if parsed is None:
        raise TriggerInvalid("the trigger has no condition that Segment understands")
    return Trigger(parsed.reads, parsed)


def _normalize(tokens: list[Token]) -> list[Token]:
    """Join words with dots between them into one: `properties . plan`."""
    joined: list[Token] = []
    waiting = deque(tokens)
    while waiting:
        token = waiting.popleft()
        if token.kind == "dot" and joined and joined[-1].kind == "ident" == waiting[0].kind:
            token = Token("ident", f"{joined.pop().value}.{waiting.popleft().value}")
        joined.append(token)
    return joined


def _parse(tokens: deque[Token]) -> Condition | None:
    conditions: list[Condition | None] = []
    joint = "and"
    while tokens and (token := tokens.popleft()).kind != "eos":
        if token.kind == "ident":
            conditions += _named(token, tokens)
        elif token.kind == "operator" and token.value == "!":
            if _is_function(tokens):
                conditions += _function(tokens.popleft().value, tokens, negated=True)
        elif token.kind == "parenleft":
            conditions.append(_parse(_bracketed(tokens)))
        elif token.kind == "conditional":
            joint = token.value
    return _group(joint, conditions)


def _group(joint: str, found: list[Condition | None]) -> Condition | None:
    if len(found) < 2:  # noqa: PLR2004 — a group needs two
        return found[0] if found else None
    # An empty bracket is found out only when its turn comes.
    empty = throwing("Cannot read properties of undefined (reading 'type')")
    members = tuple(each or empty for each in found)
    decide = all if joint == "and" else any
    reads = frozenset().union(*(each.reads for each in members))
    return Condition(
        lambda event: decide(each.holds(event) for each in members),
        reads,
        members=members,
        joint=joint,
    )


def _take(tokens: deque[Token], missing: str) -> Token:
    if not tokens:
        raise TriggerInvalid(f"the trigger does not parse: {missing} is missing")
    return tokens.popleft()


def _bracketed(tokens: deque[Token]) -> deque[Token]:
    inner: deque[Token] = deque()
    while (token := _take(tokens, "a closing bracket")).kind != "parenright":
        inner.append(token)
    inner.append(Token("eos", "eos"))
    return inner


def _is_function(tokens: deque[Token]) -> bool:
    if not tokens:
        raise TriggerInvalid("the trigger does not parse: nothing follows '!'")
    return tokens[0].kind == "ident" and tokens[0].value in _FUNCTIONS


def _named(token: Token, tokens: deque[Token]) -> list[Condition]:
    if token.value in _FUNCTIONS:
        return _function(token.value, tokens, negated=False)
    source = token.value.partition(".")[0]
    if source not in _KNOWN:
        return []
    operator = _take(tokens, "an operator").value
    given = _take(tokens, "a value")
    if source in OBJECT_MEMBERS:
        return []  # known to JavaScript, not to FQL: swallows what follows and says nothing
    meaning = _KEYWORDS.get((operator, given.value), "")
    if source in _PLAIN:
        if meaning in _PLAIN_KEYWORDS.get(source, ()):
            return [condition(source, None, meaning, "")]
        return [condition(source, None, operator, to_text(_value(given)))]
    path = token.value.removeprefix(f"{source}.")
    if not meaning and given.kind == "number":
        meaning = _NUMERIC.get(operator, "")
    return [condition(source, path, meaning or operator, _value(given))]


def _function(name: str, tokens: deque[Token], *, negated: bool) -> list[Condition]:
    # Brackets and comma are skipped unseen: any token does for them.
    _skip(tokens)
    subject = _take(tokens, "a function's first argument").value
    _skip(tokens)
    argument = _take(tokens, "a function's second argument")
    _skip(tokens)
    operator, expected = "contains", to_text(_value(argument))
    if name == "match":
        starts = argument.value.endswith('*"')
        operator = "starts_with" if starts else "ends_with"
        units = text.to_units(expected)
        expected = text.from_units(units[:-1] if starts else units[1:])
    if negated:
        operator = f"not_{operator}"
    if subject in _FUNCTION_FIELDS:
        return [condition(subject, None, operator, expected)]
    return [
        condition(source, subject.removeprefix(f"{source}."), operator, expected)
        for source in _NESTED
        if subject.startswith(source)
    ]


def _skip(tokens: deque[Token]) -> None:
    if tokens:
        tokens.popleft()


def _value(token: Token) -> str | float | bool:
    if token.kind == "string":
        return token.value.removeprefix('"').removesuffix('"')
    if token.kind == "number":
        return to_number(token.value)
    if token.kind == "ident" and token.value in {"true", "false"}:
        return token.value == "true"
    return token.value
