"""What a command prints on standard output: rows, as JSON for scripts and as a table for people."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

import typer

from segment_rehook_cli.terminal import streams as terminal

__all__ = ["AsJson", "Columns", "Entry", "printable", "show_rows"]

AsJson = Annotated[bool, typer.Option("--json", help="Print one line of JSON for each entry.")]

Entry = Mapping[str, Any]
"""One entry, as JSON values by their names."""

Columns = Mapping[str, Callable[[Entry], str]]
"""The columns of a table: each heading, and the text of a row's cell."""

# Control characters, marks that turn the direction of text, and lone surrogates.
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def show_rows(rows: Iterable[Entry], columns: Columns, *, as_json: bool) -> None:
    """Print the rows: as lines of JSON, as a table on a terminal, else separated by tabs.

    JSON is printed row by row, as the rows come. Texts from outside can't control the terminal.
    """
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row))
        return
    cells = ([printable(cell(row)) for cell in columns.values()] for row in rows)
    if not terminal.output_is_terminal():
        for each in (list(columns), *cells):
            typer.echo("\t".join(each))
        return
    from rich.console import Console  # noqa: PLC0415 — slow to import, only a terminal needs it
    from rich.table import Table  # noqa: PLC0415 — as above
    from rich.text import Text  # noqa: PLC0415 — as above

    table = Table()
    for heading in columns:
        table.add_column(heading, overflow="fold")
    for each in cells:
        table.add_row(*map(Text, each))
    if table.row_count:
        Console().print(table)


def printable(text: str) -> str:
    """Escape what could control a terminal or hide a part of the text."""
    return _HARMFUL.sub(lambda found: ascii(found[0])[1:-1], text)
