"""A run's result as tables for a person, or as one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from tools.faults.result import RunResult

MAX_SHOWN = 10
"""Violations of each invariant that are printed."""


def as_json(result: RunResult) -> dict[str, Any]:
    """Give all figures, and at most `MAX_SHOWN` violations of each invariant."""
    return {
        "seed": result.settings.seed,
        "policy": result.settings.policy,
        "command": result.settings.command,
        "holds": result.holds,
        "seconds": {name: round(value, 1) for name, value in result.seconds.items()},
        "figures": result.figures,
        "ends": dict(result.findings.ends),
        "excused": dict(result.findings.excused),
        "answers": dict(result.answers),
        "faults": dict(result.faults),
        "kills": dict(result.kills),
        "freezes": dict(result.freezes),
        "processes left": result.processes_left,
        "violations": {name: each[:MAX_SHOWN] for name, each in result.findings.violations.items()},
        "violations counted": {
            name: len(each) for name, each in result.findings.violations.items()
        },
    }


def show(result: RunResult, console: Console) -> None:
    """Print the tables."""
    console.print(_figures("The run", result.figures))
    console.print(_figures("How events ended", result.findings.ends))
    console.print(_figures("What Segment was answered", result.answers))
    console.print(_figures("Faults outside", result.faults))
    console.print(_figures("Kills", result.kills))
    console.print(_figures("Freezes", result.freezes))
    console.print(_figures("Excused", result.findings.excused))
    table = Table("invariant", "violations", title="Invariants")
    for name, violations in result.findings.violations.items():
        table.add_row(name, f"[red]{len(violations)}[/]" if violations else "[green]none[/]")
    left = result.processes_left
    table.add_row("every process is gone", f"[red]{left}[/]" if left else "[green]none[/]")
    console.print(table)
    for violations in result.findings.violations.values():
        for sentence in violations[:MAX_SHOWN]:
            console.print(sentence, style="red", markup=False)
    console.print("All invariants hold." if result.holds else "Not all invariants hold.")
    console.print(f"Repeat: {result.settings.command}", markup=False, soft_wrap=True)


def _figures(title: str, figures: Mapping[str, object]) -> Table:
    table = Table("", "", title=title, show_header=False)
    for name, value in sorted(figures.items()):
        table.add_row(name, str(value))
    return table
