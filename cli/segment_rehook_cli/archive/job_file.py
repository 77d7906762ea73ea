"""The file of a replay that can be resumed: what was chosen, when it began, how far it came.

The ledger knows what was delivered, so a resumed run needs no list of it. It needs the choice, and
of a job that repeats events its marker: the repetitions' ids are made from it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from segment_rehook_cli.archive.choice import Choice
from segment_rehook_cli.failures.export_file import whole_file

__all__ = ["ReplayJob", "ReplayJobUnreadable", "read_replay_job", "write_replay_job"]

_VERSION = 1
_COMMAND = "replay"


class ReplayJobUnreadable(Exception):
    """The file can't be read as a job; the text says why."""


@dataclass(slots=True, kw_only=True)
class ReplayJob:
    """A replay. `started_at`: of the first start, in seconds since 1970. `digest`: the archive's.

    `marker`: of a job that repeats what was delivered, else None. `sent`: how many events were
    answered, as last written. `ended`: whether all was done.
    """

    stack: str
    account: str
    region: str
    choice: Choice
    beyond_ledger: bool
    marker: str | None
    digest: str
    started_at: float
    sent: int = 0
    ended: bool = False


def read_replay_job(path: Path) -> ReplayJob | None:
    """Read a job; None if there is no such file. Raises ReplayJobUnreadable."""
    try:
        members = json.loads(path.read_bytes())
        if members.pop("command") == _COMMAND and members.pop("version") != _VERSION:
            raise ReplayJobUnreadable("another version of segment-rehook wrote it")
        return ReplayJob(choice=Choice.of_json(members.pop("choice")), **members)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ReplayJobUnreadable(str(error.strerror)) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ReplayJobUnreadable("it is not a job file of `replay`") from None


def write_replay_job(path: Path, job: ReplayJob) -> None:
    """Write a job, readable by its owner only. Raises OSError; then the old file is still there."""
    members = {"command": _COMMAND, "version": _VERSION, **asdict(job)}
    with whole_file(path) as file:
        file.write(json.dumps(members, indent=2) + "\n")
