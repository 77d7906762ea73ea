"""The file of a redrive that can be resumed: what was chosen, when it began, how far it came.

Messages that are sent are deleted, so a resumed run needs no list of them. It needs the selection,
and the time of the first start: what was parked later is not part of the job.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from segment_rehook_cli.failures.export_file import whole_file
from segment_rehook_cli.failures.selection import Selection

__all__ = ["Job", "JobUnreadable", "read_job", "write_job"]

_VERSION = 1


class JobUnreadable(Exception):
    """The file can't be read as a job; the text says why."""


@dataclass(slots=True, kw_only=True)
class Job:
    """A redrive. `started_at`: SQS's time of the first start, in seconds since 1970.

    `sent`: how many messages were sent back, as last written: after a SIGKILL up to a portion less
    than were. `ended`: whether all was done.
    """

    stack: str
    account: str
    region: str
    selection: Selection
    stored: bool
    started_at: float
    sent: int = 0
    ended: bool = False


def read_job(path: Path) -> Job | None:
    """Read a job; None if there is no such file. Raises JobUnreadable."""
    try:
        members = json.loads(path.read_bytes())
        if members.pop("version") != _VERSION:
            raise JobUnreadable("another version of segment-rehook wrote it")
        selection = Selection.of_json(members.pop("selection"))
        return Job(selection=selection, **members)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise JobUnreadable(str(error.strerror)) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise JobUnreadable("it is not a job file of `failures redrive`") from None


def write_job(path: Path, job: Job) -> None:
    """Write a job, readable by its owner only. Raises OSError; then the old file is still there."""
    members = {"version": _VERSION, **asdict(job), "selection": job.selection.as_json()}
    with whole_file(path) as file:
        file.write(json.dumps(members, indent=2) + "\n")
