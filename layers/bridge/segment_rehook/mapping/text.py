"""Text as JavaScript has it: sequences of UTF-16 units.

Python counts, cuts and searches by code point. Where that makes a difference (length, index, a
pattern that is half an emoji), text is split into units, one character each, and joined again
afterwards. Two halves of a character that then stand side by side become one, as in JavaScript.
"""

from __future__ import annotations

import re

WHITESPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What `trim` removes and `\\s` matches (ECMA-262, WhiteSpace and LineTerminator)."""

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_ASCII_END = 0x80


def to_units(text: str) -> str:
    """Write each character beyond U+FFFF as its two surrogates."""
    return text if text.isascii() else _ASTRAL.sub(_split, text)


def from_units(text: str) -> str:
    """Join each surrogate pair into its character; lone surrogates stay."""
    return text if text.isascii() else _PAIR.sub(_join, text)


def length(text: str) -> int:
    """Count UTF-16 units, as `.length` does."""
    return len(text) if text.isascii() else len(text) + len(_ASTRAL.findall(text))


def trim(text: str) -> str:
    """Remove JavaScript's white space at both ends."""
    return text.strip(WHITESPACE)


def fold(units: str) -> str:
    """Map units as a regular expression's `i` flag does (ECMA-262, Canonicalize without `u`)."""
    return units.upper() if units.isascii() else "".join(map(_fold_unit, units))


def _fold_unit(unit: str) -> str:
    upper = unit.upper()
    if len(upper) != 1 or (ord(unit) >= _ASCII_END > ord(upper)):
        return unit
    return upper


def _split(found: re.Match[str]) -> str:
    offset = ord(found[0]) - 0x10000
    return chr(0xD800 + (offset >> 10)) + chr(0xDC00 + (offset & 0x3FF))


def _join(found: re.Match[str]) -> str:
    high, low = map(ord, found[0])
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
