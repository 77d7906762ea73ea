"""The file of a long command that can be resumed: its options, when it began, how far it came.

No list of what was sent is kept: the ledger has it, or SQS has it no more.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from segment_rehook_cli.terminal.exit_codes import USAGE
from segment_rehook_cli.terminal.messages import failure, say
from segment_rehook_cli.terminal.whole_file import whole_file

if TYPE_CHECKING:
    from segment_rehook_cli.stack.stack import Stack

__all__ = ["OTHER_OPTIONS", "Job", "JobUnreadable", "KeptJob", "read_job", "resumed", "write_job"]

OTHER_OPTIONS = "the job has other options; leave them out to resume it, or give another file"

_VERSION = 1


class JobUnreadable(Exception):
    """The file can't be read as a job; the text says why."""


@dataclass(slots=True, kw_only=True)
class Job:
    """A command on a stack. `started_at`: of the first start, in seconds since 1970.

    `sent`: how many were sent, as last written: after a SIGKILL some less than were. `ended`:
    whether all was done.
    """

    command: ClassVar[str]

    stack: str
    account: str
    region: str
    started_at: float
    sent: int = 0
    ended: bool = False

    @classmethod
    def of_members(cls, members: dict[str, Any]) -> Self:
        """Read what `members` gave. Raises TypeError, ValueError or KeyError for anything else."""
        return cls(**members)

    def members(self) -> dict[str, Any]:
        """Give what the file keeps, as JSON values."""
        return asdict(self)


J = TypeVar("J", bound=Job)


def read_job(path: Path, kind: type[J]) -> J | None:
    """Read a job; None if there is no such file. Raises JobUnreadable."""
    not_one = f"it is not a job file of `{kind.command}`"
    try:
        members = json.loads(path.read_bytes())
        if members.pop("command", kind.command) != kind.command:
            raise JobUnreadable(not_one)
        if members.pop("version") != _VERSION:
            raise JobUnreadable("another version of segment-rehook wrote it")
        return kind.of_members(members)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JobUnreadable(str(error.strerror)) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise JobUnreadable(not_one) from None


def write_job(path: Path, job: Job) -> None:
    """Write a job, readable by its owner only. Raises OSError; then the old file is still there."""
    members = {"command": job.command, "version": _VERSION, **job.members()}
    with whole_file(path) as file:
        file.write(json.dumps(members, indent=2) + "\n")


def resumed(path: Path | None, kind: type[J], stack: Stack) -> J | None:
    """Read the job that is to be resumed; None if it is a new one, or none is kept.

    Ends the command with USAGE if the file can't be read, or is of another stack.
    """
    try:
        found = None if path is None else read_job(path, kind)
    except JobUnreadable as error:
        raise failure(f"{path}: {error}", USAGE) from None
    if found is None:
        return None
    if (found.stack, found.account, found.region) != (stack.name, stack.account, stack.region):
        raise failure(
            f"{path}: it is a job of the stack {found.stack} in account {found.account}, "
            f"{found.region}: give another file",
            USAGE,
        )
    return found


class KeptJob(Generic[J]):
    """A job that a run works on, and its file; `path` is None for a run without a file.

    `new`: the run begins the job, so its file must not be there.
    """

    def __init__(self, path: Path | None, job: J, *, new: bool) -> None:
        self.path = path
        self.job = job
        self.sent_before = job.sent
        self._new = new

    def begin(self) -> None:
        """Write the file before anything is sent. Ends the command if it can't be written.

        The file of a new job must not be there: another run would have a marker of its own, and
        both would repeat everything.
        """
        if self.path is None:
            return
        try:
            self._create(self.path)
        except FileExistsError:
            raise failure(
                f"nothing was sent: {self.path}: another run has begun this job meanwhile; when it "
                "has ended, run the same command to go on with the job",
                USAGE,
            ) from None
        except OSError as error:
            raise failure(
                f"nothing was sent: {self.path}: {error.strerror or error}", USAGE
            ) from None

    def _create(self, file: Path) -> None:
        if not self._new:
            write_job(file, self.job)
            return
        file.touch(mode=0o600, exist_ok=False)
        try:
            write_job(file, self.job)
        except BaseException:
            file.unlink()
            raise

    def save(self, sent: int, *, ended: bool) -> None:
        """Write how many this run has sent. If that fails, a line says so."""
        self.job.sent, self.job.ended = self.sent_before + sent, ended
        if self.path is None:
            return
        try:
            write_job(self.path, self.job)
        except OSError as error:
            say(f"{self.path}: {error.strerror or error} – the job goes on")
