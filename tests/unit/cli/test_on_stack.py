"""Tests of the options that choose a stack."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from segment_rehook_cli.main import app as whole
from segment_rehook_cli.stack.on_stack import StackChoice, if_on_stack, on_stack
from segment_rehook_cli.stack.stack import Stack

app = typer.Typer()


@app.command()
@on_stack
def needs(stack: Stack, word: str = "none") -> None:
    """Print the stack's name."""
    typer.echo(f"{stack.name} {word}")


@app.command()
@if_on_stack
def may(stack: StackChoice, *, loud: bool = False) -> None:
    """Print whether there is a stack."""
    typer.echo(f"{stack.given} {loud}")


def test_a_command_that_may_have_a_stack_looks_it_up_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A stack that the environment names is not asked for by a command that does not need it."""
    monkeypatch.setenv("SEGMENT_REHOOK_STACK", "prod")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    result = CliRunner().invoke(app, ["may"])
    assert (result.exit_code, result.stdout) == (0, "True False\n")


@pytest.fixture(autouse=True)
def no_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no variable name a stack."""
    monkeypatch.delenv("SEGMENT_REHOOK_STACK", raising=False)


def test_a_command_without_its_stack_says_how_to_name_one() -> None:
    """Without a stack nothing is asked of AWS, and the exit code is that of a wrong usage."""
    result = CliRunner().invoke(app, ["needs"])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "--stack NAME or SEGMENT_REHOOK_STACK, or --sandbox" in result.stderr


def test_a_command_that_may_have_a_stack_runs_without() -> None:
    """The own options of a command are kept."""
    result = CliRunner().invoke(app, ["may", "--loud"])
    assert (result.exit_code, result.stdout) == (0, "False True\n")


def test_the_sandbox_has_its_own_region() -> None:
    """--sandbox with --region or --profile is refused."""
    result = CliRunner().invoke(app, ["may", "--sandbox", "--region", "eu-west-1"])
    assert result.exit_code == 2
    assert "--sandbox has its own region" in result.stderr


def test_the_variable_names_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's name is checked as the option's."""
    monkeypatch.setenv("SEGMENT_REHOOK_STACK", "no name")
    result = CliRunner().invoke(app, ["needs"])
    assert result.exit_code == 2
    assert "letters, digits and hyphens" in " ".join(result.stderr.split())


def test_shells_can_complete_the_commands() -> None:
    """The command line can print a shell's completion."""
    assert "--show-completion" in CliRunner().invoke(whole, ["--help"]).stdout
