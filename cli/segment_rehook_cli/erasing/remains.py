"""What the command can't erase, said plainly: where it is, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from segment_rehook_cli.erasing.findings import Findings, Unreached
from segment_rehook_cli.stack.keeping import Keeping
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.durations import DAY

if TYPE_CHECKING:
    from segment_rehook_cli.stack.stack import Stack

__all__ = ["BACKUP_DAYS", "unreached"]

BACKUP_DAYS: Final = 35
"""For so long DynamoDB's point-in-time recovery keeps what was deleted."""


def unreached(found: Findings, stack: Stack, *, keep: int, now: float) -> list[Unreached]:
    """Give the places. `keep`: seconds for which the ledger keeps a record. `now`: Unix time."""
    lines = "lines" if found.lines is None else counted(found.lines, "line")
    places = [
        Unreached(
            "log",
            f"{lines} with a keyed hash of the user, message ids and business keys",
            now + Keeping.of(stack.parameters).log_days * DAY,
        ),
        Unreached(
            "ledger",
            "records by messageId, with hashes of events; records that the log does not name",
            now + keep,
        ),
        Unreached(
            "backups",
            "the table as it was (point-in-time recovery); backups that you made stay",
            now + BACKUP_DAYS * DAY,
        ),
        Unreached("Rehook", "all that was delivered: have Rehook delete it"),
        Unreached(
            "Segment", "its own copies: a deletion request there; without it, new events come"
        ),
        Unreached("files", "what `failures export` and other commands of yours have written"),
    ]
    if found.named:
        messages = counted(found.named, "message")
        what = f"{messages} of other people in which one of the ids is a value"
        places.insert(0, Unreached("others", what))
    return places
