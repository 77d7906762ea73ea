"""Where the parts of a JSON text begin and end, found without parsing it.

A signature covers the raw bytes of a batch's first element, and one element that no parser takes
must not cost its neighbours; both need the text cut apart by its brackets and strings alone.

One pass, no recursion, no backtracking (possessive quantifiers), constant memory: at most one
match a byte, some 0.2 µs each. Text that is not JSON gives some cut, never an error: whoever
reads the slices judges them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANK = b" \t\n\r"
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
_TOKEN = re.compile(_STRING + rb"|[\[{]+|[\]}]+|,", re.DOTALL)
_OPENING = frozenset(b"[{")
_CLOSING = frozenset(b"]}")
_COMMA = ord(",")


def nesting(text: bytes) -> int:
    """Give the greatest number of arrays and objects open at once; brackets in strings don't count.

    The cheap upper bound is checked by the caller: `count(b"[") + count(b"{")`.
    """
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        first = text[token.start()]
        if first in _OPENING:
            depth += token.end() - token.start()
            deepest = max(deepest, depth)
        elif first in _CLOSING:
            depth = max(0, depth - (token.end() - token.start()))
    return deepest


def elements(text: bytes) -> Iterator[bytes]:
    """Cut an array's text into the raw texts of its elements, outer blanks removed, lazily.

    Gives nothing for a text that does not begin with `[`. An unclosed array ends where the text
    ends; what follows a closed array is not looked at. An empty element (`[1,,2]`) is given as
    `b""`; an empty array has none.
    """
    opening = _skip_blanks(text)
    if text[opening : opening + 1] != b"[":
        return
    start, depth, cut_before = opening + 1, 0, False
    for token in _TOKEN.finditer(text, start):
        first = text[token.start()]
        if first in _OPENING:
            depth += token.end() - token.start()
        elif first in _CLOSING:
            closings = token.end() - token.start()
            if closings > depth:
                end = token.start() + depth
                break
            depth -= closings
        elif first == _COMMA and depth == 0:
            yield text[start : token.start()].strip(_BLANK)
            start, cut_before = token.end(), True
    else:
        end = len(text)
    last = text[start:end].strip(_BLANK)
    if last or cut_before:
        yield last


def _skip_blanks(text: bytes) -> int:
    return len(text) - len(text.lstrip(_BLANK))
