"""The job of a replay: its choice, and of a job that repeats events the marker of their ids.

Functions and methods end the command with one line and the exit code USAGE where nothing is sent.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from segment_rehook_cli.archive.choice import Choice
from segment_rehook_cli.archive.left_out import LeftOutCounts
from segment_rehook_cli.stack.job_file import OTHER_OPTIONS, Job, KeptJob, resumed
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.exit_codes import USAGE
from segment_rehook_cli.terminal.messages import failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segment_rehook_cli.archive.replay_options import ReplayOptions
    from segment_rehook_cli.stack.stack import Stack

__all__ = ["KeptReplay", "ReplayJob", "kept_replay"]

SAVE_SECONDS: Final = 1.0
"""Between two writes of the file while events are sent."""

_NOT_DELIVERED: Final = ("parked", "dropped", "ignored")


@dataclass(slots=True, kw_only=True)
class ReplayJob(Job):
    """A replay. `digest`: the archive's. `marker`: of a job that repeats what was delivered.

    `outcomes`: of all events that it has sent. `left_out`: by the plan of its last run.
    """

    command: ClassVar[str] = "replay"

    choice: Choice
    beyond_ledger: bool
    marker: str | None
    digest: str
    outcomes: dict[str, int] = field(default_factory=dict)
    left_out: LeftOutCounts = field(default_factory=LeftOutCounts)

    @classmethod
    def of_members(cls, members: dict[str, Any]) -> Self:
        """Read what `members` gave. Raises TypeError, ValueError or KeyError for anything else."""
        choice = Choice.of_json(members.pop("choice"))
        left_out = LeftOutCounts(**members.pop("left_out", {}))
        return cls(choice=choice, left_out=left_out, **members)

    @property
    def incomplete(self) -> bool:
        """Whether something was left out, parked or dropped, in whichever of its runs."""
        return self.left_out.total > 0 or any(map(self.outcomes.get, _NOT_DELIVERED))

    @property
    def sent_by_outcome(self) -> str:
        """Say what it has sent, and what came of that."""
        by = ", ".join(f"{name}: {number:,}" for name, number in sorted(self.outcomes.items()))
        return counted(self.sent, "event") + (f" ({by})" if by else "")


class KeptReplay(KeptJob[ReplayJob]):
    """A replay's job, and the options by which it runs."""

    def __init__(self, job: ReplayJob, options: ReplayOptions, *, new: bool) -> None:
        super().__init__(options.job, job, new=new)
        self.options = options
        self._outcomes_before = Counter(job.outcomes)
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

    def progress(self, outcomes: Mapping[str, int]) -> None:
        """Write, at most once a second, what came of the events that this run has sent."""
        now = time.monotonic()
        if now - self._saved_at >= SAVE_SECONDS:
            self._saved_at = now
            self.keep(outcomes, ended=False)

    def keep(self, outcomes: Mapping[str, int], *, ended: bool) -> None:
        """Write what came of the events that this run has sent, and whether all was done."""
        self.job.outcomes = dict(self._outcomes_before + Counter(outcomes))
        self.save(sum(outcomes.values()), ended=ended)


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
