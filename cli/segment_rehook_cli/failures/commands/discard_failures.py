"""The command `failures discard`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from segment_rehook.aws.system import SystemClock
from segment_rehook_cli.failures.asking import count_chosen
from segment_rehook_cli.failures.discarding import Discarding
from segment_rehook_cli.failures.ledger_client import discarding_ledger
from segment_rehook_cli.failures.message import QueueName
from segment_rehook_cli.failures.reading import not_read, start_reading
from segment_rehook_cli.failures.refusals import Refusals
from segment_rehook_cli.failures.selection import QueueChoice, Selection
from segment_rehook_cli.failures.selection_options import by_selection
from segment_rehook_cli.stack.aws_errors import exit_on_aws_error
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal import streams as terminal
from segment_rehook_cli.terminal.confirm import Yes, confirmed_by_word
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.exit_codes import FINDINGS, REFUSED, USAGE
from segment_rehook_cli.terminal.messages import failure, say
from segment_rehook_cli.terminal.progress import progress

if TYPE_CHECKING:
    from segment_rehook_cli.failures.reader import QueueReader
    from segment_rehook_cli.failures.settling import DiscardingLedger

__all__ = ["discard"]


@on_stack
@by_selection(QueueChoice.PARKED)
def discard(stack: Stack, selection: Selection, *, yes: Yes = False) -> None:
    """Delete what failed for good, after the stack's name was typed.

    By default of the parking lot only. A waiting delivery is recorded as parked with the reason
    `discarded` before its message is deleted. Rehook gets nothing of what is discarded, now or
    when Segment sends the event again. Run `failures export` first: nothing brings it back.
    """
    if selection.from_queue == stack.dead_letter_queue_url:
        raise failure("this is the stack's own dead-letter queue: use --queue waiting", USAGE)
    if not yes and not terminal.input_is_terminal():
        raise failure("nothing was changed: there is no terminal to ask on, so give --yes", USAGE)
    stack.announce()
    try:
        until = None if yes else _agreed(stack, selection)
        run = _Run(stack, selection, until)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("discarded: 0")
        raise
    try:
        run.discard_all()
    except KeyboardInterrupt:
        run.interrupted = True
    run.count_unread()
    for note in run.notes():
        say(note)
    if run.interrupted:
        typer.echo(f"discarded: {run.discarded}")
        raise KeyboardInterrupt
    if run.refused and not run.discarded:
        typer.echo("discarded: 0")
        raise typer.Exit(REFUSED)
    _end(run.discarded, complete=run.complete)


def _agreed(stack: Stack, selection: Selection) -> float:
    """Show what is chosen and ask. Gives SQS's time at the reading; without consent it ends."""
    chosen = count_chosen(stack, selection)
    if not chosen.counts.total:
        _end(0, complete=True)
    question = f"Delete {counted(chosen.counts.total, 'message')} for good?"
    if not confirmed_by_word(question, stack.name, yes=False):
        _end(0, complete=False)
    return chosen.started_at


def _end(discarded: int, *, complete: bool) -> None:
    typer.echo(f"discarded: {discarded}")
    raise typer.Exit(0 if complete else FINDINGS)


class _Run:
    """All queues, one after the other. The dead-letter queue is read in rounds of some seconds."""

    def __init__(self, stack: Stack, selection: Selection, until: float | None) -> None:
        self._stack = stack
        self._selection = selection
        self._until = until
        self._ledger: DiscardingLedger | None = None
        self._parts: list[Discarding] = []
        self.refusals = Refusals()
        self.interrupted = False
        self._unread: dict[QueueName, int] = {}
        if selection.waiting:
            with exit_on_aws_error():
                self._ledger = discarding_ledger(stack)

    @property
    def discarded(self) -> int:
        return sum(each.discarded for each in self._parts)

    @property
    def refused(self) -> bool:
        return bool(self.refusals) or (self._ledger is not None and bool(self._ledger.unavailable))

    @property
    def complete(self) -> bool:
        left = sum(each.busy for each in self._last())
        missing = self._selection.delivery is not None and not self.discarded
        unread = sum(self._unread.values())
        return not (self.interrupted or self.refusals or left or unread or missing)

    def discard_all(self) -> None:
        again = True
        selection = self._selection
        while again:
            again = False
            reading = start_reading(self._stack, selection, self.refusals)
            for reader in reading.readers:
                part = self._discard(reader)
                again |= reader.name is QueueName.WAITING and part.discarded > 0
            # A reading of the dead-letter queue is short, and the messages that it holds hide those
            # behind them in their groups. The parking lot is read to its end.
            selection = selection.of_queue(QueueChoice.WAITING)

    def count_unread(self) -> None:
        """Ask how many messages were not read; not if the only one that was meant is discarded."""
        if self._selection.delivery is None or not self.discarded:
            self._unread = {each.reader.name: each.reader.unread() for each in self._last()}

    def notes(self) -> list[str]:
        lines = list(self.refusals.lines())
        for part in self._last():
            lines += part.notes()
            unread = self._unread.get(part.reader.name, 0)
            lines += not_read(part.reader, unread, ended=not (self.interrupted or self.refusals))
        return lines

    def _discard(self, reader: QueueReader) -> Discarding:
        started = reader.started_at if self._until is None else self._until
        part = Discarding(
            reader=reader,
            chosen=lambda failed: self._selection.takes(failed, reader.started_at),
            sent_before=started,
            clock=SystemClock(),
            refusals=self.refusals,
            ledger=self._ledger,
        )
        self._parts.append(part)
        with progress(reader.expected, "messages dealt with") as show:
            part.run(show)
        if self._until is None and reader.name is QueueName.WAITING:
            self._until = started  # further rounds do not take what came meanwhile
        return part

    def _last(self) -> list[Discarding]:
        """Return the last run over each queue."""
        return list({each.reader.name: each for each in self._parts}.values())
