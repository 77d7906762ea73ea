"""Explains why a file can't be read as JSON: its format, or the place of the first mistake.

The explanation is for a person with an editor. It repeats nothing of the content.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, NoReturn

__all__ = ["GZIP", "UTF8_MARK", "SyntaxSlip", "form_of", "syntax_error_of"]

UTF8_MARK: Final = b"\xef\xbb\xbf"
"""The byte order mark that Windows puts before UTF-8."""

GZIP: Final = "gzip"
_BEGINNINGS: Final = {
    b"\x1f\x8b": GZIP,
    b"PK\x03\x04": "a zip archive",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
}
_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?')
_CONSTANT: Final = re.compile("NaN|-?Infinity")
_WINDOWS_ONLY: Final = re.compile(rb"[\x80-\x9f]")


@dataclass(frozen=True, slots=True)
class SyntaxSlip:
    """The first mistake in a JSON text; line and column count from 1, in characters."""

    line: int
    column: int
    reason: str


def form_of(content: bytes) -> str | None:
    """Name the format of the content by its first bytes; None for text that may be UTF-8.

    An encoding is named as Python's codecs are: `utf-16`, `utf-16-le`, `utf-32`.
    """
    for beginning, name in _BEGINNINGS.items():
        if content.startswith(beginning):
            return name
    encoding = json.detect_encoding(content)
    return None if encoding in {"utf-8", "utf-8-sig"} else encoding


def syntax_error_of(text: bytes) -> SyntaxSlip | None:
    """Find the first mistake; None if the text is JSON, or nested too deep to be read."""
    try:
        characters = text.decode()
    except UnicodeDecodeError as error:
        return SyntaxSlip(*_place(text[: error.start].decode()), f"not UTF-8{_guess(text)}")
    try:
        json.loads(characters, parse_int=float, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        return SyntaxSlip(error.lineno, error.colno, error.msg)
    except _ConstantError:
        return _constant(characters)
    except RecursionError:
        return None
    return None


class _ConstantError(Exception):
    """The text has NaN or Infinity, which Python accepts and JSON does not."""


def _refuse(_: str) -> NoReturn:
    raise _ConstantError


def _constant(characters: str) -> SyntaxSlip | None:
    plain = _STRING.sub(lambda found: '"' * len(found[0]), characters)
    found = _CONSTANT.search(plain)
    return SyntaxSlip(*_place(plain[: found.start()]), f"{found[0]} is not JSON") if found else None


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1


def _guess(text: bytes) -> str:
    """Name an older encoding, unless some characters beyond ASCII are valid UTF-8."""
    if not text.decode(errors="ignore").isascii():
        return ""
    name = "Windows-1252" if _WINDOWS_ONLY.search(text) else "Latin-1"
    return f"; it looks like {name}: save it as UTF-8"
