"""A run's result as tables for a person, or as one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from tools.faults.run import RunResult

SHOWN = 10


def as_json(result: RunResult) -> dict[str, Any]:
    """All figures; at most ten violations of each invariant."""
    return {
        "seed": result.seed,
        "policy": result.policy,
        "holds": result.holds,
        "seconds": {name: round(value, 1) for name, value in result.seconds.items()},
        "figures": result.figures,
        "fates": dict(result.audit.fates),
        "excused": dict(result.audit.excused),
        "answers": dict(result.answers),
        "spells": dict(result.spells),
        "kills": dict(result.kills),
        "freezes": dict(result.freezes),
        "processes left": result.processes_left,
        "violations": {name: each[:SHOWN] for name, each in result.audit.violations.items()},
        "violations counted": {name: len(each) for name, each in result.audit.violations.items()},
    }


def show(result: RunResult, console: Console) -> None:
    """Print the tables."""
    console.print(_figures("The run", result.figures))
    console.print(_figures("What became of it", result.audit.fates))
    console.print(_figures("What Segment was answered", result.answers))
    console.print(_figures("Faults outside", result.spells))
    console.print(_figures("Kills", result.kills))
    console.print(_figures("Freezes", result.freezes))
    console.print(_figures("Excused", result.audit.excused))
    table = Table("invariant", "violations", title="The audit")
    for name, violations in result.audit.violations.items():
        table.add_row(name, f"[red]{len(violations)}[/]" if violations else "[green]none[/]")
    left = result.processes_left
    table.add_row("every process is gone", f"[red]{left}[/]" if left else "[green]none[/]")
    console.print(table)
    for violations in result.audit.violations.values():
        for sentence in violations[:SHOWN]:
            console.print(sentence, style="red", markup=False)
    again = f"python -m tools.faults --seed {result.seed} --policy {result.policy}"
    console.print(f"{'It holds.' if result.holds else 'It does not hold.'} Again: {again}")


def _figures(title: str, figures: Mapping[str, object]) -> Table:
    table = Table("", "", title=title, show_header=False)
    for name, value in sorted(figures.items()):
        table.add_row(name, str(value))
    return table
