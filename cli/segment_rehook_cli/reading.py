"""Events and files as a person hands them to the command line.

Read is JSON in UTF-8 or UTF-16, with or without a mark, also packed by gzip: one text, an array,
one a line, or several texts one after the other.

Unreadable (Exception)      what was handed over can't be read; says where and why
"""

from __future__ import annotations

import gzip
import io
import re
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from segment_rehook.segment.envelope import events_in
from segment_rehook.segment.jsontext import JsonError, TooDeep, decode
from segment_rehook.segment.unreadable import GZIP, UTF8_MARK, form_of, syntax_error_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segment_rehook.segment.event import Event, UnreadableEvent

__all__ = ["MOST_UNPACKED", "Unreadable", "read_bytes", "read_events"]

MOST_UNPACKED: Final = 256 * 1024 * 1024
"""Bytes that a gzip file may unpack to: a small one can hold what no memory does."""

_BLANK: Final = b" \t\r\n"
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?')


class Unreadable(Exception):
    """A file can't be opened, or what it holds is no JSON."""


def read_bytes(file: Path) -> bytes:
    """Read a file, or standard input where it is `-`. Raises Unreadable."""
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise Unreadable(str(error.strerror)) from None


def read_events(content: bytes) -> Iterator[Event | UnreadableEvent]:
    """Read JSON texts, each on one line or on several; an array stands for its elements.

    An element that is JSON but no event comes as the error that says so. Raises
    Unreadable with its number at a line that is no JSON.
    """
    lines = enumerate(_as_utf8(content).split(b"\n"), start=1)
    for number, line in lines:
        text = line.removeprefix(UTF8_MARK).strip(_BLANK)
        if text:
            yield from events_in(text if _is_json(text) else _continued(number, text, lines))


def _continued(number: int, first: bytes, lines: Iterator[tuple[int, bytes]]) -> bytes:
    """Take from `lines` what belongs to a text that begins on line `number`. Raises Unreadable."""
    parts, levels = [first], _levels(first)
    while levels > 0 and (following := next(lines, None)) is not None:
        parts.append(following[1])
        levels += _levels(following[1])
    text = b"\n".join(parts).rstrip(_BLANK)
    if not _is_json(text):
        raise Unreadable(_broken(number, text, parts))
    return text


def _as_utf8(content: bytes) -> bytes:
    if form_of(content) == GZIP:
        content = _unpacked(content)
    form = form_of(content)
    if form is None:
        return content
    if not form.startswith("utf-"):
        raise Unreadable(f"it is {form}; unpack it first")
    try:
        return content.decode(form).encode()
    except UnicodeDecodeError as error:
        line = content[: error.start].decode(form, errors="replace").count("\n") + 1
        raise Unreadable(f"it is {form.upper()}, which breaks on line {line}") from None


def _unpacked(content: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            unpacked = packed.read(MOST_UNPACKED + 1)
    except EOFError:
        raise Unreadable("it is gzip, and its end is missing") from None
    except (OSError, zlib.error):
        raise Unreadable("it is gzip, and damaged") from None
    if len(unpacked) > MOST_UNPACKED:
        most = MOST_UNPACKED // 1024**2
        raise Unreadable(f"it unpacks to more than {most} MiB; unpack it, and cut it in parts")
    return unpacked


def _is_json(text: bytes) -> bool:
    try:
        decode(text)
    except TooDeep:
        return _levels(text) == 0  # the webhook drops it alone
    except JsonError:
        return False
    return True


def _levels(line: bytes) -> int:
    """Count the brackets that a line opens and does not close; a string ends on its line."""
    plain = _STRING.sub(b"", line)
    return sum(map(plain.count, (b"[", b"{"))) - sum(map(plain.count, (b"]", b"}")))


def _no_json(number: int, line: bytes) -> str:
    fault = syntax_error_of(line)
    return f"line {number} is no JSON" + (
        f": {fault.reason} (column {fault.column})" if fault else ""
    )


def _broken(number: int, text: bytes, lines: list[bytes]) -> str:
    """Say where a text over several lines breaks.

    But a line that was cut short, with another text on the next line, is a line that is no JSON.
    """
    following = next((line for line in lines[1:] if line.strip(_BLANK)), b"")
    cut_short = lines[0] not in {b"{", b"["} and _is_json(following)
    fault = syntax_error_of(text)
    if fault is None or fault.line == 1 or cut_short:
        return _no_json(number, lines[0])
    line = number + fault.line - 1
    begins = f" (of the JSON that begins on line {number})"
    return f"line {line}, column {fault.column}: {fault.reason}{begins}"
