"""CloudWatch Logs' filter patterns: those for JSON, and those of terms.

Regular expressions (``%…%``), patterns in square brackets and array elements (``$.a[0]``) are
refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from tools.sandbox.aws_answers import Refused

if TYPE_CHECKING:
    from tools.sandbox.aws_log_events import LogEvent

Pattern = Callable[["LogEvent"], bool]
_Condition = Callable[[dict[str, Any]], bool]

MAX_LENGTH: Final = 1024
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign>&&|\|\||!=|<=|>=|[=<>()])"""
    r"""|(?P<name>\$(?:\.[\w-]+)+)|(?P<word>[^\s"&|!<>=(){}$%\[\]]+))"""
)
_TERM: Final = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|(\w+))(?=\s|$)')
_ABSENT: Final = object()
_BOOLEANS: Final = {"TRUE": True, "FALSE": False}


def compile_pattern(text: str) -> Pattern:
    """Return what decides whether an event matches. Raises Refused."""
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise _invalid(f"it is longer than {MAX_LENGTH} characters")
    if text.startswith("{"):
        if not text.endswith("}"):
            raise _invalid("the closing } is missing")
        condition = _Json(text[1:-1]).whole()

        def matches(event: LogEvent) -> bool:
            decoded = event.decoded()
            return decoded is not None and condition(decoded)

        return matches
    return _terms(text)


def _invalid(reason: str) -> Refused:
    return Refused("InvalidParameterException", f"Invalid filter pattern: {reason}")


def _terms(text: str) -> Pattern:
    wanted: dict[str, list[str]] = {"": [], "?": [], "-": []}
    place = 0
    while place < len(text):
        term = _TERM.match(text, place)
        if term is None:
            raise _invalid(f"put what is no letter, digit or _ in quotes: {text[place:]}")
        quoted = term.group(2)
        wanted[term.group(1)].append(term.group(3) if quoted is None else _unescaped(quoted))
        place = term.end()
    every, some, none = wanted.values()
    return lambda event: (
        all(term in event.message for term in every)
        and (not some or any(term in event.message for term in some))
        and not any(term in event.message for term in none)
    )


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


class _Json:
    """The pattern between the braces, being read."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        place, end = 0, len(text.rstrip())
        while place < end:
            token = _TOKEN.match(text, place)
            if token is None or token.lastgroup is None:
                raise _invalid(f"this is not understood: {text[place:].strip()}")
            self._tokens.append((token.lastgroup, token.group(token.lastgroup)))
            place = token.end()
        self._tokens.reverse()

    def whole(self) -> _Condition:
        condition = self._any()
        if self._tokens:
            raise _invalid(f"this is not expected: {self._tokens[-1][1]}")
        return condition

    def _take(self, kind: str, *values: str) -> str | None:
        if self._tokens and self._tokens[-1][0] == kind:
            value = self._tokens[-1][1]
            if not values or value.upper() in values:
                self._tokens.pop()
                return value
        return None

    def _any(self) -> _Condition:
        conditions = [self._all()]
        while self._take("sign", "||"):
            conditions.append(self._all())
        return lambda value: any(each(value) for each in conditions)

    def _all(self) -> _Condition:
        conditions = [self._one()]
        while self._take("sign", "&&"):
            conditions.append(self._one())
        return lambda value: all(each(value) for each in conditions)

    def _one(self) -> _Condition:
        if self._take("sign", "("):
            condition = self._any()
            if not self._take("sign", ")"):
                raise _invalid("a closing ) is missing")
            return condition
        name = self._take("name")
        if name is None:
            raise _invalid("a property such as $.name is expected")
        path = name.split(".")[1:]
        if self._take("word", "NOT"):
            if not self._take("word", "EXISTS"):
                raise _invalid("NOT is followed by EXISTS")
            return lambda value: _found(value, path) is _ABSENT
        if self._take("word", "IS"):
            word = self._take("word", "NULL", *_BOOLEANS)
            if word is None:
                raise _invalid("IS is followed by NULL, TRUE or FALSE")
            wanted = _BOOLEANS.get(word.upper())
            return lambda value: _found(value, path) is wanted
        return self._comparison(path)

    def _comparison(self, path: list[str]) -> _Condition:
        sign = self._take("sign", "=", "!=", "<", "<=", ">", ">=")
        if sign is None:
            raise _invalid(f"$.{'.'.join(path)} is followed by =, !=, <, <=, >, >=, IS or NOT")
        quoted = self._take("text")
        word = self._take("word") if quoted is None else _unescaped(quoted[1:-1])
        if word is None:
            raise _invalid(f"a value is expected after {sign}")
        number = _number(word) if quoted is None else None
        if sign in {"=", "!="}:
            return lambda value: _equal(_found(value, path), word, number, sign == "=")
        if number is None:
            raise _invalid(f"a number is expected after {sign}")
        return lambda value: _ordered(_found(value, path), sign, number)


def _found(value: Any, path: list[str]) -> Any:
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return _ABSENT
        value = value[name]
    return value


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text) else None


def _equal(found: Any, text: str, number: float | None, wanted: bool) -> bool:  # noqa: FBT001 — a sign
    """Compare; an absent property, an object and an array are neither equal nor unequal."""
    match found:
        case bool():
            return (str(found).lower() == text.lower()) is wanted
        case int() | float():
            return (number is not None and found == number) is wanted
        case str():
            return fnmatchcase(found, re.sub(r"([\[\]?])", r"[\1]", text)) is wanted
    return False


def _ordered(found: Any, sign: str, number: float) -> bool:
    if isinstance(found, bool) or not isinstance(found, int | float):
        return False
    match sign:
        case "<":
            return found < number
        case "<=":
            return found <= number
        case ">":
            return found > number
    return found >= number
