"""Reading an archive against one stack: its mapping and its ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from segment_rehook.aws.system import SystemClock
from segment_rehook.rehook.destination import Destination
from segment_rehook_cli.archive.archive_file import ArchiveUnreadable, read_archive
from segment_rehook_cli.archive.planning import ArchivePlan, Planning
from segment_rehook_cli.archive.spool import Spool
from segment_rehook_cli.mapping.destination_loading import destination_of, read_destination
from segment_rehook_cli.mapping.reading import STANDARD_INPUT
from segment_rehook_cli.stack.aws_errors import StackUnusable, exit_on_aws_error
from segment_rehook_cli.stack.deployed import read_deployed
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.exit_codes import INTERRUPTED, USAGE
from segment_rehook_cli.terminal.messages import failure
from segment_rehook_cli.terminal.progress import progress
from segment_rehook_cli.why.ledger_records import LedgerRecords

__all__ = ["check_files", "destination_for", "ledger_days", "ledger_of", "read_plan"]


def check_files(files: Iterable[Path]) -> None:
    """End the command with USAGE if standard input is to be read twice."""
    if list(files).count(STANDARD_INPUT) > 1:
        raise failure("standard input can be read once: give - for one file only", USAGE)


def destination_for(stack: Stack, file: Path | None) -> Destination:
    """Load the file, or what the stack runs. Ends the command if it can't be read."""
    if file is not None:
        return read_destination(file)[0]
    return destination_of(read_deployed(stack).content, f"the stack {stack.name}")


def ledger_of(stack: Stack) -> LedgerRecords:
    """Give the stack's ledger. Ends the command if the stack names none."""
    with exit_on_aws_error():
        return LedgerRecords(stack.client("dynamodb"), stack.output("LedgerTable"), SystemClock())


def ledger_days(stack: Stack) -> int:
    """Give how many days the stack's ledger remembers. Ends the command if that is not known."""
    with exit_on_aws_error():
        days = stack.parameters.get("LedgerDays", "")
        if not days.isdecimal():
            raise StackUnusable(
                f"the stack {stack.name} has no parameter LedgerDays: deploy it anew"
            )
        return int(days)


def read_plan(
    files: Iterable[Path], planning: Planning, spool: Spool, *, consequence: str = ""
) -> ArchivePlan:
    """Read and plan the whole archive. Ends the command if a file or the ledger can't be read.

    `consequence`: what an error's line begins with.
    """
    try:
        with exit_on_aws_error(), progress(None, "events read") as show:
            return planning.run(read_archive(files), spool, show)
    except ArchiveUnreadable as error:
        raise failure(f"{consequence}{error}", USAGE) from None
    except sqlite3.Error as error:
        raise failure(
            f"{consequence}the file of what was read can't be written ({error}); set TMPDIR "
            "to a disk with room for the archive",
            USAGE,
        ) from None
    except KeyboardInterrupt:
        raise failure(f"{consequence}interrupted while the archive was read", INTERRUPTED) from None
