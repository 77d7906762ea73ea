"""A secret's value as a file, a pipe or a paste gives it: cleaned, or refused before it is put.

The functions' own reading has the first word (`aws.parameters`, `segment.access`). What they would
take and no sender could ever match is refused here too: once put, each request under it is answered
401, and Segment discards those. A refusal names the line and what is wrong in it, never the value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from segment_rehook.aws.parameters import (
    BYTE_ORDER_MARK,
    LISTS,
    TOKENS,
    mistakes_in,
    numbered_lines,
)
from segment_rehook.segment.access import SIGNATURE_HEADER, Token

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ValueRefused", "cleaned", "decoded"]

BYTES_MOST: Final = 4096
"""What SSM takes as a standard parameter."""

_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
# Unicode calls these printable, and nothing is seen of them.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
# A header's name before a colon, in a line that was not read as `Name: value`.
_LIKE_A_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*:.*|[^:]*:[ \t].*")
# What they hold is no secret: every request has them, or a proxy adds them.
_PUBLIC_HEADERS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    }
)


class ValueRefused(ValueError):
    """The value can't be one that works. The text holds nothing of it."""


def decoded(content: bytes) -> str:
    """Text from bytes: UTF-8, with or without a byte order mark. Raises ValueRefused."""
    if content.startswith(_UTF_16):
        raise ValueRefused("is UTF-16 text: save it as UTF-8 (in PowerShell: -Encoding utf8)")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueRefused(f"is no UTF-8 text: see line {line}") from None


def cleaned(name: str, value: str) -> str:
    """What is to be put: the lines without what an editor or a paste adds around them.

    Raises ValueRefused.
    """
    lines = numbered_lines(value)
    if not lines:
        raise ValueRefused("nothing was given")
    if name not in LISTS and len(lines) > 1:
        raise ValueRefused(f"one line is wanted, not {len(lines)}")
    wrong = list(_unseen(lines)) or mistakes_in(name, value)
    if name == TOKENS and not wrong:
        wrong = list(_unmatchable(lines))
    if wrong:
        raise ValueRefused("; ".join(wrong))
    result = "\n".join(line for _, line in lines)
    if (size := len(result.encode())) > BYTES_MOST:
        raise ValueRefused(f"{size} bytes; an SSM parameter holds {BYTES_MOST}")
    return result


def _unseen(lines: list[tuple[int, str]]) -> Iterator[str]:
    """Characters that a person does not see, and so does not put into Segment or Rehook either."""
    for number, line in lines:
        odd = next((each for each in line if not each.isprintable() or _INVISIBLE.match(each)), "")
        if odd == "\0":
            yield f"line {number} has a NUL in it (UTF-16 text? save it as UTF-8)"
        elif odd == BYTE_ORDER_MARK:
            yield f"line {number} has a byte order mark in it (U+FEFF): type the line anew"
        elif odd:
            yield (
                f"line {number} has a control character or invisible character in it "
                f"(U+{ord(odd):04X}): type the line anew"
            )


def _unmatchable(lines: list[tuple[int, str]]) -> Iterator[str]:
    """Tokens that no request can carry, or that are read otherwise than they were meant."""
    for number, line in lines:
        token = Token.from_line(line)
        is_bare = token.value == line.encode()
        if not line.isascii():
            yield f"line {number} is not ASCII, and headers are"
        elif is_bare and _LIKE_A_HEADER.fullmatch(line):
            yield (
                f"line {number} has a colon and would be taken for a token as a whole: write "
                "`Header-Name: value`, with a blank behind the colon; or, if the colon belongs to "
                "the token, `Authorization: ` before it"
            )
        elif token.header == SIGNATURE_HEADER:
            yield f"line {number} names the header of Segment's signature: choose another"
        elif token.header in _PUBLIC_HEADERS:
            yield f"line {number} names a header that holds no secret: choose another"
