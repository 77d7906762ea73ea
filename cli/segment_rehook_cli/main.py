"""The commands, their help, and the meaning of their exit codes.

Exit codes (`exit_codes`): 0 success; 1 something was found, or not everything was done; 2 the
command line or its input can't be read; 3 AWS or Segment refused a call.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from segment_rehook import __version__
from segment_rehook.mapping.schema_check import Misshape
from segment_rehook.rehook.destination import Destination, DestinationInvalid, load
from segment_rehook.segment.event import Event, UnreadableEvent
from segment_rehook.segment.jsontext import JSON, encode
from segment_rehook_cli import failures, secrets, terminal
from segment_rehook_cli.advice import review
from segment_rehook_cli.destination_file import DEFAULT_FILE
from segment_rehook_cli.drift_command import EXAMPLE as DRIFT_EXAMPLE
from segment_rehook_cli.drift_command import drift
from segment_rehook_cli.erasing import EXAMPLE as ERASE_EXAMPLE
from segment_rehook_cli.erasing import erase
from segment_rehook_cli.evaluate import evaluate as answers
from segment_rehook_cli.import_command import EXAMPLE as IMPORT_EXAMPLE
from segment_rehook_cli.import_command import import_destination
from segment_rehook_cli.messages import failure, say
from segment_rehook_cli.mode import mode
from segment_rehook_cli.preview import Preview
from segment_rehook_cli.preview_table import show
from segment_rehook_cli.process import end_as_ctrl_c, open_closed_streams
from segment_rehook_cli.reading import (
    STANDARD_INPUT,
    Unreadable,
    name_of,
    read_bytes,
    read_events,
    read_lines,
)
from segment_rehook_cli.schema import destination_schema

__all__ = ["app", "run"]

app = typer.Typer(
    help="Check a destination file, preview what segment-rehook sends to Rehook, and operate a "
    "stack, deployed or in the sandbox. Exit codes: 0 success; 1 something was found, or not "
    "everything was done; 2 the command line or its input can't be read; 3 AWS or Segment refused "
    "a call.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(secrets.commands, name="secrets")
app.add_typer(failures.commands, name="failures")
app.command(
    name="mode",
    epilog="Examples: segment-rehook mode --stack prod · segment-rehook mode --stack prod pause",
)(mode)
app.command(name="import", epilog=IMPORT_EXAMPLE)(import_destination)
app.command(name="drift", epilog=DRIFT_EXAMPLE)(drift)
app.command(epilog=ERASE_EXAMPLE)(erase)


def run() -> None:
    """Run the command line.

    If standard output can't be written (a full disk), it prints one line and exits with code 1.
    However a command is ended, `failures` makes the messages visible that it has hidden.
    """
    open_closed_streams()
    end_as_ctrl_c()
    try:
        app()
    except OSError as error:
        say(f"standard output: {error.strerror or error}")
        sys.exit(1)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Define the options that belong to no command."""


@app.command(
    epilog="Examples: segment-rehook preview events/track-order-completed.json · "
    "segment-rehook preview --destination presets/ecommerce.json < events/batch.json"
)
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
    preview = Preview(_load(destination), time.time())
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


@app.command(epilog="Example: segment-rehook validate layers/destination/destination.json")
def validate(
    file: Annotated[
        Path, typer.Argument(help="The destination file to check; - for standard input.")
    ] = DEFAULT_FILE,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Check a destination file and print every mistake. Exit code 1 if there is one.

    Advice is printed too: what is no mistake, but probably not what was meant.
    """
    try:
        text = read_bytes(file)
    except Unreadable as error:
        advice = "; give the file to check" if file == DEFAULT_FILE else ""
        raise failure(f"{name_of(file)}: {error}{advice}", 2) from None
    found = review(text)
    if as_json:
        verdict: JSON = {
            "valid": not found.mistakes,
            "subscriptions": [*found.ids],
            "mistakes": _as_json(found.mistakes),
            "advice": _as_json(found.advice),
        }
        typer.echo(encode(verdict))
    else:
        _print(found.mistakes, file)
        _print(found.advice, file, kind="advice: ")
        if not found.mistakes:
            listed = ", ".join(found.ids) or "none"
            typer.echo(f"{name_of(file)}: no mistakes; subscriptions: {listed}")
    if found.mistakes:
        raise typer.Exit(1)


@app.command(
    epilog="Example: echo "
    """'{"mapping": {"id": {"@path": "$.userId"}}, "input": {"userId": 7}}' """
    "| segment-rehook evaluate"
)
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


@app.command(epilog="Example: segment-rehook schema > destination.schema.json")
def schema() -> None:
    """Print the JSON Schema of destination files, for editors."""
    typer.echo(json.dumps(destination_schema(), indent=2))


def _events(file: Path) -> Iterator[Event | UnreadableEvent]:
    try:
        yield from read_events(read_bytes(file))
    except Unreadable as error:
        raise failure(f"{name_of(file)}: {error}", 2) from None


def _load(destination: Path | None) -> Destination:
    """Load the destination, and say on standard error which file it is."""
    file = destination or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    if file is None:
        say(f"using Segment's two default subscriptions (there is no {DEFAULT_FILE} here)")
        return load(None)
    try:
        loaded = load(read_bytes(file))
    except Unreadable as error:
        raise failure(f"{name_of(file)}: {error}", 2) from None
    except DestinationInvalid as invalid:
        _print(invalid.mistakes, file)
        raise typer.Exit(1) from None
    say(f"using {name_of(file)}")
    return loaded


def _as_json(mistakes: Sequence[Misshape]) -> JSON:
    return [{"place": each.place, "message": each.message} for each in mistakes]


def _print(mistakes: Sequence[Misshape], file: Path, *, kind: str = "") -> None:
    for mistake in mistakes:
        place = f"{mistake.place} " if mistake.place else ""
        typer.echo(f"{name_of(file)}: {kind}{place}{mistake.message}", err=True)
