"""The command `failures list`."""

from __future__ import annotations

import json
from typing import Any, Final

import typer

from segment_rehook_cli.failures.counts import FailureCounts
from segment_rehook_cli.failures.message import FailedMessage
from segment_rehook_cli.failures.reading import start_reading
from segment_rehook_cli.failures.selection import QueueChoice, Selection
from segment_rehook_cli.failures.selection_options import by_selection
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.messages import say
from segment_rehook_cli.terminal.output import AsJson, Columns, show_rows

__all__ = ["list_failures"]

_COLUMNS: Final[Columns] = {
    "queue": lambda row: str(row["queue"]),
    "delivery": lambda row: str(row["delivery"]),
    "reason": lambda row: str(row["reason"]),
    "detail": lambda row: str(row["detail"]),
    "for": lambda row: f"{row['ageSeconds'] / 3600:.1f} h",
    "receives": lambda row: str(row["receives"]),
}


@on_stack
@by_selection(QueueChoice.BOTH)
def list_failures(stack: Stack, selection: Selection, *, as_json: AsJson = False) -> None:
    """List what is parked and what waits: counts first, then the messages, oldest first.

    Changes neither order nor outcome. While it reads, SQS hides the messages: waiting ones for some
    seconds, so their deliveries come so much later. SQS counts one receive more of each message;
    after 1,000 it would park a waiting one. Of what waits, SQS does not show what is hidden until
    its next try: that is counted only.
    """
    reading = start_reading(stack, selection)
    counts, rows = FailureCounts(), list[dict[str, Any]]()

    def add(failed: FailedMessage, now: float) -> None:
        row = failed.summary(now)
        counts.add(row)
        rows.append(row)

    reading.run(add)
    rows.sort(key=lambda row: -row["ageSeconds"])
    if as_json:
        typer.echo(json.dumps(counts.line(reading.unread)))
    else:
        counts.show()
    show_rows(rows, _COLUMNS, as_json=as_json)
    for note in reading.notes():
        say(note)
    if code := reading.exit_code:
        raise typer.Exit(code)
