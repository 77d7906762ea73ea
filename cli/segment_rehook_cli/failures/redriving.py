"""One run of `failures redrive`, from the first message to the summary and the exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from segment_rehook.aws.system import SystemClock
from segment_rehook_cli.failures.holding import Holding
from segment_rehook_cli.failures.message import QueueName
from segment_rehook_cli.failures.reader import MAX_PORTION_MESSAGES, QueueReader
from segment_rehook_cli.failures.reading import not_read
from segment_rehook_cli.failures.redrive_job import RedriveJob
from segment_rehook_cli.failures.refusals import Refusals
from segment_rehook_cli.failures.sending_back import DeadLetterQueue, SendingBack
from segment_rehook_cli.stack.aws_errors import exit_on_aws_error
from segment_rehook_cli.stack.job_file import KeptJob
from segment_rehook_cli.terminal.exit_codes import FINDINGS, REFUSED
from segment_rehook_cli.terminal.messages import say
from segment_rehook_cli.terminal.progress import progress

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from segment_rehook_cli.failures.selection import Selection
    from segment_rehook_cli.stack.stack import Stack

__all__ = ["Redriving"]

PORTION_SECONDS: Final = 5.0
"""With a rate, a portion has as many messages as are sent in this time."""


class Redriving:
    """A run. `started_at`: SQS's time from which on parked messages are left; None: from now.

    `file`: the job's, if one is kept. `resumed`: the job, unless it is a new one.
    """

    def __init__(
        self,
        stack: Stack,
        selection: Selection,
        *,
        stored: bool,
        rate: float | None,
        started_at: float | None,
        file: Path | None,
        resumed: RedriveJob | None,
    ) -> None:
        self._selection = selection
        self._refusals = Refusals()
        with exit_on_aws_error():
            client: SQSClient = stack.client("sqs")
            self._reader = QueueReader(
                client,
                selection.from_queue or stack.parking_lot_url,
                SystemClock(),
                self._refusals,
                name=QueueName.OTHER if selection.from_queue else QueueName.PARKED,
                holding=_holding(rate),
                portion=_portion(rate),
            )
        start = self._reader.started_at if started_at is None else started_at
        self._run = SendingBack(
            reader=self._reader,
            target=DeadLetterQueue(client, stack.dead_letter_queue_url),
            clock=SystemClock(),
            refusals=self._refusals,
            chosen=lambda failed: selection.takes(failed, start),
            parked_before=start,
            stored=stored,
            rate=rate,
        )
        job = resumed or RedriveJob(
            stack=stack.name,
            account=stack.account,
            region=stack.region,
            selection=selection,
            stored=stored,
            started_at=start,
        )
        self._kept = KeptJob(file, job, new=resumed is None)
        self._kept.begin()

    def run(self) -> None:
        """Send, and end the command with a summary and an exit code. Raises KeyboardInterrupt."""
        interrupted = False
        try:
            with progress(self._reader.expected, "messages sent back or left") as show:

                def dealt_with(number: int) -> None:
                    show(number)
                    self._kept.save(self._run.sent, ended=False)

                self._run.run(dealt_with)
        except KeyboardInterrupt:
            interrupted = True
        found = self._selection.delivery is not None and self._run.sent > 0
        missing = self._selection.delivery is not None and not self._run.sent
        unread = 0 if found else self._reader.unread()
        complete = self._run.complete and not (interrupted or unread or missing)
        self._kept.save(self._run.sent, ended=complete)
        for line in self._run.notes():
            say(line)
        for line in not_read(self._reader, unread, ended=self._run.complete and not interrupted):
            say(line)
        if missing and self._run.complete and not (interrupted or unread):
            say("there is no such delivery in the queue: see `segment-rehook failures list`")
        typer.echo(f"sent back: {self._run.sent}, left: {self._reader.left}")
        if self._kept.sent_before:
            say(f"sent back by this job: {self._kept.job.sent}")
        if interrupted:
            raise KeyboardInterrupt
        if self._refusals and not self._run.sent:
            raise typer.Exit(REFUSED)
        if not complete:
            raise typer.Exit(FINDINGS)


def _portion(rate: float | None) -> int:
    if rate is None:
        return MAX_PORTION_MESSAGES
    return max(1, min(MAX_PORTION_MESSAGES, int(rate * PORTION_SECONDS)))


def _holding(rate: float | None) -> Holding:
    """Messages that are left are hidden to the end, which takes longer with a rate."""
    usual = Holding()
    if rate is None:
        return usual
    return Holding(hidden=usual.hidden, per_message=max(usual.per_message, 1 / rate))
