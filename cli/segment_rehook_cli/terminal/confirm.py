"""Questions before a command changes something. Without a terminal, --yes answers them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from segment_rehook_cli.terminal import streams as terminal
from segment_rehook_cli.terminal.exit_codes import USAGE
from segment_rehook_cli.terminal.messages import failure

__all__ = ["Yes", "confirmed", "confirmed_by_word"]

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


def confirmed(question: str, *, yes: bool) -> bool:
    """Ask a question that is answered with yes or no. Exit code USAGE if there is no terminal."""
    if yes:
        return True
    _can_ask()
    with _line_ended():
        return typer.confirm(question, err=True)


def confirmed_by_word(question: str, word: str, *, yes: bool) -> bool:
    """Ask a person to type `word`. For what can't be undone."""
    if yes:
        return True
    _can_ask()
    with _line_ended():
        answer: str = typer.prompt(
            f"{question} Type {word} to go on", err=True, default="", show_default=False
        )
    return answer == word


def _can_ask() -> None:
    if not terminal.input_is_terminal():
        raise failure("nothing was changed: there is no terminal to ask on, so give --yes", USAGE)


@contextmanager
def _line_ended() -> Iterator[None]:
    """End the question's line where Ctrl-C, or the end of the input, is the answer."""
    try:
        yield
    except typer.Abort:
        typer.echo(err=True)
        raise
