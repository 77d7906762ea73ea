"""Messages to the person who runs a command: one line each, on standard error."""

from __future__ import annotations

import typer

from segment_rehook_cli.terminal.exit_codes import FINDINGS

__all__ = ["failure", "say"]


def say(message: str) -> None:
    """Print one line on standard error, after the program's name."""
    typer.echo(f"segment-rehook: {message}", err=True)


def failure(message: str, exit_code: int = FINDINGS) -> typer.Exit:
    """Print a message, and return the exception that ends the command with this exit code."""
    say(message)
    return typer.Exit(exit_code)
