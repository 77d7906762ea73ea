"""The output of the demo: steps, tables of events, and the results of checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tools.sandbox.rehook import ReceivedCall

_STYLES = {
    "delivered": "green",
    "stored": "yellow",
    "duplicate": "cyan",
    "dropped": "bright_black",
    "ignored": "bright_black",
    "parked": "magenta",
}


class Screen:
    """A console that keeps the checks that failed in ``failures``."""

    def __init__(self) -> None:
        self._console = Console(width=110)
        self._steps = 0
        self.failures: list[str] = []

    def step(self, title: str) -> None:
        """Print the title of the next step."""
        self._steps += 1
        self._console.print(f"\n[bold]{self._steps}. {title}[/bold]")

    def say(self, text: str) -> None:
        """Print a sentence of explanation."""
        self._console.print(text, style="bright_black", markup=False, highlight=False)

    def check(self, text: str, *, holds: bool) -> None:
        """Print what had to happen, and whether it did."""
        mark, style = ("✓", "green") if holds else ("✗", "bold red")
        self._console.print(f"{mark} {text}", style=style, markup=False, highlight=False)
        if not holds:
            self.failures.append(text)

    def events(
        self,
        sent: Sequence[Mapping[str, Any]],
        answers: Sequence[Mapping[str, Any]],
        calls: Iterable[ReceivedCall],
    ) -> None:
        """Print a table of events with their users, their calls to Rehook and their outcomes."""
        table = _table("event", "user", "call to Rehook", "outcome")
        paths: dict[str, list[str]] = {}
        for call in calls:
            shown = f"{call.method} {call.path} → {call.status or 'no answer'}"
            paths.setdefault(_owner(call), []).append(shown)
        for event, answer in zip(sent, answers, strict=True):
            made = paths.get(_subject(event), [])
            outcome = str(answer["outcome"])
            reasons = [each.get("reason") for each in answer["deliveries"] if each.get("reason")]
            shown = f"{outcome} ({', '.join(reasons)})" if reasons else outcome
            style = _STYLES.get(outcome, "red")
            table.add_row(
                _name(event),
                str(event.get("userId", "–")),
                made.pop(0) if made and outcome != "duplicate" else "–",
                f"[{style}]{shown}[/{style}]",
            )
        self._console.print(table)

    def letters(self, title: str, rows: Iterable[Mapping[str, str]]) -> None:
        """Print a table of queued messages by their attributes."""
        table = _table("delivery", "reason", "detail", title=title)
        for row in rows:
            table.add_row(row["delivery"], row["reason"], row.get("detail", "–"))
        self._console.print(table)

    def pairs(self, title: str, names: tuple[str, str], rows: Iterable[tuple[str, str]]) -> None:
        """Print a table of two columns."""
        table = _table(*names, title=title)
        for row in rows:
            table.add_row(*row)
        self._console.print(table)


def _table(*columns: str, title: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _name(event: Mapping[str, Any]) -> str:
    name = event.get("event") or event.get("name")
    return f"{event['type']} “{name}”" if name else str(event["type"])


def _subject(event: Mapping[str, Any]) -> str:
    return f"{event.get('userId')} {event.get('event')}"


def _owner(call: ReceivedCall) -> str:
    return f"{call.source_id} {call.event_name}"
