"""Loading of the destination file that a command works with, and what is wrong with the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from segment_rehook.mapping.schema_check import Misshape
from segment_rehook.rehook.destination import Destination, DestinationInvalid, load
from segment_rehook_cli.mapping.destination_file import DEFAULT_FILE
from segment_rehook_cli.mapping.reading import Unreadable, name_of, read_bytes
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.stack.stages import DestinationMissing, destination_file_of
from segment_rehook_cli.terminal.exit_codes import USAGE
from segment_rehook_cli.terminal.messages import failure, say

__all__ = [
    "destination_of",
    "load_destination",
    "own_file",
    "print_mistakes",
    "read_destination",
]


def load_destination(destination: Path | None) -> Destination:
    """Load the file, DEFAULT_FILE or Segment's defaults, and say on standard error which.

    Ends the command with exit code 2 if the file can't be read, and 1 if it has mistakes.
    """
    file = destination or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    if file is None:
        say(f"using Segment's two default subscriptions (there is no {DEFAULT_FILE} here)")
        return load(None)
    try:
        loaded = load(read_bytes(file))
    except Unreadable as error:
        raise failure(f"{name_of(file)}: {error}", 2) from None
    except DestinationInvalid as invalid:
        print_mistakes(invalid.mistakes, file)
        raise typer.Exit(1) from None
    say(f"using {name_of(file)}")
    return loaded


def own_file(stack: Stack | None) -> Path:
    """Return the checkout's file for a stack; DEFAULT_FILE without a stack.

    Ends the command with the exit code USAGE if this checkout does not have the stack's file.
    """
    if stack is None:
        return DEFAULT_FILE
    try:
        return destination_file_of(stack.parameters)
    except DestinationMissing as error:
        raise failure(f"{error}; or name a file with --destination", USAGE) from None


def read_destination(file: Path) -> tuple[Destination, bytes]:
    """Read a file; return the destination, and its text.

    Ends the command with the exit code USAGE if it can't be read or has mistakes.
    """
    try:
        text = read_bytes(file)
    except Unreadable as error:
        raise failure(f"{name_of(file)}: {error}", USAGE) from None
    return destination_of(text, name_of(file)), text


def destination_of(text: bytes, name: str) -> Destination:
    """Load a destination's text. `name` is what messages call it.

    Ends the command with the exit code USAGE if the text has mistakes.
    """
    try:
        return load(text)
    except DestinationInvalid as invalid:
        print_mistakes(invalid.mistakes, Path(name))
        raise typer.Exit(USAGE) from None


def print_mistakes(mistakes: Sequence[Misshape], file: Path, *, kind: str = "") -> None:
    """Print on standard error one line for each mistake, with its place in the file."""
    for mistake in mistakes:
        place = f"{mistake.place} " if mistake.place else ""
        typer.echo(f"{name_of(file)}: {kind}{place}{mistake.message}", err=True)
