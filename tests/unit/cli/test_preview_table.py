"""Tests of `preview` on a terminal: it prints a table there, and JSON elsewhere."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from segment_rehook.rehook.destination import load
from segment_rehook_cli.mapping.preview import Preview
from segment_rehook_cli.mapping.preview_table import show
from segment_rehook_cli.mapping.reading import Unreadable, read_events

ROOT = Path(__file__).parents[3]
EVENTS = [
    {"type": "track", "messageId": "m1", "userId": "u1", "event": "[bold]Paid\u001b[31m"},
    {"type": "track", "messageId": "m1", "userId": "u1", "event": "[bold]Paid\u001b[31m"},
    {"type": "track", "messageId": "m2"},
    {"type": "page", "messageId": "m3"},
    {"messageId": "m4"},
]


def drawn(*events: Any, explained: bool = False, raw: bytes = b"", text: bytes = b"") -> str:
    """Return the table of these events under a destination, wide enough not to wrap."""
    out = io.StringIO()
    preview = Preview(load(raw or None), 0.0)
    show(
        (
            preview.line(event, explained=explained)
            for event in read_events(text or json.dumps(events).encode())
        ),
        Console(file=out, width=300),
    )
    return out.getvalue()


def test_each_outcome_has_a_row() -> None:
    """The table shows requests, drops and ignored events with reasons, and the hint."""
    table = drawn(*EVENTS)
    for words in (
        "POST /events/invoke",
        'source_id: "u1"',
        "duplicate",
        "missing_user_id: The root value",
        'type = "identify": type is another string',
        "this is not a Segment event",
    ):
        assert words in table


def test_what_an_event_holds_is_neither_markup_nor_a_command_to_the_terminal() -> None:
    """Markup in an event is shown as text, and control characters are escaped."""
    table = drawn(EVENTS[0])
    assert r'"[bold]Paid\u001b[31m"' in table
    assert "\x1b" not in table


@pytest.mark.parametrize("columns", [0, 1, 5])
def test_a_terminal_that_names_no_width_is_shown_the_table_all_the_same(columns: int) -> None:
    """The table is printed on a terminal that says that it has no columns."""
    out = io.StringIO()
    preview = Preview(load(None), 0.0)
    events = read_events(json.dumps(EVENTS[0]).encode())
    lines = (preview.line(event, explained=False) for event in events)
    show(lines, Console(file=out, width=columns))
    assert "source_id" in out.getvalue()


def test_explain_adds_where_each_field_is_from() -> None:
    """With --explain the table also shows why each subscription matched or not."""
    table = drawn(EVENTS[0], explained=True)
    assert re.search(r"(?<!not )matched", table)
    assert "not matched" in table
    assert 'mapping {"@path":"$.userId"}' in table
    assert 'type = "identify": type is another string' in table


def test_a_destination_without_subscriptions_is_said() -> None:
    """If the destination has no subscription, the table says so."""
    assert "there is no subscription" in drawn(EVENTS[0], raw=b'{"subscriptions": []}')


def test_what_comes_before_a_line_that_can_not_be_read_is_drawn(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Events before a line that can't be read are printed in the table."""
    preview = Preview(load(None), 0.0)
    text = json.dumps(EVENTS[3]).encode() + b"\nno json"
    with pytest.raises(Unreadable):
        show(preview.line(event, explained=False) for event in read_events(text))
    assert "ignored" in capsys.readouterr().out


@pytest.mark.parametrize(("options", "table"), [([], True), (["--json"], False)])
def test_a_terminal_gets_a_table_unless_it_asks_for_json(
    tmp_path: Path, options: list[str], table: bool
) -> None:
    """On a pseudo-terminal the installed command prints a table, and JSON with --json."""
    file = tmp_path / "events.json"
    file.write_text(json.dumps(EVENTS[3]))
    controlling, terminal = pty.openpty()
    try:
        subprocess.run(
            [sys.executable, "-m", "segment_rehook_cli", "preview", *options, str(file)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'bridge'}"},
            stdout=terminal,
            stderr=subprocess.PIPE,
            check=True,
        )
        shown = os.read(controlling, 10_000).decode()
    finally:
        os.close(terminal)
        os.close(controlling)
    assert ("subscription" in shown.splitlines()[1 if table else 0]) is True
    assert shown.startswith('{"messageId":"m3"') is not table
