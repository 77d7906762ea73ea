"""The job of a replay: its choice, and of a job that repeats events the marker of their ids.

Functions and methods end the command with one line and the exit code USAGE where nothing is sent.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from segment_rehook_cli.archive.choice import Choice
from segment_rehook_cli.stack.job_file import OTHER_OPTIONS, Job, KeptJob, resumed
from segment_rehook_cli.terminal.exit_codes import USAGE
from segment_rehook_cli.terminal.messages import failure

if TYPE_CHECKING:
    from segment_rehook_cli.archive.replay_options import ReplayOptions
    from segment_rehook_cli.stack.stack import Stack

__all__ = ["KeptReplay", "ReplayJob", "kept_replay"]

SAVE_SECONDS: Final = 1.0
"""Between two writes of the file while events are sent."""


@dataclass(slots=True, kw_only=True)
class ReplayJob(Job):
    """A replay. `digest`: the archive's. `marker`: of a job that repeats what was delivered."""

    command: ClassVar[str] = "replay"

    choice: Choice
    beyond_ledger: bool
    marker: str | None
    digest: str

    @classmethod
    def of_members(cls, members: dict[str, Any]) -> Self:
        """Read what `members` gave. Raises TypeError, ValueError or KeyError for anything else."""
        return cls(choice=Choice.of_json(members.pop("choice")), **members)


class KeptReplay(KeptJob[ReplayJob]):
    """A replay's job, and the options by which it runs."""

    def __init__(self, job: ReplayJob, options: ReplayOptions, *, new: bool) -> None:
        super().__init__(options.job, job, new=new)
        self.options = options
        self._saved_at = 0.0

    def belongs_to(self, digest: str) -> None:
        """End the command if the archive is not the job's. `digest`: of the archive."""
        if self.job.digest and self.job.digest != digest:
            raise failure(
                f"nothing was sent: {self.path}: the job is of other files, or of the same "
                "ones in another order: give those, or another job file",
                USAGE,
            )
        self.job.digest = digest

    def progress(self, sent: int) -> None:
        """Write, at most once a second, how many events this run has sent."""
        now = time.monotonic()
        if now - self._saved_at >= SAVE_SECONDS:
            self._saved_at = now
            self.save(sent, ended=False)


def kept_replay(stack: Stack, options: ReplayOptions, *, marker: str, now: float) -> KeptReplay:
    """Resume the job of the options' file, or make a new one.

    `marker`: of a new job that repeats events. `now`: when it starts, in seconds since 1970.
    """
    found = resumed(options.job, ReplayJob, stack)
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
        return KeptReplay(job, options, new=True)
    if (
        options.choice not in {Choice(), found.choice}
        or (options.beyond_ledger and not found.beyond_ledger)
        or (options.again and found.marker is None)
    ):
        raise failure(f"{options.job}: {OTHER_OPTIONS}", USAGE)
    own = replace(
        options,
        choice=found.choice,
        beyond_ledger=found.beyond_ledger,
        again=found.marker is not None,
    )
    return KeptReplay(found, own, new=False)
