"""A replay's job: read from its file, compared with what the command is given, and written again.

Functions and methods end the command with one line and the exit code USAGE where nothing is sent.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from segment_rehook_cli.archive.choice import Choice
from segment_rehook_cli.archive.job_file import (
    ReplayJob,
    ReplayJobUnreadable,
    read_replay_job,
    write_replay_job,
)
from segment_rehook_cli.archive.replay_options import ReplayOptions
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.exit_codes import USAGE
from segment_rehook_cli.terminal.messages import failure, say

__all__ = ["KeptJob", "kept_job"]

SAVE_SECONDS: Final = 1.0
"""Between two writes of the file while events are sent."""


@dataclass(slots=True)
class KeptJob:
    """A job, and the options by which it runs. `options.job` is None for a run without a file."""

    job: ReplayJob
    options: ReplayOptions
    _sent_before: int = 0
    _saved_at: float = field(default=0.0)
    _new: bool = False

    def belongs_to(self, digest: str) -> None:
        """End the command if the archive is not the job's. `digest`: of the archive."""
        if self.job.digest and self.job.digest != digest:
            raise failure(
                f"nothing was sent: {self.options.job}: the job is of other files, or of the same "
                "ones in another order: give those, or another job file",
                USAGE,
            )
        self.job.digest = digest

    def begin(self) -> None:
        """Write the file before anything is sent. Ends the command if it can't be written.

        The file of a new job must not be there: another run would have a marker of its own, and
        both would repeat everything.
        """
        if self.options.job is None:
            return
        try:
            self._create(self.options.job)
        except FileExistsError:
            raise failure(
                f"nothing was sent: {self.options.job}: another run has begun this job meanwhile; "
                "when it has ended, run the same command to go on with the job",
                USAGE,
            ) from None
        except OSError as error:
            raise failure(
                f"nothing was sent: {self.options.job}: {error.strerror or error}", USAGE
            ) from None

    def _create(self, file: Path) -> None:
        if not self._new:
            write_replay_job(file, self.job)
            return
        file.touch(mode=0o600, exist_ok=False)
        try:
            write_replay_job(file, self.job)
        except BaseException:
            file.unlink()
            raise

    def progress(self, sent: int) -> None:
        """Write, at most once a second, how many events this run has sent."""
        now = time.monotonic()
        if now - self._saved_at >= SAVE_SECONDS:
            self._saved_at = now
            self.end(sent, ended=False)

    def end(self, sent: int, *, ended: bool) -> None:
        """Write how many events this run has sent. If that fails, a line says so."""
        if self.options.job is None:
            return
        self.job.sent, self.job.ended = self._sent_before + sent, ended
        try:
            write_replay_job(self.options.job, self.job)
        except OSError as error:
            say(f"{self.options.job}: {error.strerror or error} – the job goes on")


def kept_job(stack: Stack, options: ReplayOptions, *, marker: str, now: float) -> KeptJob:
    """Resume the job of the options' file, or make a new one.

    `marker`: of a new job that repeats events. `now`: when it starts, in seconds since 1970.
    """
    found = _read(options)
    if found is None:
        job = ReplayJob(
            stack=stack.name,
            account=stack.account,
            region=stack.region,
            choice=options.choice,
            beyond_ledger=options.beyond_ledger,
            marker=marker if options.again else None,
            digest="",
            started_at=now,
        )
        return KeptJob(job, options, _new=True)
    if (found.stack, found.account, found.region) != (stack.name, stack.account, stack.region):
        raise failure(
            f"{options.job}: it is a job of the stack {found.stack} in account {found.account}, "
            f"{found.region}: give another file",
            USAGE,
        )
    if (
        options.choice not in {Choice(), found.choice}
        or (options.beyond_ledger and not found.beyond_ledger)
        or (options.again and found.marker is None)
    ):
        raise failure(
            f"{options.job}: the job has other options; leave them out to resume it, or give "
            "another file",
            USAGE,
        )
    resumed = replace(
        options,
        choice=found.choice,
        beyond_ledger=found.beyond_ledger,
        again=found.marker is not None,
    )
    return KeptJob(found, resumed, found.sent)


def _read(options: ReplayOptions) -> ReplayJob | None:
    if options.job is None:
        return None
    try:
        return read_replay_job(options.job)
    except ReplayJobUnreadable as error:
        raise failure(f"{options.job}: {error}", USAGE) from None
