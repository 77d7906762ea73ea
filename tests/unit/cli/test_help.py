"""Tests of --help: what it has, and how it takes the terminal's width."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

import pytest
from typer.testing import CliRunner, Result

from segment_rehook_cli.command_table import COMMANDS, CommandGroup, CommandPlace
from segment_rehook_cli.main import app
from segment_rehook_cli.terminal.help_text import flowing


def run(*arguments: str) -> Result:
    """Run the command line."""
    return CliRunner().invoke(app, arguments)


def names(places: Mapping[str, CommandPlace | CommandGroup]) -> Iterator[str]:
    """Every command and group, as it is typed."""
    for name, place in places.items():
        yield name
        if isinstance(place, CommandGroup):
            yield from (f"{name} {each}" for each in place.commands)


@pytest.mark.parametrize("command", [*names(COMMANDS)])
def test_every_command_has_help(command: str) -> None:
    """Each command and each group of commands has help, with an example in it."""
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert f"Usage: root {command} " in result.stdout
    assert "Example" in result.stdout


@pytest.mark.parametrize("width", [60, 80, 130])
@pytest.mark.parametrize("command", [*names(COMMANDS)])
def test_help_takes_the_terminals_width(
    command: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line of a paragraph has room for the first word of its next line."""
    monkeypatch.setenv("COLUMNS", str(width))
    shown = run(*command.split(), "--help").stdout
    lines = [line.strip() for line in shown.partition("\n╭")[0].splitlines()]
    assert max(map(len, shown.splitlines())) <= width
    assert [
        (line, following)
        for line, following in pairwise(lines)
        if line and following and len(f" {line} {following.split()[0]} ") <= width
    ] == []


def test_examples_lists_and_tables_keep_their_lines() -> None:
    """A paragraph is one line, of any width; a line that is indented, or of a list, stays."""
    example, entries, table = "    run one\n    run two", "- a list's\n  entry\n- b", "| a |\n| b |"
    kept = f"{example}\n\n{entries}\n\n{table}\n\n1. x\n2. y"
    assert flowing(f"First\nline.\n\nThe\nexamples:\n{kept}\n\nThe\nend.") == (
        f"First line.\n\nThe examples:\n{kept}\n\nThe end."
    )


def test_the_help_lists_every_command() -> None:
    """`--help` has a line for each command and each group, by its name."""
    shown = run("--help").stdout
    assert [
        name for name in COMMANDS if not re.search(rf"^│ {name} +\w", shown, re.MULTILINE)
    ] == []
