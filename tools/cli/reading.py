"""Events and files as a person hands them to the command line.

Unreadable (Exception)      what was handed over can't be read; says which line
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook.segment.jsontext import JsonError, TooDeep, decode
from segment_rehook.segment.slices import elements

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Unreadable", "read_bytes", "read_events"]

_BLANK = b" \t\r\n"


class Unreadable(Exception):
    """A file can't be opened, or a line in it is no JSON."""


def read_bytes(file: Path) -> bytes:
    """Read a file, or standard input where it is `-`. Raises Unreadable."""
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise Unreadable(str(error.strerror)) from None


def read_events(text: bytes) -> Iterator[Event | UnreadableEvent]:
    """Read one JSON text, or one a line; an array stands for its elements.

    An element that is JSON but no event comes as the error that says so. Raises
    Unreadable with its number at a line that is no JSON.
    """
    if _is_json(text):
        yield from _events_in(text)
        return
    for number, line in enumerate(text.split(b"\n"), start=1):
        if not line.strip(_BLANK):
            continue
        if not _is_json(line):
            raise Unreadable(f"line {number} is no JSON{_reason(line)}")
        yield from _events_in(line)


def _is_json(text: bytes) -> bool:
    try:
        decode(text)
    except TooDeep:
        return True
    except JsonError:
        return False
    return True


def _events_in(text: bytes) -> Iterator[Event | UnreadableEvent]:
    stripped = text.strip(_BLANK)
    for raw in elements(stripped) if stripped.startswith(b"[") else (stripped,):
        try:
            yield Event.parse(raw)
        except UnreadableEvent as error:
            yield error


def _reason(line: bytes) -> str:
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        return f": {error.msg} (column {error.colno})"
    except ValueError:
        return ""
    return ""
