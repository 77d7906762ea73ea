"""What `erase` prints: what it has found, what it has erased, and what remains until when."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from segment_rehook.aws.system import SystemClock
from segment_rehook_cli.erasing.ledger_table import UNDONE, RecordFate
from segment_rehook_cli.erasing.remains import unreached
from segment_rehook_cli.failures.message import QueueName
from segment_rehook_cli.log.time_window import iso_time
from segment_rehook_cli.terminal.messages import say
from segment_rehook_cli.terminal.output import Columns, show_rows

if TYPE_CHECKING:
    from segment_rehook_cli.erasing.erasure import Erasure
    from segment_rehook_cli.erasing.findings import Findings
    from segment_rehook_cli.erasing.person import Person
    from segment_rehook_cli.stack.stack import Stack

__all__ = ["found_rows", "show_summary"]

_FOUND: Final[Columns] = {
    "found": lambda row: str(row["found"]),
    "delivery": lambda row: str(row["delivery"] or "–"),
    "state": lambda row: str(row["state"] or "–"),
}
_ERASED: Final[Columns] = {
    "place": lambda row: str(row["place"]),
    "found": lambda row: str(row["found"]),
    "erased": lambda row: str(row["erased"]),
    "stripped": lambda row: str(row.get("stripped", "–")),
    "left": lambda row: str(row["left"]),
}
_REMAINS: Final[Columns] = {
    "not reached": lambda row: str(row["remains"]),
    "what": lambda row: str(row["what"]),
    "until": lambda row: str(row["until"] or "–")[:10],
}


def found_rows(found: Findings, person: Person, *, as_json: bool) -> None:
    """Print what was found, and on standard error what could not be read."""
    rows = found.rows(person)
    if rows or as_json:
        show_rows(rows, _FOUND, as_json=as_json)
    for note in found.notes:
        say(person.masked(note))


def show_summary(
    stack: Stack, found: Findings, run: Erasure | None, *, keep: int, as_json: bool
) -> None:
    """Print counts by place, and the places that are not reached. `run`: None if nothing was."""
    show_rows(_erased(found, run), _ERASED, as_json=as_json)
    remains = [
        {
            "remains": each.place,
            "what": each.what,
            "until": None if each.until is None else iso_time(each.until),
        }
        for each in unreached(found, stack, keep=keep, now=SystemClock().now())
    ]
    show_rows(remains, _REMAINS, as_json=as_json)
    for note in _notes(found, run):
        say(note)


def _erased(found: Findings, run: Erasure | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for queue in (QueueName.PARKED, QueueName.WAITING):
        erased = run.messages[queue] if run else 0
        there = max(len(found.messages[queue]), erased)
        rows.append(
            {"place": f"{queue.value} messages", "found": there, "erased": erased}
            | {"left": there - erased}
        )
    fates = Counter(run.fates.values()) if run else Counter[RecordFate]()
    records = max(len(found.records), fates.total())
    left = sum(number for fate, number in fates.items() if fate in UNDONE)
    rows.append(
        {
            "place": "ledger records",
            "found": records,
            "erased": fates[RecordFate.DELETED],
            "stripped": fates[RecordFate.STRIPPED],
            "left": left if fates else records,
        }
    )
    cleared = run.marks_cleared if run else 0
    marks = len(found.marks)
    rows.append({"place": "marks", "found": marks, "erased": cleared, "left": marks - cleared})
    return rows


def _notes(found: Findings, run: Erasure | None) -> list[str]:
    notes: list[str] = []
    unread = sum(run.unread.values()) if run else 0
    if unread:
        theirs = (
            "at least one is of this person"
            if _surely_waits(found, run)
            else ("nothing says that one is of this person")
        )
        notes.append(
            f"messages of anybody that could not be read: about {unread}; {theirs}. What waits for "
            "its next try is hidden for up to two hours: see docs/erasing.md"
        )
    if run is None:
        return notes
    notes += run.notes
    if run.busy:
        notes.append(f"left, because they are being delivered: {run.busy}")
    if run.later is not None:
        notes.append(
            "records of business keys stay until Segment has ended its retries, at "
            f"{iso_time(run.later)}: run this again then"
        )
    if kept := sum(each is RecordFate.UNREAD for each in run.fates.values()):
        notes.append(
            f"records of business keys that stay until all waiting messages could be read: {kept}. "
            "Without them, a copy that waits would be delivered again"
        )
    return notes


def _surely_waits(found: Findings, run: Erasure | None) -> bool:
    at_work = run is not None and RecordFate.AT_WORK in run.fates.values()
    return bool(found.marks and (run is None or run.marks_left)) or at_work
