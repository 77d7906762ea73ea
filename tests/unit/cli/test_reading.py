"""Tests of reading events: encodings, compression, layouts, and the places of errors."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from segment_rehook.segment.event import Event
from segment_rehook_cli.main import app
from segment_rehook_cli.mapping.reading import Unreadable, read_events

TEXT = "é“😀"
EVENT = {
    "type": "track",
    "messageId": "m1",
    "event": TEXT,
    "properties": {"total": 5, "items": [{"sku": "{[\\"}, 1, True, None]},
}
PRETTY = json.dumps(EVENT, indent=2, ensure_ascii=False)
BROKEN = PRETTY.replace('"total": 5,', '"total": 5')
"""The missing comma is noticed on line 7."""

ENCODINGS = {
    "utf-8": (b"", "utf-8"),
    "utf-8 with a mark": (codecs.BOM_UTF8, "utf-8"),
    "utf-16-le with a mark": (codecs.BOM_UTF16_LE, "utf-16-le"),
    "utf-16-be with a mark": (codecs.BOM_UTF16_BE, "utf-16-be"),
    "utf-16-le": (b"", "utf-16-le"),
    "utf-16-be": (b"", "utf-16-be"),
    "utf-32": (b"", "utf-32"),
}


def layouts(events: list[Any]) -> list[str]:
    """Return the same events in different layouts."""
    return [
        json.dumps(events, ensure_ascii=False),
        json.dumps(events, indent=2, ensure_ascii=False),
        "\r\n".join(json.dumps(each) for each in events),
        "\n\n".join(json.dumps(each, indent=4) for each in events) + "\n",
        "[\n" + ",\n".join(json.dumps(each) for each in events) + "\n]\n",
    ]


def ids(content: bytes) -> list[str | None]:
    """Read events; return each one's messageId, or the reason why it is not an event."""
    return [
        each.message_id if isinstance(each, Event) else each.reason for each in read_events(content)
    ]


def refusal(content: bytes) -> str:
    """Read content that can't be read; return the error's text."""
    with pytest.raises(Unreadable) as caught:
        list(read_events(content))
    return str(caught.value)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_layout_is_read_in_every_encoding(encoding: str, packed: bool) -> None:
    """Each layout is read in each encoding, with or without byte order mark and gzip."""
    mark, codec = ENCODINGS[encoding]
    events = [{**EVENT, "messageId": f"m{n}"} for n in range(3)]
    for layout in layouts(events):
        content = mark + layout.encode(codec)
        read = list(read_events(gzip.compress(content) if packed else content))
        assert [json.loads(each.raw) for each in read if isinstance(each, Event)] == events


@given(
    st.lists(
        st.dictionaries(st.text(max_size=4), st.text(max_size=6) | st.none() | st.floats()),
        min_size=1,
        max_size=4,
    )
)
def test_however_events_are_laid_out_they_are_the_same(events: list[dict[str, Any]]) -> None:
    """Brackets, quotes and line ends inside of texts do not change how events are read."""
    events = json.loads(json.dumps(events).replace("NaN", "0").replace("Infinity", "1"))
    for layout in layouts(events):
        read = [each.raw for each in read_events(layout.encode()) if isinstance(each, Event)]
        assert list(map(json.loads, read)) == events


def test_files_that_were_joined_keep_their_marks() -> None:
    """A byte order mark between joined files is skipped."""
    assert ids(codecs.BOM_UTF8 + b'{"messageId":"a"}\n' + codecs.BOM_UTF8 + PRETTY.encode()) == [
        "a",
        "m1",
    ]


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("before", [0, 2])
def test_a_slip_in_a_text_over_several_lines_is_found_where_it_is(codec: str, before: int) -> None:
    """An error in a text over several lines has the line and column in the file."""
    lines = "".join('{"messageId": "x"}\n' for _ in range(before))
    said = refusal((lines + BROKEN).encode(codec))
    assert said.startswith(f"line {7 + before}, column 5: ")
    assert said.endswith(f"(of the JSON that begins on line {1 + before})")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no json", "line 1 is not JSON: Expecting value (column 1)"),
        ('{"a": 1,}', "line 1 is not JSON: "),
        ('{"a": 1}}', "line 1 is not JSON: Extra data (column 9)"),
        ('{"a": 1}\n[1, NaN]', "line 2 is not JSON: NaN is not JSON (column 5)"),
        ('{"a": 1}\n{"b": -Infinity}', "line 2 is not JSON: -Infinity is not JSON (column 7)"),
        ('{"a": 1}\n{"b": 2\n{"c": 3}\n', "line 2 is not JSON: "),
        ('{"a": 1}\n{"type": "tra\n{"c": 3}\n', "line 2 is not JSON: Unterminated string"),
        ('{"a": 1}\n{"b": 2', "line 2 is not JSON: "),
        ('[\n{"a": 1}\n{"b": 2}\n]', "line 3, column 1: "),
        ('[\n{"a": 1},\n{"b": 2}\n', "line 3, column 9: "),
        ('{\n"a": NaN\n}', "line 2, column 6: NaN is not JSON"),
        ("{\n  a: 1\n}", "line 2, column 3: "),
    ],
)
def test_lines_and_texts_over_several_lines_are_told_apart(text: str, said: str) -> None:
    """An error names the line that was cut short, or the place in a text over several lines."""
    assert refusal(text.encode()).startswith(said)


def test_one_event_too_deep_costs_no_other_line() -> None:
    """An event that is nested too deep is dropped; the events around it are read."""
    deep = b'{"a":' * 200 + b"1" + b"}" * 200
    spread = deep.replace(b":", b":\n")
    assert ids(deep + b'\n{"messageId":"x"}\n' + spread) == ["too_deep", "x", "too_deep"]


@pytest.mark.parametrize(
    ("codec", "named"), [("latin-1", "Latin-1"), ("windows-1252", "Windows-1252")]
)
def test_an_older_encoding_is_named_with_its_place(codec: str, named: str) -> None:
    """Latin-1 and Windows-1252 are refused with a guess of the encoding and with the place."""
    text = "é" if codec == "latin-1" else "“"
    place = f"not UTF-8; it looks like {named}: save it as UTF-8"
    line = f'{{"a": 1}}\n{{"event": "{text}"}}'.encode(codec)
    assert refusal(line) == f"line 2 is not JSON: {place} (column 12)"
    pretty = f'{{\n  "event": "{text}"\n}}'.encode(codec)
    assert refusal(pretty).startswith(f"line 2, column 13: {place}")


def test_damaged_utf8_is_not_taken_for_an_older_encoding() -> None:
    """Damaged UTF-8 is not called Latin-1 if other characters are valid UTF-8."""
    said = refusal('{"event": "é'.encode() + b'\xe9"}')
    assert said == "line 1 is not JSON: not UTF-8 (column 13)"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04rest", "it is a zip archive; unpack it first"),
        (b"\x28\xb5\x2f\xfdrest", "it is zstd; unpack it first"),
        (gzip.compress(b'{"a": 1}')[:-9], "it is gzip, but its end is missing"),
        (gzip.compress(b'{"a": 1}')[:-8] + bytes(8), "it is gzip, but damaged"),
        (gzip.compress(gzip.compress(b"{}")), "it is gzip; unpack it first"),
        (PRETTY.encode("utf-16")[:-1], "it is UTF-16, which is not valid on line 16"),
    ],
    ids=range(6),
)
def test_what_can_not_be_read_is_named(content: bytes, said: str) -> None:
    """Content of another format, and damaged gzip, is refused with what it is."""
    assert refusal(content) == said


def test_what_a_small_file_may_unpack_to_is_bounded() -> None:
    """A gzip file that decompresses to more than the limit is refused."""
    limit = 2 * 1024**2
    assert not list(read_events(gzip.compress(b" " * limit), max_unpacked_bytes=limit))
    with pytest.raises(Unreadable, match="more than 2 MiB"):
        list(read_events(gzip.compress(b" " * (limit + 1)), max_unpacked_bytes=limit))


def test_no_content_is_a_traceback() -> None:
    """Damaged content gives events or Unreadable, never another exception."""
    rng = random.Random(5)
    base = [PRETTY.encode(), PRETTY.encode("utf-16"), gzip.compress(PRETTY.encode())]
    for _ in range(3_000):
        content = bytearray(rng.choice(base))
        for _ in range(rng.randint(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        with contextlib.suppress(Unreadable):
            list(read_events(bytes(content[: rng.randint(0, len(content))])))


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input_is_read_like_a_file(tmp_path: Path, packed: bool) -> None:
    """UTF-16 and gzip are read from standard input as from a file."""
    content = PRETTY.encode("utf-16")
    content = gzip.compress(content) if packed else content
    file = tmp_path / "event.json"
    file.write_bytes(content)
    piped = CliRunner().invoke(app, ["preview"], input=content)
    named = CliRunner().invoke(app, ["preview", str(file)])
    assert (piped.exit_code, piped.stdout) == (named.exit_code, named.stdout) == (0, named.stdout)
    assert json.loads(piped.stdout)["messageId"] == "m1"


def test_what_can_not_be_read_ends_the_command_with_the_file_s_name(tmp_path: Path) -> None:
    """If a file can't be read to its end, `preview` names it and exits with code 2."""
    file = tmp_path / "event.json"
    file.write_bytes(b'{"messageId": "x"}\n' + BROKEN.encode())
    result = CliRunner().invoke(app, ["preview", str(file)])
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 1
    assert f"{file}: line 8, column 5: " in result.stderr
