"""The commands on mappings that need no stack: `preview`, `evaluate` and `schema`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook.segment.jsontext import encode
from segment_rehook_cli.mapping.destination_file import DEFAULT_FILE
from segment_rehook_cli.mapping.destination_loading import load_destination
from segment_rehook_cli.mapping.evaluate import evaluate as answers
from segment_rehook_cli.mapping.preview import Preview
from segment_rehook_cli.mapping.preview_table import show
from segment_rehook_cli.mapping.reading import (
    STANDARD_INPUT,
    Unreadable,
    name_of,
    read_bytes,
    read_events,
    read_lines,
)
from segment_rehook_cli.mapping.schema import destination_schema
from segment_rehook_cli.terminal import streams as terminal
from segment_rehook_cli.terminal.messages import failure

__all__ = ["evaluate", "preview", "schema"]


def preview(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files of events: JSON, a JSON array, or one JSON text per line; UTF-8 or UTF-16, "
            "also compressed with gzip. By default standard input, which is also -."
        ),
    ] = None,
    *,
    destination: Annotated[
        Path | None,
        typer.Option(
            help=f"The destination file. By default {DEFAULT_FILE}; if that file does not exist, "
            "Segment's two default subscriptions."
        ),
    ] = None,
    explained: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Say why each subscription takes the event or not, and where each field comes "
            "from.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON on a terminal too, not a table.")
    ] = False,
) -> None:
    """Show what each event would send to Rehook, or why it would send nothing. Nothing is sent.

    Prints a table on a terminal; otherwise, and with --json, one line of JSON per event. All events
    are treated as one request from Segment.
    """
    preview = Preview(load_destination(destination), time.time())
    lines = (
        preview.line(event, explained=explained)
        for file in files or [STANDARD_INPUT]
        for event in _events(file)
    )
    if as_json or not terminal.output_is_terminal():
        for line in lines:
            typer.echo(encode(line))
    else:
        show(lines)


def evaluate(
    file: Annotated[
        Path, typer.Argument(help="A file with one question per line; - for standard input.")
    ] = STANDARD_INPUT,
) -> None:
    """Evaluate mappings and triggers alone: one line of JSON per question, and one per answer.

    A question is {"mapping": …, "input": …} or {"fql": "…", "event": …}.
    """
    try:
        for answer in answers(read_lines(file)):
            typer.echo(answer)
    except Unreadable as error:
        raise failure(f"{name_of(file)}: {error}", 2) from None


def schema() -> None:
    """Print the JSON Schema of destination files, for editors."""
    typer.echo(json.dumps(destination_schema(), indent=2))


def _events(file: Path) -> Iterator[Event | UnreadableEvent]:
    try:
        yield from read_events(read_bytes(file))
    except Unreadable as error:
        raise failure(f"{name_of(file)}: {error}", 2) from None
