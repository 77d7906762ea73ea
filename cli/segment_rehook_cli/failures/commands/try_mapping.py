"""The command `failures try`."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from segment_rehook_cli.failures.message import FailedMessage
from segment_rehook_cli.failures.reading import start_reading
from segment_rehook_cli.failures.remapping import remap
from segment_rehook_cli.failures.selection import QueueChoice, Selection
from segment_rehook_cli.failures.selection_options import by_selection
from segment_rehook_cli.mapping.destination_loading import own_file, read_destination
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.exit_codes import FINDINGS
from segment_rehook_cli.terminal.messages import say
from segment_rehook_cli.terminal.output import AsJson, Columns, Entry, show_rows

__all__ = ["try_mapping"]

_COUNTS: Final[Columns] = {
    "would be": lambda row: str(row["wouldBe"]),
    "why": lambda row: str(row["why"] or "–"),
    "messages": lambda row: str(row["messages"]),
}


@on_stack
@by_selection(QueueChoice.BOTH)
def try_mapping(
    stack: Stack,
    selection: Selection,
    *,
    destination: Annotated[
        Path | None,
        typer.Option(
            help="The destination file to try; - for standard input. By default the stack's own "
            "file in this checkout."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a destination file would make of everything that failed. Nothing is sent.

    It decides as redrive does: a parked event is mapped again, a waiting one is sent as it was
    stored. Exit code 1 if some events would be parked again. It reads the queues as `failures list`
    does.
    """
    candidate, _ = read_destination(destination or own_file(stack))
    reading = start_reading(stack, selection)
    rows: list[dict[str, Any]] = []

    def judge(failed: FailedMessage, now: float) -> None:
        rows.append(failed.summary(now) | remap(failed, candidate).as_json())

    reading.run(judge)
    rows.sort(key=lambda row: (row["maps"], -row["ageSeconds"]))
    counts = _counts(rows)
    good = sum(row["maps"] for row in rows)
    if as_json:
        line = {"counts": counts, "messages": len(rows), "map": good, "unread": reading.unread}
        typer.echo(json.dumps(line))
        show_rows(rows, {}, as_json=True)
    else:
        typer.echo(_sentence(good, rows, counts))
        show_rows(counts, _COUNTS, as_json=False)
        show_rows(rows, _COLUMNS, as_json=False)
    for note in reading.notes():
        say(note)
    if code := reading.exit_code or (0 if good == len(rows) else FINDINGS):
        raise typer.Exit(code)


def _would_be(row: Entry) -> str:
    if not row["maps"]:
        return f"parked as {row['parkedAs']}"
    return "mapped anew" if row["mappedAnew"] else "sent as stored"


_COLUMNS: Final[Columns] = {
    "queue": lambda row: str(row["queue"]),
    "delivery": lambda row: str(row["delivery"]),
    "reason": lambda row: str(row["reason"]),
    "would be": _would_be,
    "why": lambda row: str(row["why"] or "–"),
}


def _counts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = Counter((row["maps"], _would_be(row), row["why"]) for row in rows)
    ordered = sorted(found.items(), key=lambda each: (each[0][0], -each[1]))
    return [
        {"wouldBe": would_be, "why": why, "messages": count}
        for (_, would_be, why), count in ordered
    ]


def _sentence(good: int, rows: list[dict[str, Any]], counts: list[dict[str, Any]]) -> str:
    """Say it in a line: "43 of 45 would be sent; 2 would be parked: …"."""
    text = f"{good} of {len(rows)} would be sent to Rehook"
    bad = [each for each in counts if each["why"] is not None or "parked" in each["wouldBe"]]
    parts = (f"{each['messages']} {each['wouldBe']}: {each['why']}" for each in bad)
    return "; ".join([text, *parts])
