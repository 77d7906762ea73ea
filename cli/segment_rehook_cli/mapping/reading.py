"""Reading of files and of standard input.

Events are JSON in UTF-8 or UTF-16, with or without a byte order mark, possibly compressed with
gzip: one JSON text, an array, one text per line, or several texts one after the other.

Unreadable (Exception)      the file can't be read; the text says where and why
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
    from collections.abc import Iterable, Iterator

    from segment_rehook.segment.event import Event, UnreadableEvent

__all__ = [
    "MAX_UNPACKED_BYTES",
    "STANDARD_INPUT",
    "Unreadable",
    "events_of",
    "name_of",
    "read_bytes",
    "read_events",
    "read_lines",
]

STANDARD_INPUT: Final = Path("-")

MAX_UNPACKED_BYTES: Final = 256 * 1024 * 1024
"""A small gzip file can decompress to more than the memory holds."""

_BLANK: Final = b" \t\r\n"
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?')


class Unreadable(Exception):
    """A file can't be opened, or its content is not JSON."""


def read_bytes(file: Path) -> bytes:
    """Read a file, or standard input if it is STANDARD_INPUT. Raises Unreadable."""
    if file == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise Unreadable(str(error.strerror)) from None


def read_lines(file: Path) -> Iterator[bytes]:
    """Read a file line by line, or standard input if it is STANDARD_INPUT. Raises Unreadable."""
    try:
        with sys.stdin.buffer if file == STANDARD_INPUT else file.open("rb") as lines:
            yield from lines
    except OSError as error:
        raise Unreadable(str(error.strerror)) from None


def name_of(file: Path) -> str:
    """Return the name by which messages call a file."""
    return "standard input" if file == STANDARD_INPUT else str(file)


def read_events(
    content: bytes, *, max_unpacked_bytes: int = MAX_UNPACKED_BYTES
) -> Iterator[Event | UnreadableEvent]:
    """Read JSON texts, each on one line or on several. An array gives its elements.

    An element that is JSON but not an event gives an UnreadableEvent. Raises Unreadable, with the
    line's number, at a line that is not JSON, and if gzip decompresses to more than
    `max_unpacked_bytes`.
    """
    yield from events_of(_as_utf8(content, max_unpacked_bytes).split(b"\n"))


def events_of(lines: Iterable[bytes]) -> Iterator[Event | UnreadableEvent]:
    """Read JSON texts from lines in UTF-8 without their ends. As `read_events`."""
    numbered = enumerate(lines, start=1)
    for number, line in numbered:
        text = line.removeprefix(UTF8_MARK).strip(_BLANK)
        if text:
            yield from events_in(text if _is_json(text) else _continued(number, text, numbered))


def _continued(number: int, first: bytes, lines: Iterator[tuple[int, bytes]]) -> bytes:
    """Read from `lines` the rest of a text that begins on line `number`. Raises Unreadable."""
    parts, levels = [first], _levels(first)
    while levels > 0 and (following := next(lines, None)) is not None:
        parts.append(following[1])
        levels += _levels(following[1])
    text = b"\n".join(parts).rstrip(_BLANK)
    if not _is_json(text):
        raise Unreadable(_broken(number, text, parts))
    return text


def _as_utf8(content: bytes, max_unpacked_bytes: int) -> bytes:
    if form_of(content) == GZIP:
        content = _unpacked(content, max_unpacked_bytes)
    form = form_of(content)
    if form is None:
        return content
    if not form.startswith("utf-"):
        raise Unreadable(f"it is {form}; unpack it first")
    try:
        return content.decode(form).encode()
    except UnicodeDecodeError as error:
        line = content[: error.start].decode(form, errors="replace").count("\n") + 1
        raise Unreadable(f"it is {form.upper()}, which is not valid on line {line}") from None


def _unpacked(content: bytes, max_bytes: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            unpacked = packed.read(max_bytes + 1)
    except EOFError:
        raise Unreadable("it is gzip, but its end is missing") from None
    except (OSError, zlib.error):
        raise Unreadable("it is gzip, but damaged") from None
    if len(unpacked) > max_bytes:
        max_mib = max_bytes // 1024**2
        raise Unreadable(f"it unpacks to more than {max_mib} MiB; unpack it, and split it")
    return unpacked


def _is_json(text: bytes) -> bool:
    try:
        decode(text)
    except TooDeep:
        return _levels(text) == 0  # the webhook drops this event only
    except JsonError:
        return False
    return True


def _levels(line: bytes) -> int:
    """Count the brackets that a line opens, less those that it closes, outside strings."""
    plain = _STRING.sub(b"", line)
    return sum(map(plain.count, (b"[", b"{"))) - sum(map(plain.count, (b"]", b"}")))


def _not_json(number: int, line: bytes) -> str:
    fault = syntax_error_of(line)
    return f"line {number} is not JSON" + (
        f": {fault.reason} (column {fault.column})" if fault else ""
    )


def _broken(number: int, text: bytes, lines: list[bytes]) -> str:
    """Say where a text over several lines is not JSON.

    If the first line was cut short, and the next line is a text of its own, it is the first line.
    """
    following = next((line for line in lines[1:] if line.strip(_BLANK)), b"")
    cut_short = lines[0] not in {b"{", b"["} and _is_json(following)
    fault = syntax_error_of(text)
    if fault is None or fault.line == 1 or cut_short:
        return _not_json(number, lines[0])
    line = number + fault.line - 1
    begins = f" (of the JSON that begins on line {number})"
    return f"line {line}, column {fault.column}: {fault.reason}{begins}"
