"""The command `reconcile`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from segment_rehook_cli.archive.archive_stack import (
    check_files,
    destination_for,
    ledger_days,
    ledger_of,
    read_plan,
)
from segment_rehook_cli.archive.choice import Choice, EventNames, EventTypes, From, To
from segment_rehook_cli.archive.evidence import look_in_log, look_in_queues
from segment_rehook_cli.archive.plan_report import plan_as_json, print_json, show_counts
from segment_rehook_cli.archive.planning import ArchivePlan, Planning
from segment_rehook_cli.archive.spool import Spool
from segment_rehook_cli.archive.standing import EventStanding
from segment_rehook_cli.log.stack_logs import log_groups
from segment_rehook_cli.log.time_window import iso_time, utc_time
from segment_rehook_cli.stack.aws_errors import exit_on_aws_error
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.durations import DAY, HOUR
from segment_rehook_cli.terminal.exit_codes import FINDINGS, INTERRUPTED
from segment_rehook_cli.terminal.messages import failure, say
from segment_rehook_cli.terminal.output import AsJson, printable
from segment_rehook_cli.terminal.progress import progress

if TYPE_CHECKING:
    from segment_rehook_cli.log.stack_logs import LogsClient

__all__ = ["reconcile"]


LOG_MARGIN_SECONDS: Final = HOUR
"""So much before an event's own time the log is read: clocks of senders are wrong."""

NOT_FOUND: Final = "unknown: neither ledger nor queues nor log know of it"
_LISTED: Final = (
    EventStanding.NEW,
    EventStanding.BEYOND_LEDGER,
    EventStanding.CONFLICT,
    EventStanding.GONE,
    EventStanding.PARKED,
)
_FINDINGS: Final = tuple(each for each in _LISTED if each is not EventStanding.BEYOND_LEDGER)


@on_stack
def reconcile(  # noqa: PLR0913 — an option each
    stack: Stack,
    files: Annotated[
        list[Path],
        typer.Argument(help="Files of events, as `replay` takes them; - for standard input."),
    ],
    *,
    since: From = None,
    until: To = None,
    types: EventTypes = None,
    names: EventNames = None,
    destination: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Compare by this destination file, by default by the one that the stack runs.",
        ),
    ] = None,
    in_queues: Annotated[
        bool,
        typer.Option(
            "--look-in-queues",
            help="Read both queues too. SQS counts a receive for each message, and hides it "
            "meanwhile.",
        ),
    ] = False,
    in_log: Annotated[
        bool,
        typer.Option(
            "--log/--no-log", help="Read the functions' log for what the ledger does not know."
        ),
    ] = True,
    shown: Annotated[
        int, typer.Option("--show", min=0, help="List so many ids of each kind that needs a look.")
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Say what became of each event of an archive: by ledger, queues and log.

    Counts first, then the ids of the events that nobody knows of, that are parked, or whose
    message is gone; with --json all of them. Changes nothing. Exit code 1 if there is any.
    An event that is older than LedgerDays can't be known, unless the log still has it.
    """
    check_files(files)
    now = time.time()
    planning = Planning(
        destination=destination_for(stack, destination),
        ledger=ledger_of(stack),
        choice=Choice.of_options(since, until, types, names, now=now),
        now=now,
        ledger_days=ledger_days(stack),
    )
    spool = Spool()
    try:
        plan = read_plan(files, planning, spool)
        complete = not in_queues or _queues(stack, spool)
        if in_log:
            _log(stack, spool, plan, now)
        standings = spool.counts()
        if as_json:
            print_json({"counts": plan_as_json(plan, standings)})
        else:
            show_counts(plan, standings, new=NOT_FOUND)
        for standing in _LISTED:
            _list(spool, standing, None if as_json else shown)
    except KeyboardInterrupt:
        raise failure("interrupted; nothing was changed", INTERRUPTED) from None
    finally:
        spool.close()
    if plan.read != plan.taken:
        left_out = counted(plan.read - plan.taken, "event is", "events are")
        say(f"{left_out} not chosen by the options")
    if not complete or any(standings.get(each, 0) for each in _FINDINGS):
        raise typer.Exit(FINDINGS)


def _queues(stack: Stack, spool: Spool) -> bool:
    """Read the queues; say what could not be read, and whether all of the parking lot was."""
    reading = look_in_queues(stack, spool)
    for note in reading.notes():
        say(note)
    return reading.complete


def _log(stack: Stack, spool: Spool, plan: ArchivePlan, now: float) -> None:
    counts = spool.counts()
    unknown = counts.get(EventStanding.NEW, 0) + counts.get(EventStanding.BEYOND_LEDGER, 0)
    if not unknown:
        return
    since = max((plan.earliest or now - DAY) - LOG_MARGIN_SECONDS, 0.0)
    said = counted(unknown, "event is", "events are")
    say(f"{said} not in the ledger: reading the log from {utc_time(since)} on")
    with exit_on_aws_error(), progress(None, "lines read") as show:
        client: LogsClient = stack.client("logs")
        evidence = look_in_log(client, log_groups(stack), spool, since, show)
    by = ", ".join(f"{each.value} {number}" for each, number in evidence.standings.items())
    say(f"the log knows {evidence.found} of them" + (f": {by}" if by else ""))


def _list(spool: Spool, standing: EventStanding, limit: int | None) -> None:
    """List the events that stand there: up to `limit` ids, or all of them as JSON."""
    number = 0
    for number, event in enumerate(spool.with_standing(standing), start=1):
        if limit is None:
            print_json(
                {
                    "standing": standing.value,
                    "messageId": event.message_id,
                    "number": event.number,
                    "at": iso_time(event.at) if event.at else None,
                }
            )
        elif number <= limit:
            said = printable(event.message_id or f"no messageId, event {event.number}")
            typer.echo(f"{standing.value}\t{said}")
    if limit is not None and number > limit:
        say(f"{standing.value}: {number - limit} more; --json lists all")
