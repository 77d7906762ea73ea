"""Tests of the questions before a change."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from segment_rehook_cli.terminal.confirm import Yes, confirmed, confirmed_by_word

app = typer.Typer()


@app.command()
def change(*, yes: Yes = False) -> None:
    """Ask once."""
    typer.echo(confirmed("Change it?", yes=yes))


@app.command()
def remove(*, yes: Yes = False) -> None:
    """Ask for a word."""
    typer.echo(confirmed_by_word("Remove it?", "prod", yes=yes))


@pytest.mark.parametrize("command", ["change", "remove"])
def test_without_a_terminal_a_change_needs_yes(command: str) -> None:
    """Nothing is changed where nobody can be asked; --yes answers."""
    result = CliRunner().invoke(app, [command])
    assert result.exit_code == 2
    assert "give --yes" in result.stderr
    assert CliRunner().invoke(app, [command, "--yes"]).stdout == "True\n"


@pytest.mark.parametrize(
    ("command", "answer", "said"),
    [
        ("change", "y", "True"),
        ("change", "n", "False"),
        ("remove", "prod", "True"),
        ("remove", "y", "False"),
        ("remove", "", "False"),
    ],
)
def test_a_person_answers(
    monkeypatch: pytest.MonkeyPatch, command: str, answer: str, said: str
) -> None:
    """The question is on standard error; only the right answer confirms."""
    monkeypatch.setattr("segment_rehook_cli.terminal.streams.input_is_terminal", lambda: True)
    result = CliRunner().invoke(app, [command], input=f"{answer}\n")
    # The runner shows what is typed, too.
    assert result.stdout.splitlines()[-1] == said
