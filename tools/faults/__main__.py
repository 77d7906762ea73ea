"""`python -m tools.faults`: one run of the crash test. Exit code 0 if every invariant holds."""

from __future__ import annotations

import json
import secrets
from enum import StrEnum
from pathlib import Path  # noqa: TC003 — typer reads it at run time
from typing import Annotated

import typer
from rich.console import Console

from tools.faults.report import as_json, show
from tools.faults.result import RunSettings
from tools.faults.run import run
from tools.sandbox.sandbox import BUILT

console = Console(stderr=True)


class Policy(StrEnum):
    """What is done with a call whose outcome is unknown."""

    RETRY = "retry"
    PARK = "park"


def faults(  # noqa: PLR0913, PLR0917 — typer's options
    seed: Annotated[
        int | None, typer.Option(help="Seed of all that is drawn; default: a new one.")
    ] = None,
    events: Annotated[int, typer.Option(min=1, help="How many events Segment sends.")] = 1000,
    kills: Annotated[int, typer.Option(min=0, help="How many processes are killed.")] = 40,
    freezes: Annotated[
        int | None, typer.Option(min=0, help="How many processes are frozen; default: kills / 10.")
    ] = None,
    policy: Annotated[Policy, typer.Option(help="The template's UnknownPolicy.")] = Policy.RETRY,
    timeline: Annotated[
        Path | None,
        typer.Option(help="A file for all that happened, written if an invariant does not hold."),
    ] = None,
    template: Annotated[Path, typer.Option(help="The built template.")] = BUILT,
    as_json_: Annotated[  # noqa: FBT002 — typer's option
        bool, typer.Option("--json", help="Print one JSON object instead of tables.")
    ] = False,
) -> None:
    """Put the built stack under load, kill its processes, make AWS and Rehook fail, then check."""
    settings = RunSettings(
        seed=secrets.randbelow(2**31) if seed is None else seed,
        events=events,
        kills=kills,
        freezes=kills // 10 if freezes is None else freezes,
        policy=policy,
        drain=120 + events / 20,
        built=template,
        timeline=timeline,
    )
    console.print(settings.command, markup=False, soft_wrap=True)
    result = run(settings, lambda text: console.print(text, markup=False))
    if as_json_:
        print(json.dumps(as_json(result), indent=2))
    else:
        show(result, Console())
    raise typer.Exit(0 if result.holds else 1)


if __name__ == "__main__":
    typer.run(faults)
