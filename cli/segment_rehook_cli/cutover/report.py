"""What the command prints and writes: checks, the state, and the list of discarded events."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from segment_rehook.delivery.outcomes import Outcome
from segment_rehook_cli.cutover.checks import CutoverCheck
from segment_rehook_cli.cutover.outcomes_log import OutcomesLog
from segment_rehook_cli.log.logged_outcome import LoggedOutcome
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.exit_codes import USAGE
from segment_rehook_cli.terminal.messages import failure, say
from segment_rehook_cli.terminal.output import show_rows
from segment_rehook_cli.terminal.whole_file import whole_file

__all__ = ["Report"]


@dataclass(slots=True)
class Report:
    """Prints for one run. `listed`: the file for the list of discarded events, if there is one."""

    listed: Path | None
    as_json: bool

    def check_file(self) -> None:
        """End the command, before it does anything, if the list can't be written."""
        if self.listed is None:
            return
        folder = self.listed.parent
        if self.listed.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
            raise failure(f"--list {self.listed}: no file can be written there", USAGE)

    def checks(self, made: Sequence[CutoverCheck]) -> None:
        """Print the checks as a table."""
        show_rows(
            [each.entry() for each in made],
            {
                "check": lambda row: row["check"],
                "": lambda row: row["readiness"],
                "figure": lambda row: row["figure"],
                "what to do": lambda row: row["advice"] or "",
            },
            as_json=self.as_json,
        )

    def state(self, entry: dict[str, Any]) -> None:
        """Print the state of the cut-over: with JSON as one line."""
        if self.as_json:
            typer.echo(json.dumps({"kind": "state", **entry}))
            return
        for name, value in entry.items():
            typer.echo(f"{name.replace('_', ' ')}\t{'–' if value is None else value}")

    def outcomes(self, log: OutcomesLog, waiting: int) -> None:
        """Print the summary, and list what was discarded."""
        self._list([_entry(log.discarded[name]) for name in sorted(log.discarded)])
        counts = {
            "delivered": log.redriven[Outcome.DELIVERED],
            "discarded": len(log.discarded),
            "duplicates": log.redriven[Outcome.DUPLICATE],
            "parked": log.redriven[Outcome.PARKED],
            "waiting": waiting,
        }
        if self.as_json:
            typer.echo(json.dumps({"kind": "summary", **counts}))
        else:
            typer.echo(", ".join(f"{name}: {count}" for name, count in counts.items()))

    def _list(self, entries: Sequence[dict[str, Any]]) -> None:
        if self.listed is not None:
            try:
                with whole_file(self.listed) as file:  # business keys are in it: the owner's only
                    file.writelines(f"{json.dumps(each)}\n" for each in entries)
            except OSError as error:
                raise failure(
                    f"{self.listed}: {error.strerror or error}; `segment-rehook cutover --show "
                    "--list FILE` writes the list anew"
                ) from None
            discarded = counted(len(entries), "discarded event is", "discarded events are")
            say(f"{discarded} listed in {self.listed}")
        elif self.as_json:
            for each in entries:
                typer.echo(json.dumps({"kind": "discarded", **each}))
        elif entries:
            discarded = counted(len(entries), "event was", "events were")
            say(f"{discarded} discarded: list them with --list FILE or --json")


def _entry(line: LoggedOutcome) -> dict[str, Any]:
    """Give a discarded event for a list in JSON; null for what its line does not tell."""
    names = ("message_id", "subscription", "received_at", "delivery")
    return {name: getattr(line, name) for name in names}
