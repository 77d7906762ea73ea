"""The events that `diff` compares over: files, or what failed in a stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook_cli.diff.comparison import Comparison
from segment_rehook_cli.failures.entry import letter_of
from segment_rehook_cli.failures.message import FailedMessage
from segment_rehook_cli.failures.reading import start_reading
from segment_rehook_cli.failures.selection import Selection
from segment_rehook_cli.mapping.event_stream import stream_events
from segment_rehook_cli.mapping.reading import Unreadable, name_of
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.exit_codes import INTERRUPTED, USAGE
from segment_rehook_cli.terminal.messages import failure, say
from segment_rehook_cli.terminal.progress import progress

__all__ = ["Ending", "add_failures", "add_files"]

PORTION: Final = 100
"""Events between two updates of the progress."""


class Ending(msgspec.Struct, frozen=True):
    """How the events ended. `exit_code` is 0 if all were compared."""

    exit_code: int = 0
    interrupted: bool = False


def add_files(comparison: Comparison, files: Sequence[Path]) -> Ending:
    """Compare over the events of files. If one can't be read, the command ends with USAGE."""
    try:
        with progress(None, "events compared") as advance:
            for number, event in enumerate(_events(files), start=1):
                comparison.add(event)
                if number % PORTION == 0:
                    advance(number)
    except KeyboardInterrupt:
        return Ending(INTERRUPTED, interrupted=True)
    return Ending()


def add_failures(comparison: Comparison, stack: Stack) -> Ending:
    """Compare over the events of a stack's parked and waiting messages.

    An event that failed for several subscriptions is compared once. Messages that can't be read,
    or that the bridge did not write, are left out; a line says what could not be read.
    """
    reading = start_reading(stack, Selection())
    seen: set[bytes] = set()

    def add(failed: FailedMessage, _now: float) -> None:
        letter = letter_of(failed)
        if letter is None:
            return
        digest = sha256(letter.event).digest()
        if digest in seen:
            return
        seen.add(digest)
        comparison.add(_event(letter.event))

    reading.run(add)
    for note in reading.notes():
        say(note)
    return Ending(reading.exit_code)  # its notes tell of an interruption


def _events(files: Sequence[Path]) -> Iterator[Event | UnreadableEvent]:
    for file in files:
        try:
            yield from stream_events(file)
        except Unreadable as error:
            raise failure(f"{name_of(file)}: {error}", USAGE) from None


def _event(text: bytes) -> Event | UnreadableEvent:
    try:
        return Event.parse(text)
    except UnreadableEvent as error:
        return error
