"""The command `failures redrive`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from segment_rehook_cli.failures.asking import count_chosen
from segment_rehook_cli.failures.commands.move_task import redrive_by_task
from segment_rehook_cli.failures.redrive_job import resumed_redrive
from segment_rehook_cli.failures.redriving import Redriving
from segment_rehook_cli.failures.selection import QueueChoice, Selection
from segment_rehook_cli.failures.selection_options import by_selection
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal import streams as terminal
from segment_rehook_cli.terminal.confirm import Yes, confirmed
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.exit_codes import FINDINGS, USAGE
from segment_rehook_cli.terminal.messages import failure, say

__all__ = ["redrive"]

_WAITING: Final = (
    "waiting messages are not sent again by a command: redrive takes each when its next try is "
    "due, and SQS lets nobody hurry a hidden one (`segment-rehook mode` says whether deliveries "
    "are paused)"
)


_WHOLE: Final = (
    "--by move-task moves the whole parking lot: leave out the filters, --from-queue, --stored and "
    "--job"
)


class Means(StrEnum):
    """Who moves the messages."""

    COMMAND = "command"
    MOVE_TASK = "move-task"


@on_stack
@by_selection(QueueChoice.PARKED)
def redrive(
    stack: Stack,
    selection: Selection,
    *,
    stored: Annotated[
        bool, typer.Option("--stored", help="Deliver the stored request; do not map anew.")
    ] = False,
    rate: Annotated[
        float | None,
        typer.Option(
            metavar="PER_SECOND", min=0.01, help="Send so many messages a second at most."
        ),
    ] = None,
    job: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Keep selection and progress in this file. The same command resumes the job.",
        ),
    ] = None,
    by: Annotated[
        Means,
        typer.Option(
            help="command: keeps each user's order, takes filters. move-task: SQS itself moves the "
            "whole parking lot, also after this command has ended."
        ),
    ] = Means.COMMAND,
    yes: Yes = False,
) -> None:
    """Send parked messages back to the dead-letter queue, from where they are delivered.

    With --from-queue, an event that the other stack has delivered can be delivered AGAIN, because
    this stack's ledger does not know of that delivery: read docs/redrive.md first.
    """
    selection = _of_parking_lot(stack, selection)
    if not yes and not terminal.input_is_terminal():
        raise failure("nothing was sent: there is no terminal to ask on, so give --yes", USAGE)
    if by is Means.MOVE_TASK:
        if selection.filtered or selection.from_queue or stored or job:
            raise failure(_WHOLE, USAGE)
        redrive_by_task(stack, rate, yes=yes)
        return
    kept = resumed_redrive(stack, selection, job, stored=stored)
    if kept is not None:
        if kept.ended:
            say(f"{job}: this job has ended; it sent back {kept.sent}")
            return
        selection, stored = kept.selection, kept.stored
    stack.announce()
    started_at = kept.started_at if kept else None
    try:
        if not yes:
            chosen = count_chosen(stack, selection)
            if not confirmed(_question(chosen.counts.total, selection), yes=yes):
                typer.echo("sent back: 0")
                raise typer.Exit(FINDINGS)
            started_at = chosen.started_at if started_at is None else started_at
        run = Redriving(
            stack,
            selection,
            stored=stored,
            rate=rate,
            started_at=started_at,
            file=job,
            resumed=kept,
        )
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("sent back: 0")
        raise
    run.run()


def _of_parking_lot(stack: Stack, selection: Selection) -> Selection:
    """Check the queue that is named; ends the command if messages of it are not sent back."""
    if selection.queue is QueueChoice.WAITING:
        raise failure(f"nothing was sent: {_WAITING}", USAGE)
    if selection.from_queue == stack.dead_letter_queue_url:
        raise failure("--from-queue: this is the stack's own dead-letter queue", USAGE)
    if selection.queue is QueueChoice.BOTH:
        say(_WAITING)
    return selection.of_queue(QueueChoice.PARKED)


def _question(number: int, selection: Selection) -> str:
    if selection.from_queue is None:
        return f"Send {counted(number, 'parked message')} back?"
    return (
        f"Send {counted(number, 'message')} of {selection.from_queue}? This stack's ledger does "
        "not know what the other stack delivered, so an event can be delivered again "
        "(docs/redrive.md)."
    )
