"""The ids of the person, as they are given: as arguments, by a hidden prompt, or from a pipe."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from segment_rehook_cli.terminal import streams as terminal
from segment_rehook_cli.terminal.exit_codes import USAGE
from segment_rehook_cli.terminal.messages import failure

__all__ = ["given_ids"]


def given_ids(arguments: Sequence[str] | None) -> list[str]:
    """Return the ids, each once. Ends the command with USAGE if there is none.

    An id is taken as it is, also with blanks around it: only the line's end is not part of it.
    """
    if arguments and list(arguments) != ["-"]:
        if "-" in arguments:
            raise failure("- stands for standard input: give it alone", USAGE)
        found = list(arguments)
    elif not arguments and terminal.input_is_terminal():
        found = [typer.prompt("the person's user id", hide_input=True, err=True)]
    else:
        try:
            text = sys.stdin.buffer.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise failure("standard input is not UTF-8 text", USAGE) from None
        found = text.replace("\r\n", "\n").split("\n")
    ids = [each for each in dict.fromkeys(found) if each]
    if not ids:
        raise failure("the user id is missing, or empty: give one id a line", USAGE)
    return ids
