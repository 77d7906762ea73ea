"""The command line's entry: its commands, their help, and what their exit codes mean.

Exit codes: 0 done; 1 a destination file has mistakes, or AWS refused; 2 the
command or its input can't be read.
"""

from __future__ import annotations

import json
import os
import signal
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
from segment_rehook_cli import parked, secrets
from segment_rehook_cli.advice import review
from segment_rehook_cli.evaluate import evaluate as answers
from segment_rehook_cli.mode import mode
from segment_rehook_cli.preview import Preview
from segment_rehook_cli.preview_table import show
from segment_rehook_cli.reading import Unreadable, read_bytes, read_events
from segment_rehook_cli.schema import destination_schema

__all__ = ["app", "run"]

STANDARD_INPUT = Path("-")
DEFAULT_FILE = Path("layers/destination/destination.json")
"""Below the current folder: there in a checkout, and elsewhere seldom."""

app = typer.Typer(
    help="Try out and check what segment-rehook would send to Rehook. Nothing here calls Rehook. "
    "Exit codes: 0 done, 1 mistakes in a destination file or a refusal by AWS, 2 unreadable input.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(secrets.commands, name="secrets")
app.add_typer(parked.commands, name="parked")
app.command(
    name="mode",
    epilog="Examples: segment-rehook mode --stack prod · segment-rehook mode --stack prod pause",
)(mode)


def run() -> None:
    """Run the command line.

    What can't be written (a full disk) is one line, and exit code 1. SIGTERM, and SIGHUP of a
    terminal that is closed, end it as Ctrl-C does: `parked` shows again what it holds.
    """
    _open_closed_streams()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    try:
        app()
    except OSError as error:
        typer.echo(f"segment-rehook: standard output: {error.strerror or error}", err=True)
        sys.exit(1)


def _open_closed_streams() -> None:
    """Take a stream that the caller closed (`<&-`, `>&-`) for an empty one."""
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 — open to the end
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 — open to the end


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
    """Hold the options that belong to no command."""


@app.command(
    epilog="Examples: segment-rehook preview events/order.json · "
    "segment-rehook preview --destination presets/ecommerce.json < events.ndjson"
)
def preview(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="JSON, a JSON array, or one JSON a line, also as UTF-16 or packed by gzip; "
            "standard input without one."
        ),
    ] = None,
    *,
    destination: Annotated[
        Path | None,
        typer.Option(
            help=f"A destination.json. Without it {DEFAULT_FILE}, as validate has it, or, where "
            "there is none, Segment's two default subscriptions."
        ),
    ] = None,
    explained: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Say why each subscription takes the event or not, and where each field is from.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON on a terminal too, not a table.")
    ] = False,
) -> None:
    """Show what each event would send to Rehook, or why not. Nothing is sent.

    A table on a terminal; elsewhere, and with --json, a line of JSON per event. The events are
    taken as if they came in one request.
    """
    preview = Preview(_rules(destination), time.time())
    lines = (
        preview.line(event, explained=explained)
        for file in files or [STANDARD_INPUT]
        for event in _events(file)
    )
    if as_json or not sys.stdout.isatty():
        for line in lines:
            typer.echo(encode(line))
    else:
        show(lines)


@app.command(epilog="Example: segment-rehook validate layers/destination/destination.json")
def validate(
    file: Annotated[Path, typer.Argument(help="The file to check; - for standard input.")] = (
        DEFAULT_FILE
    ),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Check a destination.json and name every mistake in it; exit code 1 if there is one.

    What is no mistake but hardly meant is pointed out too, as advice, with what was probably meant.
    """
    try:
        text = read_bytes(file)
    except Unreadable as error:
        advice = "; name the file to check" if file == DEFAULT_FILE else ""
        raise _failed(f"{_called(file)}: {error}{advice}", 2) from None
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
        _name(found.mistakes, file)
        _name(found.advice, file, kind="advice: ")
        if not found.mistakes:
            listed = ", ".join(found.ids) or "none"
            typer.echo(f"{_called(file)}: no mistakes; subscriptions: {listed}")
    if found.mistakes:
        raise typer.Exit(1)


@app.command(
    epilog="Example: echo "
    """'{"mapping": {"id": {"@path": "$.userId"}}, "input": {"userId": 7}}' """
    "| segment-rehook evaluate"
)
def evaluate(
    file: Annotated[Path, typer.Argument(help="Questions, one a line; - for standard input.")] = (
        STANDARD_INPUT
    ),
) -> None:
    """Run the mapping language alone: one JSON question a line, one answer a line.

    A question is {"mapping": …, "input": …} or {"fql": "…", "event": …}.
    """
    for answer in answers(_lines(file)):
        typer.echo(answer)


@app.command(epilog="Example: segment-rehook schema > destination.schema.json")
def schema() -> None:
    """Print the JSON Schema of destination.json, for editors."""
    typer.echo(json.dumps(destination_schema(), indent=2))


def _events(file: Path) -> Iterator[Event | UnreadableEvent]:
    try:
        yield from read_events(read_bytes(file))
    except Unreadable as error:
        raise _failed(f"{_called(file)}: {error}", 2) from None


def _lines(file: Path) -> Iterator[bytes]:
    try:
        with sys.stdin.buffer if file == STANDARD_INPUT else file.open("rb") as lines:
            yield from lines
    except OSError as error:
        raise _failed(f"{_called(file)}: {error.strerror}", 2) from None


def _rules(destination: Path | None) -> Destination:
    """Load the rules, and say on standard error whose they are: the file edited, or another."""
    chosen = destination or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    rules = _loaded(chosen)
    defaults = f"Segment's two default subscriptions (there is no {DEFAULT_FILE} here)"
    typer.echo(f"segment-rehook: by {_called(chosen) if chosen else defaults}", err=True)
    return rules


def _loaded(file: Path | None) -> Destination:
    if file is None:
        return load(None)
    try:
        return load(read_bytes(file))
    except Unreadable as error:
        raise _failed(f"{_called(file)}: {error}", 2) from None
    except DestinationInvalid as invalid:
        _name(invalid.mistakes, file)
        raise typer.Exit(1) from None


def _as_json(mistakes: Sequence[Misshape]) -> JSON:
    return [{"place": each.place, "message": each.message} for each in mistakes]


def _name(mistakes: Sequence[Misshape], file: Path, *, kind: str = "") -> None:
    for mistake in mistakes:
        place = f"{mistake.place} " if mistake.place else ""
        typer.echo(f"{_called(file)}: {kind}{place}{mistake.message}", err=True)


def _called(file: Path) -> str:
    return "standard input" if file == STANDARD_INPUT else str(file)


def _failed(message: str, code: int) -> typer.Exit:
    typer.echo(f"segment-rehook: {message}", err=True)
    return typer.Exit(code)
