"""The command `failures show`."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

import typer

from segment_rehook_cli.failures.entry import entry_text, is_about
from segment_rehook_cli.failures.message import FailedMessage
from segment_rehook_cli.failures.reading import start_reading
from segment_rehook_cli.failures.selection import QueueChoice, Selection
from segment_rehook_cli.failures.selection_options import by_selection
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.exit_codes import FINDINGS
from segment_rehook_cli.terminal.messages import say
from segment_rehook_cli.terminal.output import AsJson, printable

__all__ = ["show"]

# What is shown as a block of JSON, at the end.
_BLOCKS: Final = ("origin", "attributes", "request", "event", "body")


def _not_empty(text: str) -> str:
    if not text.strip():
        raise typer.BadParameter("it is empty")
    return text


@on_stack
@by_selection(QueueChoice.BOTH)
def show(
    stack: Stack,
    selection: Selection,
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            callback=_not_empty,
            help="A delivery's id, a messageId, or a message's id in SQS.",
        ),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one failed event: event, request, Rehook's answer, receives and times.

    What it prints is PERSONAL DATA. It reads the queues as `failures list` does.
    """
    reading = start_reading(stack, selection)
    found: list[str] = []

    def look(failed: FailedMessage, now: float) -> None:
        if is_about(failed, wanted):
            found.append(entry_text(failed, now))

    reading.run(look)
    for number, text in enumerate(found):
        if as_json:
            typer.echo(text)
        else:
            typer.echo(("\n" if number else "") + "\n".join(_for_a_person(json.loads(text))))
    for note in reading.notes():
        say(note)
    if not found:
        say(
            "no message that can be read has this id: see `segment-rehook failures list`; of what "
            "was delivered, and of what is hidden until its next try, the ledger and the log know"
        )
    if code := reading.exit_code or (0 if found else FINDINGS):
        raise typer.Exit(code)


def _for_a_person(entry: dict[str, Any]) -> list[str]:
    lines = [
        f"{name}: {printable(str(value))}"
        for name, value in entry.items()
        if name not in _BLOCKS and value is not None
    ]
    blocks = (name for name in _BLOCKS if name in entry)
    return [*lines, *(f"{name}: {json.dumps(entry[name], indent=2)}" for name in blocks)]
