"""Reading a template piece by piece, with LiquidJS's character classes.

A template is a text of UTF-16 units, one character each, and positions count them.
"""

from __future__ import annotations

import re

from segment_rehook.mapping.liquid.quoted import QUOTED, unquoted
from segment_rehook.mapping.stringify import quote
from segment_rehook.mapping.text import from_units

END = ""
BLANK = (
    "\t\n\v\f\r \u00a0\u1680\u180e"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_NO_NAME = [unit for unit in map(chr, range(128)) if not unit.isalnum() and unit not in "_-?"]
NAMED = f"[^{re.escape(''.join(_NO_NAME))}{BLANK}\u201c\u201d]"
"""Matches a unit of a name: letters, digits, `_-?` and most characters beyond ASCII."""

_BLANKS = re.compile(f"[{BLANK}]*")
_NAME = re.compile(f"{NAMED}*")
_QUOTED = re.compile(QUOTED, re.DOTALL)
_MAX_SHOWN = 32


class TemplateError(Exception):
    """A template can't be parsed, or throws. `text` is the engine's, with line and column.

    Code that does not know its position raises MappingError; its caller adds the position.
    """

    def __init__(self, text: str, source: str, position: int) -> None:
        before = source[:position]
        line = before.count("\n") + 1
        column = position - before.rfind("\n")
        self.text = f"{from_units(text)}, line:{line}, col:{column}"
        super().__init__(self.text)


class Scanner:
    """Reads a range of a template. `at` is the next position, `stop` the end of the range."""

    def __init__(self, source: str, begin: int = 0, end: int | None = None) -> None:
        self.source = source
        self.at = begin
        self.stop = len(source) if end is None else end

    def peek(self, ahead: int = 0) -> str:
        """Return the unit so far ahead; END if that is beyond the range."""
        index = self.at + ahead
        return self.source[index] if index < self.stop else END

    def done(self) -> bool:
        """Whether the range is read to its end."""
        return self.at >= self.stop

    def take(self, pattern: re.Pattern[str]) -> str | None:
        """Read what matches the pattern; None if nothing does."""
        found = pattern.match(self.source, self.at, self.stop)
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def skip_blank(self) -> None:
        """Skip white space."""
        self.take(_BLANKS)

    def before(self, text: str) -> bool:
        """Whether `text` ends at the next position."""
        return self.at >= len(text) and self.source.startswith(text, self.at - len(text))

    def go_past(self, text: str) -> bool:
        """Skip past `text`, by at least one unit; to the end of the range if it is not there.

        Returns whether `text` was found.
        """
        found = self.source.find(text, max(0, self.at + 1 - len(text)), self.stop)
        self.at = max(self.at, self.stop) if found < 0 else found + len(text)
        return found >= 0

    def word(self) -> str:
        """Read a name; empty if there is none."""
        self.skip_blank()
        return self.take(_NAME) or ""

    def quoted(self) -> str | None:
        """Read a quoted text and return its value; None if there is none."""
        self.skip_blank()
        quoted = self.take(_QUOTED)
        return None if quoted is None else unquoted(quoted)

    def check(self, holds: object, text: str, position: int | None = None) -> None:
        """Raise TemplateError unless `holds` is true."""
        if not holds:
            raise self.error(text, position)

    def error(self, text: str, position: int | None = None) -> TemplateError:
        """Make an error at the next position, or at another."""
        return TemplateError(text, self.source, self.at if position is None else position)

    def snapshot(self, begin: int | None = None) -> str:
        """Quote the text from the next position, or from another, cut to 32 units."""
        text = self.source[self.at if begin is None else begin : self.stop]
        shown = f"{text[: _MAX_SHOWN - 3]}..." if len(text) > _MAX_SHOWN else text
        return quote(from_units(shown))
