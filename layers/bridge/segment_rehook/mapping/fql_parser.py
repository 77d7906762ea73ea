"""The parser of triggers; it reads odd texts as Segment's parser does.

The last `and` or `or` joins its whole group, brackets do not nest, `!(…)` is read as `(…)`, and any
word is taken for an operator.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Final, TypeAlias

from segment_rehook.mapping import text
from segment_rehook.mapping.errors import TriggerInvalid
from segment_rehook.mapping.fql_lexer import FqlToken, lex
from segment_rehook.mapping.fql_syntax import Clause, Group, PassedOver
from segment_rehook.mapping.members import OBJECT_MEMBERS
from segment_rehook.mapping.values import to_number, to_text

PLAIN: Final = frozenset({"type", "event", "name", "userId"})
"""Members of the event that a trigger compares as a whole."""
NESTED: Final = ("properties", "traits", "context")
"""Members of the event that a trigger looks into."""
FUNCTIONS: Final = frozenset({"contains", "match"})
FUNCTION_FIELDS: Final = frozenset({"event", "name", "userId"})
"""The members in PLAIN that a function takes."""

_KNOWN = PLAIN | {*NESTED} | OBJECT_MEMBERS

# The operators that comparisons with a keyword stand for; elsewhere the keyword is text.
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

FqlTokens: TypeAlias = deque[FqlToken]


def parse_trigger(fql: str) -> Group:
    """Parse a trigger. Raises TriggerInvalid; a text without a condition gives an empty group."""
    return _parse(deque(_normalize(lex(fql))))


def _normalize(tokens: list[FqlToken]) -> list[FqlToken]:
    """Join words with dots between them into one: `properties . plan`."""
    joined: list[FqlToken] = []
    waiting = deque(tokens)
    while waiting:
        token = waiting.popleft()
        if token.kind == "dot" and joined and joined[-1].kind == "ident" == waiting[0].kind:
            token = FqlToken("ident", f"{joined.pop().value}.{waiting.popleft().value}")
        joined.append(token)
    return joined


def _parse(tokens: FqlTokens, *, negated: bool = False) -> Group:
    members: list[Clause | Group] = []
    joints: list[str] = []
    passed_over: list[PassedOver] = []
    after_negation = False
    while tokens and (token := tokens.popleft()).kind != "eos":
        lost_negation, after_negation = after_negation, False
        if token.kind == "ident":
            if lost_negation:
                passed_over.append(PassedOver(token.value, "negation"))
            _read(token, tokens, members, passed_over)
        elif token.kind == "operator" and token.value == "!":
            if _is_function(tokens):
                _read(tokens.popleft(), tokens, members, passed_over, negated=True)
            else:
                after_negation = True
        elif token.kind == "parenleft":
            members.append(_parse(_bracketed(tokens), negated=lost_negation))
        elif token.kind == "parenright":
            passed_over.append(PassedOver(token.value, "bracket"))
        elif token.kind == "conditional":
            joints.append(token.value)
    joint = joints[-1] if joints else "and"
    return Group(joint, tuple(members), tuple(joints), tuple(passed_over), negated)


def _read(
    token: FqlToken,
    tokens: FqlTokens,
    members: list[Clause | Group],
    passed_over: list[PassedOver],
    *,
    negated: bool = False,
) -> None:
    """Read the condition that begins with a word; if there is none, pass over the word."""
    if token.value in FUNCTIONS:
        subject = tokens[1].value if len(tokens) > 1 else ""
        found = _function(token.value, tokens, negated=negated)
        unread = PassedOver(subject, "subject")
    else:
        found = _comparison(token, tokens)
        unread = PassedOver(token.value, "word", tuple(islice(tokens, 2)))
    members += found
    if not found:
        passed_over.append(unread)


def _take(tokens: FqlTokens, missing: str) -> FqlToken:
    if not tokens:
        raise TriggerInvalid(f"the trigger does not parse: {missing} is missing")
    return tokens.popleft()


def _bracketed(tokens: FqlTokens) -> FqlTokens:
    inner: FqlTokens = deque()
    while (token := _take(tokens, "a closing bracket")).kind != "parenright":
        inner.append(token)
    inner.append(FqlToken("eos", "eos"))
    return inner


def _is_function(tokens: FqlTokens) -> bool:
    if not tokens:
        raise TriggerInvalid("the trigger does not parse: nothing follows '!'")
    return tokens[0].kind == "ident" and tokens[0].value in FUNCTIONS


def _comparison(token: FqlToken, tokens: FqlTokens) -> list[Clause]:
    source = token.value.partition(".")[0]
    if source not in _KNOWN:
        return []
    operator = _take(tokens, "an operator").value
    given = _take(tokens, "a value")
    if source in OBJECT_MEMBERS:
        return []  # a name of JavaScript's: the engine drops it and the two tokens after it
    meaning = _KEYWORDS.get((operator, given.value), "")
    path: str | None = None
    expected = _value(given)
    if source in PLAIN:
        expected = to_text(expected)
        if meaning in _PLAIN_KEYWORDS.get(source, ()):
            expected = ""
        else:
            meaning = ""
    else:
        path = token.value.removeprefix(f"{source}.")
        if not meaning and given.kind == "number":
            meaning = _NUMERIC.get(operator, "")
    return [Clause(source, path, meaning or operator, expected, token.value, operator, given)]


def _function(name: str, tokens: FqlTokens, *, negated: bool) -> list[Clause]:
    # Brackets and the comma are skipped without a check: any token may stand there.
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
    if subject in FUNCTION_FIELDS:
        return [Clause(subject, None, operator, expected, subject, name, argument)]
    return [
        Clause(
            source,
            subject.removeprefix(f"{source}."),
            operator,
            expected,
            subject,
            name,
            argument,
        )
        for source in NESTED
        if subject.startswith(source)
    ]


def _skip(tokens: FqlTokens) -> None:
    if tokens:
        tokens.popleft()


def _value(token: FqlToken) -> str | float | bool:
    if token.kind == "string":
        return token.value.removeprefix('"').removesuffix('"')
    if token.kind == "number":
        return to_number(token.value)
    if token.kind == "ident" and token.value in {"true", "false"}:
        return token.value == "true"
    return token.value
