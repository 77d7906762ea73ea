"""A run's books as tables for a person, or as one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from tools.faults.run import Outcome

SHOWN = 10


def as_json(outcome: Outcome) -> dict[str, Any]:
    """All figures; at most ten violations of each invariant."""
    return {
        "seed": outcome.seed,
        "policy": outcome.policy,
        "holds": outcome.holds,
        "seconds": {name: round(value, 1) for name, value in outcome.seconds.items()},
        "figures": outcome.figures,
        "fates": dict(outcome.audit.fates),
        "excused": dict(outcome.audit.excused),
        "answers": dict(outcome.answers),
        "spells": dict(outcome.spells),
        "kills": dict(outcome.kills),
        "freezes": dict(outcome.freezes),
        "processes left": outcome.processes_left,
        "violations": {name: each[:SHOWN] for name, each in outcome.audit.violations.items()},
        "violations counted": {name: len(each) for name, each in outcome.audit.violations.items()},
    }


def show(outcome: Outcome, console: Console) -> None:
    """Print the tables."""
    console.print(_figures("The run", outcome.figures))
    console.print(_figures("What became of it", outcome.audit.fates))
    console.print(_figures("What Segment was answered", outcome.answers))
    console.print(_figures("Faults outside", outcome.spells))
    console.print(_figures("Kills", outcome.kills))
    console.print(_figures("Freezes", outcome.freezes))
    console.print(_figures("Excused", outcome.audit.excused))
    table = Table("invariant", "violations", title="The audit")
    for name, violations in outcome.audit.violations.items():
        table.add_row(name, f"[red]{len(violations)}[/]" if violations else "[green]none[/]")
    left = outcome.processes_left
    table.add_row("every process is gone", f"[red]{left}[/]" if left else "[green]none[/]")
    console.print(table)
    for violations in outcome.audit.violations.values():
        for sentence in violations[:SHOWN]:
            console.print(sentence, style="red", markup=False)
    again = f"python -m tools.faults --seed {outcome.seed} --policy {outcome.policy}"
    console.print(f"{'It holds.' if outcome.holds else 'It does not hold.'} Again: {again}")


def _figures(title: str, figures: Mapping[str, object]) -> Table:
    table = Table("", "", title=title, show_header=False)
    for name, value in sorted(figures.items()):
        table.add_row(name, str(value))
    return table
