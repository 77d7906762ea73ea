"""Reading a template piece by piece, with LiquidJS's classes of characters.

Positions count UTF-16 units, one character each.
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
"""The pattern of a unit that belongs to a name: letters, digits, `_-?` and most beyond ASCII."""

_BLANKS = re.compile(f"[{BLANK}]*")
_NAME = re.compile(f"{NAMED}*")
_QUOTED = re.compile(QUOTED, re.DOTALL)
_MAX_SHOWN = 32


class TemplateError(Exception):
    """A template does not parse, or throws: `text` is the engine's, with line and column.

    What does not know its place raises MappingError instead; whoever knows it adds it.
    """

    def __init__(self, text: str, source: str, position: int) -> None:
        before = source[:position]
        line = before.count("\n") + 1
        column = position - before.rfind("\n")
        self.text = f"{from_units(text)}, line:{line}, col:{column}"
        super().__init__(self.text)


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

    def take(self, pattern: re.Pattern[str]) -> str | None:
        """Read what fits the pattern; None where it does not."""
        found = pattern.match(self.source, self.at, self.stop)
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def skip_blank(self) -> None:
        """Go past white space."""
        self.take(_BLANKS)

    def before(self, text: str) -> bool:
        """Tell whether `text` ends at the place."""
        return self.at >= len(text) and self.source.startswith(text, self.at - len(text))

    def go_past(self, text: str) -> bool:
        """Go on, by at least one unit, until `text` lies just before the place, else to the end."""
        found = self.source.find(text, max(0, self.at + 1 - len(text)), self.stop)
        self.at = max(self.at, self.stop) if found < 0 else found + len(text)
        return found >= 0

    def word(self) -> str:
        """Read a name; empty where there is none."""
        self.skip_blank()
        return self.take(_NAME) or ""

    def quoted(self) -> str | None:
        """Read a quoted text, and give what it stands for; None where there is none."""
        self.skip_blank()
        quoted = self.take(_QUOTED)
        return None if quoted is None else unquoted(quoted)

    def check(self, holds: object, text: str, position: int | None = None) -> None:
        """Raise TemplateError unless it holds."""
        if not holds:
            raise self.error(text, position)

    def error(self, text: str, position: int | None = None) -> TemplateError:
        """Make an error at the place, or at another."""
        return TemplateError(text, self.source, self.at if position is None else position)

    def snapshot(self, begin: int | None = None) -> str:
        """Quote what follows, cut short."""
        text = self.source[self.at if begin is None else begin : self.stop]
        shown = f"{text[: _MAX_SHOWN - 3]}..." if len(text) > _MAX_SHOWN else text
        return quote(from_units(shown))
