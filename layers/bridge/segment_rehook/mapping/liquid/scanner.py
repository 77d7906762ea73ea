"""Reading a template unit by unit, with LiquidJS's classes of characters.

LiquidSyntaxError (python-liquid)
└── Refused      the template is refused, or stopped, with a place: the engine's own sentence
Fault (Exception)   the same before the place is known
"""

from __future__ import annotations

from liquid.exceptions import LiquidSyntaxError

from segment_rehook.mapping.stringify import quote
from segment_rehook.mapping.text import from_units

END = ""
BLANK = frozenset(
    "\t\n\v\f\r \u00a0\u1680\u180e"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
DIGITS = frozenset("0123456789")
SIGNS = frozenset("+-")
QUOTES = frozenset("\"'")
_ASCII_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-?")
_NO_WORD = BLANK | frozenset("\u201c\u201d")
_SNAPSHOT = 32


class Fault(Exception):
    """Something that JavaScript throws; whoever knows the place adds it."""


class Refused(LiquidSyntaxError):
    """A template's error with its place, `…, line:1, col:7`."""

    def __init__(self, text: str) -> None:
        super().__init__(text, token=None)
        self.text = text


def refusal(text: str, source: str, position: int) -> Refused:
    """Add the place to an error's text."""
    before = source[:position]
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return Refused(f"{from_units(text)}, line:{line}, col:{column}")


def is_word(unit: str) -> bool:
    """Tell whether a unit belongs to a name: letters, digits, `_-?` and most beyond ASCII."""
    return unit in _ASCII_WORD or (unit > "\x7f" and unit not in _NO_WORD)


class Scanner:
    """A place in a range of a template."""

    def __init__(self, source: str, begin: int = 0, end: int | None = None) -> None:
        self.source = source
        self.at = begin
        self.stop = len(source) if end is None else end

    def peek(self, ahead: int = 0) -> str:
        """Give the unit `ahead` of the place, END beyond the range."""
        index = self.at + ahead
        return self.source[index] if index < self.stop else END

    def done(self) -> bool:
        """Tell whether the range is read."""
        return self.at >= self.stop

    def skip_blank(self) -> None:
        """Go past white space."""
        while self.peek() in BLANK:
            self.at += 1

    def before(self, text: str) -> bool:
        """Tell whether `text` ends at the place."""
        return self.at >= len(text) and self.source.startswith(text, self.at - len(text))

    def go_past(self, text: str) -> bool:
        """Go on until `text` lies just before the place; at least one unit."""
        while self.at < self.stop:
            self.at += 1
            if self.before(text):
                return True
        return False

    def identifier(self) -> str:
        """Read a name; empty where there is none."""
        self.skip_blank()
        begin = self.at
        while is_word(self.peek()):
            self.at += 1
        return self.source[begin : self.at]

    def quoted(self) -> str | None:
        """Read a quoted text, quotes and backslashes included; None where there is none."""
        self.skip_blank()
        begin = self.at
        if self.peek() not in QUOTES:
            return None
        opening = self.peek()
        self.at += 1
        escaped = False
        while self.at < self.stop:
            unit = self.source[self.at]
            self.at += 1
            if unit == opening and not escaped:
                break
            escaped = not escaped and unit == "\\"
        return self.source[begin : self.at]

    def check(self, holds: object, text: str, position: int | None = None) -> None:
        """Raise Refused unless it holds."""
        if not holds:
            raise self.error(text, position)

    def error(self, text: str, position: int | None = None) -> Refused:
        """Make an error at the place, or at another."""
        return refusal(text, self.source, self.at if position is None else position)

    def snapshot(self, begin: int | None = None) -> str:
        """Quote what follows, cut short."""
        text = self.source[self.at if begin is None else begin : self.stop]
        shown = f"{text[: _SNAPSHOT - 3]}..." if len(text) > _SNAPSHOT else text
        return quote(from_units(shown))
