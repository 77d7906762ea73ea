"""The command that a run prints draws the same run once more."""

from __future__ import annotations

import shlex
from collections import Counter
from io import StringIO
from pathlib import Path

import typer
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.main import get_command

from tools.faults.__main__ import Policy, faults
from tools.faults.invariants import Findings
from tools.faults.report import as_json, show
from tools.faults.result import RunResult, RunSettings
from tools.sandbox.sandbox import BUILT

ONLY_OUTPUT = {"timeline", "as_json_"}
"""The options that change what is printed or written, and nothing of the run."""

numbers = st.integers(0, 2**31)
settings = st.builds(
    RunSettings,
    seed=numbers,
    events=st.integers(1, 10_000),
    kills=numbers,
    freezes=numbers,
    policy=st.sampled_from([each.value for each in Policy]),
    built=st.sampled_from([BUILT, Path("built here") / "template.yaml"]),
    timeline=st.none() | st.just(Path("timeline.txt")),
)


@given(settings)
def test_the_command_has_every_option_of_the_run(asked: RunSettings) -> None:
    """Its words give each option that matters the value that the run had."""
    app = typer.Typer(add_completion=False)
    app.command()(faults)
    program, words = shlex.split(asked.command)[:3], shlex.split(asked.command)[3:]
    assert program == ["python", "-m", "tools.faults"]
    given_options = get_command(app).make_context("faults", words).params
    assert {name: each for name, each in given_options.items() if name not in ONLY_OUTPUT} == {
        "seed": asked.seed,
        "events": asked.events,
        "kills": asked.kills,
        "freezes": asked.freezes,
        "policy": asked.policy,
        "template": asked.built,
    }


def test_the_command_is_one_line_of_what_is_printed() -> None:
    """Tables and JSON have the command; a narrow terminal does not break its line."""
    asked = RunSettings(seed=7, events=200, kills=8, freezes=0, policy="park")
    result = RunResult(
        settings=asked,
        findings=Findings(),
        figures={},
        answers=Counter(),
        faults=Counter(),
        kills=Counter(),
        freezes=Counter(),
        seconds={},
        processes_left=0,
    )
    printed = StringIO()
    show(result, Console(width=40, file=printed))
    assert f"Repeat: {asked.command}" in printed.getvalue().splitlines()
    assert as_json(result)["command"] == asked.command
