"""Tests of reading events line by line: as all at once, but with flat memory."""

from __future__ import annotations

import codecs
import gzip
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from segment_rehook.segment.event import Event
from segment_rehook_cli.mapping import event_stream
from segment_rehook_cli.mapping.event_stream import Position, stream_events
from segment_rehook_cli.mapping.reading import Unreadable, read_events

EVENTS = [{"type": "track", "messageId": f"m{n}", "event": "é“😀"} for n in range(3)]
CONTENTS = {
    "lines": "\n".join(map(json.dumps, EVENTS)).encode(),
    "lines with carriage returns": "\r\n\r\n".join(map(json.dumps, EVENTS)).encode() + b"\r\n",
    "an array": json.dumps(EVENTS).encode(),
    "an array over several lines": json.dumps(EVENTS, indent=2).encode(),
    "texts over several lines": "\n".join(json.dumps(e, indent=2) for e in EVENTS).encode(),
    "a byte order mark": codecs.BOM_UTF8 + json.dumps(EVENTS).encode(),
    "utf-16": json.dumps(EVENTS, ensure_ascii=False).encode("utf-16"),
    "utf-16 without a mark": "\n".join(map(json.dumps, EVENTS)).encode("utf-16-le"),
    "nothing": b"",
    "one character": b"5",
    "no json": b"no json",
    "a text that is cut off": b'{"a": 1}\n{"b": [\n1,',
    "a mistake in the middle": b'{"a": 1}\n{"b": [\n1,,\n]}\n{}',
    "zip": b"PK\x03\x04xxxxxxxxxxxxxxx",
    "latin-1": '{"a": "é"}'.encode("latin-1"),
}


def read(events: Any) -> list[object]:
    """Return the events' texts, and the error that ends them."""
    found: list[object] = []
    try:
        found += (each.raw if isinstance(each, Event) else each.reason for each in events)
    except Unreadable as error:
        found.append(str(error))
    return found


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_it_gives_what_reading_all_at_once_gives(
    tmp_path: Path, content: bytes, packed: bool
) -> None:
    """In each layout, encoding and form the same events come, and the same error."""
    content = gzip.compress(content, mtime=0) if packed else content
    file = tmp_path / "events"
    file.write_bytes(content)
    assert read(stream_events(file)) == read(read_events(content))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(CONTENTS["lines"], mtime=0)[:-4], "it is gzip, but its end is missing"),
        (gzip.compress(CONTENTS["lines"], mtime=0)[:-8] + b"12345678", "it is gzip, but damaged"),
        (gzip.compress(b"", mtime=0)[:10] + b"\xff" * 20, "it is gzip, but damaged"),
    ],
    ids=["cut", "sum", "noise"],
)
def test_damaged_gzip_is_said_to_be(tmp_path: Path, content: bytes, said: str) -> None:
    """A gzip file that is cut off or damaged gives one line, after the events before it."""
    file = tmp_path / "events.gz"
    file.write_bytes(content)
    assert read(stream_events(file))[-1] == said


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    """A missing file and a folder are Unreadable."""
    assert read(stream_events(tmp_path / "gone")) == ["No such file or directory"]
    assert read(stream_events(tmp_path)) == ["Is a directory"]


def test_a_line_that_decompresses_to_more_than_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line above the limit is Unreadable, also if a small gzip file holds it, in any encoding."""
    monkeypatch.setattr(event_stream, "MAX_LINE_BYTES", 1024**2)
    file = tmp_path / "events.gz"
    blanks = " " * 2 * 1024**2
    file.write_bytes(gzip.compress(f"5\n{blanks}".encode(), mtime=0))
    assert read(stream_events(file))[-1] == "line 2 has more than 1 MiB; split it"
    file.write_bytes(gzip.compress(blanks.encode("utf-16"), mtime=0))
    assert str(read(stream_events(file))[-1]).startswith("it has more than 1 MiB and is not UTF-8")


def test_an_event_is_given_before_the_next_is_there(tmp_path: Path) -> None:
    """From a pipe, an event comes as soon as its line is written: the file is not read whole."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    taken = threading.Event()

    def write() -> None:
        with pipe.open("wb") as writer:
            writer.write(b'{"messageId": "first"}\n')
            writer.flush()
            assert taken.wait(60)
            writer.write(b'{"messageId": "second"}\n')

    thread = threading.Thread(target=write)
    thread.start()
    ids = []
    for each in stream_events(pipe):
        assert isinstance(each, Event)
        ids.append(each.message_id)
        taken.set()
    thread.join()
    assert ids == ["first", "second"]


def test_the_position_is_the_line_on_which_an_event_ends(tmp_path: Path) -> None:
    """Empty lines count, and so do those of an event over several lines."""
    file = tmp_path / "events.json"
    file.write_text('\n{"messageId": "a"}\n\n{\n"messageId": "b"\n}\n{"messageId": "c"}')
    position = Position()
    assert [position.line for _ in stream_events(file, position)] == [2, 6, 7]
