"""Quoted texts of a template, with JavaScript's escapes, octal escapes included."""

from __future__ import annotations

import re

from segment_rehook.mapping.errors import MappingError

QUOTED = r"""'(?:[^'\\]|\\.)*(?:'|\\?\Z)|"(?:[^"\\]|\\.)*(?:"|\\?\Z)"""
"""Matches a quoted text; if it is not closed, it goes to the end. To be used with re.DOTALL."""

_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_UNIT = re.compile(r"\\(?:u([0-9A-Fa-f]{0,4})|([0-7]{1,3})|(.))|.", re.DOTALL)
_HEX_DIGITS = 4


def unquoted(quoted: str) -> str:
    """Return the value of a quoted text, in UTF-16 units.

    As in LiquidJS, a text without a closing quote loses its last unit. Raises MappingError if a
    hexadecimal escape is cut off by the end.
    """
    units: list[str] = []
    for found in _UNIT.finditer(quoted, 1):
        if found.start() >= len(quoted) - 1:
            break
        code, octal, escaped = found.groups()
        if code is not None:
            if len(code) < _HEX_DIGITS and found.end() == len(quoted):
                raise MappingError("Cannot read properties of undefined (reading 'charCodeAt')")
            units.append(chr(int(code or "0", 16)))
        elif octal is not None:
            units.append(chr(int(octal, 8)))
        else:
            units.append(found[0] if escaped is None else _ESCAPES.get(escaped, escaped))
    return "".join(units)
