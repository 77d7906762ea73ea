"""The events of archive files, in every form that an archive has.

    {"type": "track", "messageId": …}     Segment's S3 destination, `preview`: the event itself
    {"queue": …, "event": {"type": …}}    `failures export`: the event is one member

A row of Segment's warehouse is no event and can't be made one: names of events and properties are
turned into snake_case, objects into text, and each table has a part of the columns
(segment-docs, warehouse schemas). So it is refused.

ArchiveUnreadable (Exception)       a file is not an archive; the text names file and line
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook.segment.jsontext import JSON, encode
from segment_rehook_cli.mapping.event_stream import Position, stream_events
from segment_rehook_cli.mapping.reading import Unreadable, name_of

__all__ = ["ArchiveUnreadable", "member_text", "members_of", "read_archive"]

_raw_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_EXPORTED: Final = ("queue", "delivery", "sqsMessageId")
_WAREHOUSE: Final = ("id", "received_at")


class ArchiveUnreadable(Exception):
    """A file can't be read as an archive; the text is one line that names the file and the line."""


def read_archive(files: Iterable[Path]) -> Iterator[Event]:
    """Read the events of the files, in their order. Raises ArchiveUnreadable."""
    for file in files:
        position = Position()
        try:
            for found in stream_events(file, position):
                yield _event(found)
        except Unreadable as error:
            raise ArchiveUnreadable(f"{name_of(file)}: {error}") from None
        except UnreadableEvent as error:
            where = f", line {position.line}" if position.line else ""
            raise ArchiveUnreadable(f"{name_of(file)}{where}: {error.detail}") from None


def _event(found: Event | UnreadableEvent) -> Event:
    """Give the event of a line. Raises UnreadableEvent."""
    if isinstance(found, UnreadableEvent):
        raise found.with_traceback(None)
    if not found.looks_mapped:
        return found
    names = found.members((*_EXPORTED, *_WAREHOUSE, "messageId", "event", "body"))
    if names.keys() >= set(_EXPORTED):
        if not isinstance(names.get("event"), dict):
            raise UnreadableEvent(
                "not_an_object",
                "this exported message has no event: the bridge did not write it; remove it",
            )
        return Event.parse(member_text(found, "event"))
    if names.keys() >= set(_WAREHOUSE) and "messageId" not in names:
        raise UnreadableEvent(
            "not_an_object",
            "this is a row of a warehouse (it has received_at and no type), from which the event "
            "can't be made again: use the raw data of Segment's S3 destination",
        )
    raise UnreadableEvent(
        "not_an_object", "this is not a Segment event, it has no type: give whole events"
    )


def member_text(event: Event, name: str) -> bytes:
    """Give a member's JSON as it stands in the event's text, where that is possible."""
    found = members_of(event)[name]
    return bytes(found) if isinstance(found, msgspec.Raw) else encode(found)


def members_of(event: Event) -> dict[str, msgspec.Raw] | dict[str, JSON]:
    """Give all members: as they stand in the text, or decoded where the text has odd strings."""
    try:
        return _raw_members(event.raw)
    except ValueError:  # a lone surrogate, which an escape can hold
        return event.members()
