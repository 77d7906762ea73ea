"""The command `failures export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segment_rehook_cli.failures.entry import entry_text
from segment_rehook_cli.failures.message import FailedMessage
from segment_rehook_cli.failures.reading import Reading, start_reading
from segment_rehook_cli.failures.selection import QueueChoice, Selection
from segment_rehook_cli.failures.selection_options import by_selection
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.exit_codes import FINDINGS, USAGE
from segment_rehook_cli.terminal.messages import failure, say
from segment_rehook_cli.terminal.whole_file import whole_file

__all__ = ["export"]


@on_stack
@by_selection(QueueChoice.BOTH)
def export(
    stack: Stack,
    selection: Selection,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write to this file, which only you can read. Without it: standard output.",
        ),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the file if it is there.")
    ] = False,
) -> None:
    """Write what failed as lines of JSON, before SQS forgets it. Deletes nothing.

    Each line has the event, the request and all attributes (docs/redrive.md): PERSONAL DATA. The
    file is written as a whole at the end. Exit code 1 if a part of the messages could not be read.
    """
    if output is not None and output.exists() and not replace:
        raise failure(f"{output}: it is there; give another name, or --replace", USAGE)
    reading = start_reading(stack, selection)
    if output is None:
        reading.run(lambda failed, now: typer.echo(entry_text(failed, now)))
    else:
        _write(reading, output)
    for note in reading.notes():
        say(note)
    unread = sum(reading.unread.values())
    say(f"exported: {reading.taken}, not read: {unread}")
    if code := reading.exit_code or (FINDINGS if unread else 0):
        raise typer.Exit(code)


def _write(reading: Reading, output: Path) -> None:
    code = USAGE  # until the file is open: so far nothing was read
    try:
        with whole_file(output) as file:
            code = FINDINGS

            def write(failed: FailedMessage, now: float) -> None:
                file.write(f"{entry_text(failed, now)}\n")

            reading.run(write)
    except OSError as error:
        raise failure(f"{output}: {error.strerror or error}", code) from None
