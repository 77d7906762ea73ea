"""Finds where the parts of a JSON text begin and end, without parsing the text.

A signature covers the raw bytes of a batch's first element, and an element that is no JSON must not
affect the others. For both the text is cut by its brackets and strings alone.

There is no recursion and no backtracking (possessive quantifiers). Time and memory are linear, at
most some 0.2 µs and 35 bytes for each byte. Text that is not JSON is cut somehow, without an error:
the reader of the slices must check them.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANK = b" \t\n\r"
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
_TOKEN = re.compile(_STRING + rb"|[\[{]+|[\]}]+|,", re.DOTALL)
_UNESCAPED_STRING = re.compile(rb'"[^"]*+"?')
_SQUARE = bytes.maketrans(b"{}", b"[]")
_STEPS = bytes.maketrans(b"[]", bytes([1, 255]))  # 255 as a signed byte is -1
_NO_MARKS = bytes(set(range(256)) - set(b'[{]}"'))
_FEW_LEVELS = 12
"""Up to this depth, removing one level at a time is faster than counting brackets."""
_OPENING = frozenset(b"[{")
_CLOSING = frozenset(b"]}")
_COMMA = ord(",")


def nesting(text: bytes) -> int:
    """Give the greatest number of arrays and objects open at once; brackets in strings don't count.

    Exact up to where the text stops being JSON.
    """
    if b"\\" in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Two quotes side by side (an empty string, or the ends of two strings) enclose no bracket.
    marks = text.translate(None, _NO_MARKS).replace(b'""', b"")
    brackets = _UNESCAPED_STRING.sub(b"", marks).translate(_SQUARE)
    left = brackets
    for levels in range(_FEW_LEVELS):  # each turn removes the innermost pairs
        if not left:
            return levels
        left = left.replace(b"[]", b"")
    return max(accumulate(memoryview(brackets.translate(_STEPS)).cast("b")), default=0)


def elements(text: bytes) -> Iterator[bytes]:
    """Cut an array's text into the raw texts of its elements, outer blanks removed, lazily.

    A text that does not begin with `[` gives nothing. In valid JSON the elements are exact. In
    other text, an element whose brackets do not match ends at the next comma outside brackets, so
    that most elements after it are right; a missing closing bracket or quote includes the rest of
    the text. An empty element (`[1,,2]`) is `b""`; an empty array has none.
    """
    start = len(text) - len(text.lstrip(_BLANK)) + 1
    if text[start - 1 : start] != b"[":
        return
    end = len(text.rstrip(_BLANK))
    if text[end - 1 : end] == b"]":
        end -= 1
    depth, cut_before = 0, False
    for token in _TOKEN.finditer(text, start, end):
        first = text[token.start()]
        if first in _OPENING:
            depth += token.end() - token.start()
        elif first in _CLOSING:
            depth = max(0, depth - (token.end() - token.start()))
        elif first == _COMMA and depth == 0:
            yield text[start : token.start()].strip(_BLANK)
            start, cut_before = token.end(), True
    last = text[start:end].strip(_BLANK)
    if last or cut_before:
        yield last
