"""Asking for a secret's value: by a hidden prompt, or from standard input.

It is never an argument, because other users of the machine can read a process's arguments, and it
is never printed.
"""

from __future__ import annotations

import sys

import typer

from segment_rehook.aws.parameters import LISTS, SecretName
from segment_rehook_cli.secrets.parameter_store import DESCRIPTIONS
from segment_rehook_cli.secrets.secret_values import ValueRefused, cleaned, decoded
from segment_rehook_cli.terminal import streams as terminal
from segment_rehook_cli.terminal.exit_codes import USAGE
from segment_rehook_cli.terminal.messages import failure

__all__ = ["read_added_line", "read_value"]


def read_added_line(name: SecretName) -> str:
    """Ask for one line to be added to a list. Ends the command with USAGE if it can't be right."""
    try:
        if terminal.input_is_terminal():
            given: str = typer.prompt(f"the new one for {name.value}", hide_input=True, err=True)
        else:
            given = decoded(sys.stdin.buffer.read())
        value = cleaned(name, given)
    except ValueRefused as error:
        raise failure(f"{name.value}: {error}; nothing was put", USAGE) from None
    if "\n" in value:
        raise failure(f"{name.value}: give one line, the new one alone; nothing was put", USAGE)
    return value


def read_value(name: SecretName, *, piped: bool) -> str:
    """Ask for a secret's value. Ends the command with USAGE if it can't be right."""
    try:
        return cleaned(name, decoded(sys.stdin.buffer.read()) if piped else _prompt(name))
    except ValueRefused as error:
        raise failure(f"{name.value}: {error}; no secret was put", USAGE) from None


def _prompt(name: SecretName) -> str:
    value: str = typer.prompt(DESCRIPTIONS[name].partition(",")[0], hide_input=True, err=True)
    lines = [value]
    while name in LISTS:
        more: str = typer.prompt(
            "another (press Enter if there is none)",
            hide_input=True,
            err=True,
            default="",
            show_default=False,
        )
        if not more:
            break
        lines.append(more)
    return "\n".join(lines)
