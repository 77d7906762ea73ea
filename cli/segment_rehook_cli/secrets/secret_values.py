"""A secret's value as a file, a pipe or a paste gives it: cleaned, or refused before it is put.

A value is refused if the functions would refuse it (`aws.parameters`). It is also refused if no
request could ever match it: the functions would answer each request 401, and Segment discards
events that are answered so. A refusal names the line and what is wrong with it, never the value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from segment_rehook.aws.parameters import (
    BYTE_ORDER_MARK,
    LISTS,
    SecretName,
    mistakes_in,
    numbered_lines,
)
from segment_rehook.segment.access import SIGNATURE_HEADER, AccessToken

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ValueRefused", "cleaned", "decoded"]

MAX_BYTES: Final = 4096
"""The size limit of a standard SSM parameter, in UTF-8."""

_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
# Unicode classes these as printable, but they are not visible.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
# A header's name before a colon, in a line that was not read as `Name: value`.
_LIKE_A_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*:.*|[^:]*:[ \t].*")
# Their values are no secrets: clients and proxies set them.
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
    """The value can't work. The text says why and shows no part of the value."""


def decoded(content: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark. Raises ValueRefused."""
    if content.startswith(_UTF_16):
        raise ValueRefused("is UTF-16 text: save it as UTF-8 (in PowerShell: -Encoding utf8)")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueRefused(f"is not UTF-8 text: see line {line}") from None


def cleaned(name: str, value: str) -> str:
    """Return the lines without empty lines and without a byte order mark or blanks around them.

    Raises ValueRefused if the secret of this name can't have this value.
    """
    lines = numbered_lines(value)
    if not lines:
        raise ValueRefused("is empty")
    if name not in LISTS and len(lines) > 1:
        raise ValueRefused(f"must have one line, not {len(lines)}")
    mistakes = list(_invisible(lines)) or mistakes_in(name, value)
    if name == SecretName.TOKENS and not mistakes:
        mistakes = list(_unmatchable(lines))
    if mistakes:
        raise ValueRefused("; ".join(mistakes))
    result = "\n".join(line for _, line in lines)
    if (size := len(result.encode())) > MAX_BYTES:
        raise ValueRefused(f"has {size} bytes; an SSM parameter can have {MAX_BYTES}")
    return result


def _invisible(lines: list[tuple[int, str]]) -> Iterator[str]:
    """Name the lines with an invisible character, which a person would not enter elsewhere."""
    for number, line in lines:
        odd = next((each for each in line if not each.isprintable() or _INVISIBLE.match(each)), "")
        if odd == "\0":
            yield f"line {number} contains a NUL character (if it is UTF-16, save it as UTF-8)"
        elif odd == BYTE_ORDER_MARK:
            yield f"line {number} contains a byte order mark (U+FEFF): type the line again"
        elif odd:
            yield (
                f"line {number} contains a control character or an invisible character "
                f"(U+{ord(odd):04X}): type the line again"
            )


def _unmatchable(lines: list[tuple[int, str]]) -> Iterator[str]:
    """Name the tokens that no request can carry, or that are not read as they were meant."""
    for number, line in lines:
        token = AccessToken.from_line(line)
        is_bare = token.value == line.encode()
        if not line.isascii():
            yield f"line {number} is not ASCII, but headers must be"
        elif is_bare and _LIKE_A_HEADER.fullmatch(line):
            yield (
                f"line {number} has a colon, but would be read as one token: write "
                "`Header-Name: value`, with a space after the colon; or, if the colon is part of "
                "the token, write `Authorization: ` before the token"
            )
        elif token.header == SIGNATURE_HEADER:
            yield f"line {number} names the header of Segment's signature: use another header"
        elif token.header in _PUBLIC_HEADERS:
            yield f"line {number} names a header that is not secret: use another header"
