"""The job of a redrive: its selection. What was parked after its first start is not part of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from segment_rehook_cli.failures.selection import Selection
from segment_rehook_cli.stack.job_file import OTHER_OPTIONS, Job, resumed
from segment_rehook_cli.terminal.exit_codes import USAGE
from segment_rehook_cli.terminal.messages import failure

if TYPE_CHECKING:
    from segment_rehook_cli.stack.stack import Stack

__all__ = ["RedriveJob", "resumed_redrive"]


@dataclass(slots=True, kw_only=True)
class RedriveJob(Job):
    """A redrive. `started_at`: SQS's time. `sent` may lack up to a portion after a SIGKILL."""

    command: ClassVar[str] = "failures redrive"

    selection: Selection
    stored: bool

    @classmethod
    def of_members(cls, members: dict[str, Any]) -> Self:
        """Read what `members` gave. Raises TypeError, ValueError or KeyError for anything else."""
        return cls(selection=Selection.of_json(members.pop("selection")), **members)

    def members(self) -> dict[str, Any]:
        """Give what the file keeps, as JSON values."""
        return {**asdict(self), "selection": self.selection.as_json()}


def resumed_redrive(
    stack: Stack, selection: Selection, path: Path | None, *, stored: bool
) -> RedriveJob | None:
    """Read the job that is to be resumed; None if it is a new one, or none is kept.

    Ends the command with USAGE if the file can't be used, or the options given are others.
    """
    found = resumed(path, RedriveJob, stack)
    if found is None:
        return None
    given = selection.filtered or selection.from_queue is not None
    if (given and selection != found.selection) or (stored and not found.stored):
        raise failure(f"{path}: {OTHER_OPTIONS}", USAGE)
    return found
