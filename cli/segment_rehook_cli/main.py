"""The commands, their help, and the meaning of their exit codes.

Exit codes (`exit_codes`): 0 success; 1 something was found, or not everything was done; 2 the
command line or its input can't be read; 3 AWS or Segment refused a call.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from segment_rehook import __version__
from segment_rehook.mapping.schema_check import Misshape
from segment_rehook.segment.jsontext import JSON, encode
from segment_rehook_cli import failures, mapping_commands, secrets
from segment_rehook_cli.advice import review
from segment_rehook_cli.archive.reconcile_command import EXAMPLE as RECONCILE_EXAMPLE
from segment_rehook_cli.archive.reconcile_command import reconcile
from segment_rehook_cli.archive.replay_command import EXAMPLE as REPLAY_EXAMPLE
from segment_rehook_cli.archive.replay_command import replay
from segment_rehook_cli.destination_file import DEFAULT_FILE
from segment_rehook_cli.destination_loading import print_mistakes
from segment_rehook_cli.diff import diff
from segment_rehook_cli.drift_command import EXAMPLE as DRIFT_EXAMPLE
from segment_rehook_cli.drift_command import drift
from segment_rehook_cli.import_command import EXAMPLE as IMPORT_EXAMPLE
from segment_rehook_cli.import_command import import_destination
from segment_rehook_cli.messages import failure, say
from segment_rehook_cli.mode import mode
from segment_rehook_cli.process import end_as_ctrl_c, open_closed_streams
from segment_rehook_cli.reading import Unreadable, name_of, read_bytes

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
app.command(
    epilog="Examples: segment-rehook preview events/track-order-completed.json · "
    "segment-rehook preview --destination presets/ecommerce.json < events/batch.json"
)(mapping_commands.preview)
app.command(
    epilog="Examples: segment-rehook diff --stack prod --events events/*.json · "
    "segment-rehook diff --base old.json --destination new.json --events archive.ndjson.gz"
)(diff)
app.command(
    epilog="Example: echo "
    """'{"mapping": {"id": {"@path": "$.userId"}}, "input": {"userId": 7}}' """
    "| segment-rehook evaluate"
)(mapping_commands.evaluate)
app.command(epilog="Example: segment-rehook schema > destination.schema.json")(
    mapping_commands.schema
)
app.command(name="import", epilog=IMPORT_EXAMPLE)(import_destination)
app.command(name="drift", epilog=DRIFT_EXAMPLE)(drift)
app.command(epilog=REPLAY_EXAMPLE)(replay)
app.command(epilog=RECONCILE_EXAMPLE)(reconcile)


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
        print_mistakes(found.mistakes, file)
        print_mistakes(found.advice, file, kind="advice: ")
        if not found.mistakes:
            listed = ", ".join(found.ids) or "none"
            typer.echo(f"{name_of(file)}: no mistakes; subscriptions: {listed}")
    if found.mistakes:
        raise typer.Exit(1)


def _as_json(mistakes: Sequence[Misshape]) -> JSON:
    return [{"place": each.place, "message": each.message} for each in mistakes]
