"""Tests of what commands print: JSON, tables and columns separated by tabs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook_cli.terminal.output import Columns, printable, show_rows

COLUMNS: Columns = {"name": lambda row: row["name"], "size": lambda row: str(row["size"])}
ROWS = [{"name": "[red]a\x1b[31m", "size": 1}, {"name": "b\u202e\ud800\n", "size": 2}]


def test_json_is_a_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    """Each row is one line of JSON with all its members, also with lone surrogates."""
    show_rows(ROWS, {}, as_json=True)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == ROWS


def test_without_a_terminal_columns_are_separated_by_tabs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """There is a heading; what could control a terminal is escaped, markup is left as it is."""
    show_rows(ROWS, COLUMNS, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "name\tsize",
        "[red]a\\x1b[31m\t1",
        "b\\u202e\\ud800\\n\t2",
    ]


@given(st.text(st.characters(exclude_categories=[])))
def test_whatever_the_text_it_controls_nothing(text: str) -> None:
    """A printable text has no control character and can be written as UTF-8."""
    shown = printable(text)
    shown.encode()
    assert not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in shown)
