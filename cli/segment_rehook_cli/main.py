"""The commands, their help, and the meaning of their exit codes.

Exit codes (`exit_codes`): 0 success; 1 something was found, or not everything was done; 2 the
command line or its input can't be read; 3 AWS or Segment refused a call; 130 interrupted.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from segment_rehook import __version__
from segment_rehook_cli.command_line import CommandLine
from segment_rehook_cli.process import end_as_ctrl_c, open_closed_streams
from segment_rehook_cli.terminal.messages import say

__all__ = ["app", "run"]

app = typer.Typer(
    cls=CommandLine,
    help="Check a destination file, preview what segment-rehook sends to Rehook, and operate a "
    "stack, deployed or in the sandbox. Exit codes: 0 success; 1 something was found, or not "
    "everything was done; 2 the command line or its input can't be read; 3 AWS or Segment refused "
    "a call; 130 it was interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


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
