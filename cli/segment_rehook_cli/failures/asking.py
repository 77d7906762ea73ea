"""What a command shows before it changes messages: how many are chosen, by kind."""

from __future__ import annotations

import typer

from segment_rehook_cli.failures.counts import FailureCounts
from segment_rehook_cli.failures.reading import start_reading
from segment_rehook_cli.failures.selection import Selection
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.messages import say

__all__ = ["Chosen", "count_chosen"]


class Chosen:
    """What a selection takes at one moment. `started_at`: SQS's time then, in Unix seconds."""

    def __init__(self, counts: FailureCounts, started_at: float) -> None:
        self.counts = counts
        self.started_at = started_at


def count_chosen(stack: Stack, selection: Selection) -> Chosen:
    """Read the queues, and print on standard output what the selection takes.

    Raises KeyboardInterrupt. Ends the command if not all could be read.
    """
    reading, counts = start_reading(stack, selection), FailureCounts()
    reading.run(lambda failed, now: counts.add(failed.summary(now)))
    if reading.interrupted:
        raise KeyboardInterrupt
    for note in reading.notes():
        say(note)
    if reading.refusals:
        say("nothing was changed")
        raise typer.Exit(reading.exit_code)
    counts.show()
    return Chosen(counts, min(each.started_at for each in reading.readers))
