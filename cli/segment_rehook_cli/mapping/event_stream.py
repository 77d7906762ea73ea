"""Events from a file of any size, read line by line.

Only one line, or one JSON text over several lines, is in memory at a time. Text in UTF-16 is read
whole, as `reading` does.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from segment_rehook.segment.unreadable import GZIP, form_of
from segment_rehook_cli.mapping.reading import STANDARD_INPUT, Unreadable, events_of, read_events

if TYPE_CHECKING:
    from segment_rehook.segment.event import Event, UnreadableEvent

__all__ = ["MAX_LINE_BYTES", "Position", "stream_events"]

MAX_LINE_BYTES: Final = 256 * 1024**2
"""A small gzip file can decompress to a line that is larger than the memory."""

_BEGINNING: Final = 16
"""So many bytes tell a file's format."""


@dataclass(slots=True)
class Position:
    """How far a file is read. `line`: the last line, counted from 1; 0 where it is read whole."""

    line: int = 0


def stream_events(
    file: Path, position: Position | None = None
) -> Iterator[Event | UnreadableEvent]:
    """Read the events of a file, or of standard input, in the forms that `read_events` takes.

    `position`: says at each event on which line the event ends.

    Raises Unreadable, as `read_events` does, and if one line has more than MAX_LINE_BYTES.
    """
    position = position or Position()
    try:
        with cast("io.BufferedReader", io.BufferedReader(_raw(file))) as opened:
            if _form(opened) == GZIP:
                with gzip.GzipFile(fileobj=opened) as unpacked:
                    yield from _events_in(unpacked, position)
            else:
                yield from _events_in(opened, position)
    except EOFError:
        raise Unreadable("it is gzip, but its end is missing") from None
    except (gzip.BadGzipFile, zlib.error):
        raise Unreadable("it is gzip, but damaged") from None
    except OSError as error:
        raise Unreadable(str(error.strerror)) from None


def _raw(file: Path) -> io.RawIOBase:
    """Open the file unbuffered: a second buffer would wait until it is full."""
    if file == STANDARD_INPUT:
        standard_input = sys.stdin.buffer
        return cast("io.RawIOBase", getattr(standard_input, "raw", standard_input))
    return file.open("rb", buffering=0)


def _form(opened: io.BufferedReader | gzip.GzipFile) -> str | None:
    return form_of(opened.peek(_BEGINNING)[:_BEGINNING])


def _events_in(
    opened: io.BufferedReader | gzip.GzipFile, position: Position
) -> Iterator[Event | UnreadableEvent]:
    if _form(opened) is None:
        return events_of(_lines(opened, position))
    content = opened.read(MAX_LINE_BYTES + 1)
    if len(content) > MAX_LINE_BYTES:
        most = MAX_LINE_BYTES // 1024**2
        raise Unreadable(f"it has more than {most} MiB and is not UTF-8; convert it, or split it")
    return read_events(content)


def _lines(opened: io.BufferedReader | gzip.GzipFile, position: Position) -> Iterator[bytes]:
    while line := opened.readline(MAX_LINE_BYTES + 1):
        position.line += 1
        if len(line) > MAX_LINE_BYTES:
            most = MAX_LINE_BYTES // 1024**2
            raise Unreadable(f"line {position.line} has more than {most} MiB; split it")
        yield line.removesuffix(b"\n")
