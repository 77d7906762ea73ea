"""The commands, their help, and the meaning of their exit codes.

Exit codes (`exit_codes`): 0 success; 1 something was found, or not everything was done; 2 the
command line or its input can't be read; 3 AWS or Segment refused a call.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from segment_rehook import __version__
from segment_rehook_cli import failures, secrets
from segment_rehook_cli.archive.reconcile_command import EXAMPLE as RECONCILE_EXAMPLE
from segment_rehook_cli.archive.reconcile_command import reconcile
from segment_rehook_cli.archive.replay_command import EXAMPLE as REPLAY_EXAMPLE
from segment_rehook_cli.archive.replay_command import replay
from segment_rehook_cli.cutover.command import EXAMPLE as CUTOVER_EXAMPLE
from segment_rehook_cli.cutover.command import cutover
from segment_rehook_cli.diff.command import diff
from segment_rehook_cli.doctor.command import EXAMPLE as DOCTOR_EXAMPLE
from segment_rehook_cli.doctor.command import doctor
from segment_rehook_cli.erasing import EXAMPLE as ERASE_EXAMPLE
from segment_rehook_cli.erasing import erase
from segment_rehook_cli.hosted.drift_command import EXAMPLE as DRIFT_EXAMPLE
from segment_rehook_cli.hosted.drift_command import drift
from segment_rehook_cli.hosted.import_command import EXAMPLE as IMPORT_EXAMPLE
from segment_rehook_cli.hosted.import_command import import_destination
from segment_rehook_cli.log.tail import tail
from segment_rehook_cli.mapping import commands as mapping_commands
from segment_rehook_cli.mapping.validate import validate
from segment_rehook_cli.process import end_as_ctrl_c, open_closed_streams
from segment_rehook_cli.stack.mode import mode
from segment_rehook_cli.terminal.messages import say
from segment_rehook_cli.why.command import why

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
app.command(name="cutover", epilog=CUTOVER_EXAMPLE)(cutover)
app.command(
    epilog="Examples: segment-rehook validate · segment-rehook validate layers/destination/dev.json"
)(validate)
app.command(
    epilog="Examples: segment-rehook why 5f1c0e9a --stack prod · "
    "segment-rehook why --user u-42 --stack prod · segment-rehook why --order 1001 --stack prod"
)(why)
app.command(
    epilog="Examples: segment-rehook tail --stack prod · "
    "segment-rehook tail --stack prod --outcome parked --outcome stored · "
    "segment-rehook tail --sandbox --for 30s --json"
)(tail)
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
app.command(name="doctor", epilog=DOCTOR_EXAMPLE)(doctor)
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
