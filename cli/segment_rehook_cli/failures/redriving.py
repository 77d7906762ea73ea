"""One run of `failures redrive`, from the first message to the summary and the exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from segment_rehook.aws.system import SystemClock
from segment_rehook_cli.failures.holding import Holding
from segment_rehook_cli.failures.job_file import Job, write_job
from segment_rehook_cli.failures.message import QueueName
from segment_rehook_cli.failures.reader import MAX_PORTION_MESSAGES, QueueReader
from segment_rehook_cli.failures.reading import not_read
from segment_rehook_cli.failures.refusals import Refusals
from segment_rehook_cli.failures.sending_back import DeadLetterQueue, SendingBack
from segment_rehook_cli.stack.aws_errors import exit_on_aws_error
from segment_rehook_cli.terminal.exit_codes import FINDINGS, REFUSED, USAGE
from segment_rehook_cli.terminal.messages import failure, say
from segment_rehook_cli.terminal.progress import progress

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from segment_rehook_cli.failures.selection import Selection
    from segment_rehook_cli.stack.stack import Stack

__all__ = ["Redriving"]

PORTION_SECONDS: Final = 5.0
"""With a rate, a portion has as many messages as are sent in this time."""


class Redriving:
    """A run. `started_at`: SQS's time from which on parked messages are left; None: from now."""

    def __init__(
        self,
        stack: Stack,
        selection: Selection,
        *,
        stored: bool,
        rate: float | None,
        started_at: float | None,
    ) -> None:
        self._stack = stack
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
        self._file: Path | None = None
        self._job: Job | None = None
        self._sent_before = 0

    def keep(self, file: Path | None, job: Job | None) -> None:
        """Keep the run in a job file: in that of `job`, if it is resumed."""
        if file is None:
            return
        self._file = file
        self._job = job or Job(
            stack=self._stack.name,
            account=self._stack.account,
            region=self._stack.region,
            selection=self._selection,
            stored=self._run.stored,
            started_at=self._run.parked_before,
        )
        self._sent_before = self._job.sent
        try:
            write_job(file, self._job)
        except OSError as error:
            raise failure(f"nothing was sent: {file}: {error.strerror or error}", USAGE) from None

    def run(self) -> None:
        """Send, and end the command with a summary and an exit code. Raises KeyboardInterrupt."""
        interrupted = False
        try:
            with progress(self._reader.expected, "messages sent back or left") as show:

                def dealt_with(number: int) -> None:
                    show(number)
                    self._save(ended=False)

                self._run.run(dealt_with)
        except KeyboardInterrupt:
            interrupted = True
        found = self._selection.delivery is not None and self._run.sent > 0
        missing = self._selection.delivery is not None and not self._run.sent
        unread = 0 if found else self._reader.unread()
        complete = self._run.complete and not (interrupted or unread or missing)
        self._save(ended=complete)
        for line in self._run.notes():
            say(line)
        for line in not_read(self._reader, unread, ended=self._run.complete and not interrupted):
            say(line)
        if missing and self._run.complete and not (interrupted or unread):
            say("there is no such delivery in the queue: see `segment-rehook failures list`")
        typer.echo(f"sent back: {self._run.sent}, left: {self._reader.left}")
        if self._job is not None and self._sent_before:
            say(f"sent back by this job: {self._job.sent}")
        if interrupted:
            raise KeyboardInterrupt
        if self._refusals and not self._run.sent:
            raise typer.Exit(REFUSED)
        if not complete:
            raise typer.Exit(FINDINGS)

    def _save(self, *, ended: bool) -> None:
        if self._file is None or self._job is None:
            return
        self._job.sent = self._sent_before + self._run.sent
        self._job.ended = ended
        try:
            write_job(self._file, self._job)
        except OSError as error:
            say(f"{self._file}: {error.strerror or error} – the job goes on")


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
