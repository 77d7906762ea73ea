"""What a command prints of an archive: counts by where the events stand, as rows or as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import typer

from segment_rehook.segment.jsontext import encode
from segment_rehook_cli.archive.planning import ArchivePlan
from segment_rehook_cli.archive.standing import EventStanding
from segment_rehook_cli.log.time_window import iso_time
from segment_rehook_cli.terminal.output import show_rows

__all__ = ["plan_as_json", "print_json", "show_counts"]

_MEANING: Final[Mapping[EventStanding, str]] = {
    EventStanding.NEW: "new: the ledger has no delivery of it",
    EventStanding.BEYOND_LEDGER: "older than the ledger remembers: it can't be known",
    EventStanding.CONFLICT: "another event has its id",
    EventStanding.GONE: "was parked, and is not in the parking lot any more",
    EventStanding.PARKED: "parked",
    EventStanding.WAITING: "waits in the dead-letter queue",
    EventStanding.CLAIMED: "is being delivered",
    EventStanding.DELIVERED: "delivered",
    EventStanding.DROPPED: "dropped",
    EventStanding.IGNORED: "ignored: no subscription takes it",
    EventStanding.REPEATED: "repeated within the archive",
}


def show_counts(
    plan: ArchivePlan, standings: Mapping[EventStanding, int], *, new: str | None = None
) -> None:
    """Print a row for each standing, and below `dropped` one for each rule.

    `new`: what NEW means to the command. A part of an event that a rule drops is counted as well.
    """
    rows: list[dict[str, Any]] = []
    for standing, text in _MEANING.items():
        if number := standings.get(standing, 0):
            said = new if new and standing is EventStanding.NEW else text
            rows.append({"events": number, "standing": said})
    rows += [
        {"events": number, "standing": f"  dropped by {subscription or 'the bridge'}: {reason}"}
        for (subscription, reason), number in sorted(plan.dropped.items())
    ]
    show_rows(
        rows,
        {"events": lambda row: str(row["events"]), "standing": lambda row: str(row["standing"])},
        as_json=False,
    )


def plan_as_json(plan: ArchivePlan, standings: Mapping[EventStanding, int]) -> dict[str, Any]:
    """Give the counts as members of a JSON object."""
    return {
        "read": plan.read,
        "taken": plan.taken,
        "earliest": None if plan.earliest is None else iso_time(plan.earliest),
        "latest": None if plan.latest is None else iso_time(plan.latest),
        "standings": {each.value: standings.get(each, 0) for each in EventStanding},
        "dropped": [
            {"subscription": subscription or None, "reason": reason, "events": number}
            for (subscription, reason), number in sorted(plan.dropped.items())
        ],
    }


def print_json(members: dict[str, Any]) -> None:
    """Print one line of JSON."""
    typer.echo(encode(members))
