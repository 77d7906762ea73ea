"""The command `replay`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from segment_rehook_cli.archive.archive_stack import check_files
from segment_rehook_cli.archive.choice import Choice, EventNames, EventTypes, From, To
from segment_rehook_cli.archive.replay_options import DEFAULT_RATE, ReplayOptions
from segment_rehook_cli.archive.replaying import Replaying
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal import streams as terminal
from segment_rehook_cli.terminal.confirm import Yes
from segment_rehook_cli.terminal.exit_codes import USAGE
from segment_rehook_cli.terminal.messages import failure
from segment_rehook_cli.terminal.output import AsJson

__all__ = ["replay"]


@on_stack
def replay(  # noqa: PLR0913 — an option each
    stack: Stack,
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Files of events, plain or gzip: of Segment's S3 destination, of `failures "
            "export`, or in any form that `preview` takes; - for standard input."
        ),
    ],
    *,
    since: From = None,
    until: To = None,
    types: EventTypes = None,
    names: EventNames = None,
    rate: Annotated[
        float,
        typer.Option(metavar="PER_SECOND", min=0.01, max=500, help="Events a second at most."),
    ] = DEFAULT_RATE,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan only; send nothing.")
    ] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Send what WAS DELIVERED once more, and nothing else. Customers can get rewards "
            "twice. Needs --job.",
        ),
    ] = False,
    beyond_ledger: Annotated[
        bool,
        typer.Option(
            "--beyond-ledger",
            help="Send events too that are older than LedgerDays, of which the ledger can't know "
            "whether they were delivered.",
        ),
    ] = False,
    job: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Keep options and progress in this file. The same command resumes the job.",
        ),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Send events of an archive to a stack's webhook: those that it has not delivered.

    The whole archive is read first and compared with the ledger. The plan says what is new, what is
    known, and what the mapping drops; then the command asks, and sends: signed as Segment signs, in
    order for each user. A run that is ended in any way can be made again: the ledger knows what was
    delivered. Exit code 1 if a part was not sent, or was parked or dropped, in any run of a job.
    """
    check_files(files)
    if again and job is None:
        raise failure(
            "--again needs --job FILE: a run that is ended and resumed must know what it has "
            "repeated",
            USAGE,
        )
    if again and beyond_ledger:
        raise failure("--again and --beyond-ledger exclude each other", USAGE)
    if not (yes or dry_run) and not terminal.input_is_terminal():
        raise failure("nothing was sent: there is no terminal to ask on, so give --yes", USAGE)
    choice = Choice.of_options(since, until, types, names, now=time.time())
    options = ReplayOptions(
        files=tuple(files),
        choice=choice,
        rate=rate,
        dry_run=dry_run,
        again=again,
        beyond_ledger=beyond_ledger,
        job=job,
        yes=yes,
        as_json=as_json,
    )
    Replaying(stack, options).run()
