"""Prints the checks' lines: JSON, tabs, or a table in colour on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from segment_rehook_cli.doctor.check_result import Diagnosis, Status
from segment_rehook_cli.terminal import streams as terminal
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.messages import say
from segment_rehook_cli.terminal.output import Entry, printable, show_rows
from segment_rehook_cli.terminal.progress import progress

__all__ = ["show"]

STYLES: Final = {Status.OK: "green", Status.FINDING: "bold red", Status.SKIPPED: "yellow"}
COUNTED: Final = {
    Status.OK: ("ok", "ok"),
    Status.FINDING: ("finding", "findings"),
    Status.SKIPPED: ("skipped", "skipped"),
}
HEADINGS: Final = ("check", "result", "detail", "command")


def show(diagnoses: Iterable[Diagnosis], *, as_json: bool) -> bool:
    """Print each line as it comes, on a terminal all at the end. Say whether all are ok.

    A summary of one line goes to standard error.
    """
    counts: Counter[Status] = Counter()

    def tallied() -> Iterator[Diagnosis]:
        for each in diagnoses:
            counts[each.result.status] += 1
            yield each

    if as_json or not terminal.output_is_terminal():
        columns = {name: _column(name) for name in HEADINGS}
        show_rows((each.entry() for each in tallied()), columns, as_json=as_json)
    else:
        _show_table(tallied())
    say(", ".join(counted(counts[status], *COUNTED[status]) for status in Status))
    return counts.total() == counts[Status.OK]


def _column(name: str) -> Callable[[Entry], str]:
    return lambda entry: str(entry[name] or "")


def _show_table(diagnoses: Iterable[Diagnosis]) -> None:
    from rich.console import Console  # noqa: PLC0415 — slow to import, only a terminal needs it
    from rich.table import Table  # noqa: PLC0415 — as above
    from rich.text import Text  # noqa: PLC0415 — as above

    table = Table("check", "result", "detail, and what mends it", box=None)
    for each in _watched(diagnoses):
        result = each.result
        detail = Text(printable(result.detail), overflow="fold")
        if result.command:
            detail.append(f"\n→ {printable(result.command)}", "cyan")
        status = Text(result.status.value, STYLES[result.status])
        table.add_row(Text(each.check), status, detail)
    Console().print(table)


def _watched(diagnoses: Iterable[Diagnosis]) -> Iterator[Diagnosis]:
    """Show on standard error how many lines there are: the table comes at the end."""
    with progress(None, "lines") as done:
        for number, each in enumerate(diagnoses, 1):
            done(number)
            yield each
