"""The lexer of FQL, with the same mistakes as Segment's `fql-ts`.

Words, numbers and strings must be followed by a terminator (end, blank, `,`, `]` or `)`):
`userId!="a"` and `"a"=` are refused. A keyword cut short by the end of the
text loses its tail (`an` reads as `a`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from segment_rehook.mapping import text
from segment_rehook.mapping.errors import TriggerInvalid

Kind: TypeAlias = Literal[
    "ident", "dot", "operator", "conditional", "string", "number", "null",
    "brackleft", "brackright", "parenleft", "parenright", "comma", "eos",
]  # fmt: skip

MAX_TOKEN_UNITS = 100_000
"""The most UTF-16 units of a word, a number or a string, plus one."""

END = ""
_BLANK = " \t\n"
_TERMINATORS = frozenset([END, *_BLANK, ",", "]", ")"])
_AFTER_WORD = _TERMINATORS | set(".(=!")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = frozenset("0123456789")
_WORD = _LETTERS | _DIGITS | set("_-\\")
_PUNCTUATION: dict[str, Kind] = {
    ".": "dot",
    "[": "brackleft",
    "]": "brackright",
    ",": "comma",
    "(": "parenleft",
    ")": "parenright",
}
_KEYWORDS: dict[str, tuple[str, Kind, str]] = {
    "a": ("nd", "conditional", "and"),
    "o": ("r", "conditional", "or"),
    "n": ("ull", "null", "null"),
}


@dataclass(frozen=True, slots=True)
class FqlToken:
    """`value` is the token's text: a string keeps its quotes, a word loses its backslashes."""

    kind: Kind
    value: str


def lex(fql: str) -> list[FqlToken]:
    """Cut FQL into tokens, the last of kind `eos`. Raises TriggerInvalid."""
    return _Lexer(text.to_units(fql)).tokens()


class _Lexer:
    def __init__(self, units: str) -> None:
        self._units = units
        self._at = 0

    def tokens(self) -> list[FqlToken]:
        found: list[FqlToken] = []
        while (unit := self._next()) != END:
            if unit not in _BLANK:
                found.append(self._token(unit))
        return [*found, FqlToken("eos", "eos")]

    def _token(self, unit: str) -> FqlToken:
        if unit == "!":
            return self._negation()
        if unit == "=":
            return FqlToken("operator", "=")
        if unit in {"<", ">"}:
            return FqlToken("operator", f"{unit}=" if self._accept("=") else unit)
        if unit in _LETTERS or unit in {"\\", "_"}:
            return self._keyword(unit) or self._word(unit)
        if unit in _DIGITS or unit in {"-", "+"}:
            return self._number(unit)
        if unit in {'"', "'"}:
            return self._string(unit)
        if unit in _PUNCTUATION:
            return FqlToken(_PUNCTUATION[unit], unit)
        raise self._error("a character that no token begins with")

    def _negation(self) -> FqlToken:
        following = self._peek()
        if following in _LETTERS or following == "(":
            return FqlToken("operator", "!")
        if self._accept("="):
            return FqlToken("operator", "!=")
        raise self._error("'!' goes before a function or a bracket, '!=' before a blank")

    def _keyword(self, first: str) -> FqlToken | None:
        if first not in _KEYWORDS:
            return None
        rest, kind, value = _KEYWORDS[first]
        return FqlToken(kind, value) if self._accept(rest) else None

    def _word(self, unit: str) -> FqlToken:
        word: list[str] = []
        while True:
            if unit == "\\":
                unit = self._next()
                if unit == END:
                    raise self._error("a backslash with nothing after it")
            word.append(unit)
            self._limit(word)
            if self._peek() not in _WORD:
                break
            unit = self._next()
        if self._peek() not in _AFTER_WORD:
            raise self._error("a name must end before this character, or escape it")
        return FqlToken("ident", text.from_units("".join(word)))

    def _number(self, first: str) -> FqlToken:
        digits: list[str] = []
        while (unit := self._peek()) in _DIGITS or unit == ".":
            digits.append(self._next())
            if unit == "." and (self._peek() in _TERMINATORS or "." in digits[:-1]):
                raise self._error("a stray decimal point")
            self._limit(digits)
        return FqlToken("number", first + "".join(digits))

    def _string(self, quote: str) -> FqlToken:
        end = self._units.find(quote, self._at)
        if end < 0:
            raise self._error("a string without its closing quote")
        content = self._units[self._at : end]
        self._at = end
        self._limit(content)
        # A closing quote without a terminator after it is not taken: it opens the next string.
        self._accept(quote)
        return FqlToken("string", text.from_units(f"{quote}{content}{quote}"))

    def _accept(self, expected: str) -> bool:
        """Take what is expected, if a terminator follows it.

        If the text ends before that many units, the rest of the text is dropped.
        """
        end = self._at + len(expected)
        taken = self._units[self._at : end]
        if len(taken) < len(expected) and _TERMINATORS.isdisjoint(taken):
            self._at = len(self._units)
            return False
        if taken != expected or self._units[end : end + 1] not in _TERMINATORS:
            return False
        self._at = end
        return True

    def _next(self) -> str:
        unit = self._peek()
        self._at += len(unit)
        return unit

    def _peek(self) -> str:
        return self._units[self._at : self._at + 1]

    def _limit(self, units: list[str] | str) -> None:
        if len(units) >= MAX_TOKEN_UNITS:
            raise self._error(f"more than {MAX_TOKEN_UNITS} characters in one token")

    def _error(self, reason: str) -> TriggerInvalid:
        return TriggerInvalid(f"the trigger does not parse at character {self._at}: {reason}")
