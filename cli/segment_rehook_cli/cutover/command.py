"""The command `cutover`: its options, questions and output."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segment_rehook.aws.parameters import cutover_from
from segment_rehook.aws.system import SystemClock
from segment_rehook_cli.cutover.dialogue import Dialogue
from segment_rehook_cli.cutover.report import Report
from segment_rehook_cli.cutover.steps import Cutover
from segment_rehook_cli.stack.aws_errors import exit_on_aws_error
from segment_rehook_cli.stack.figures import Figures
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.confirm import Yes
from segment_rehook_cli.terminal.exit_codes import INTERRUPTED, USAGE
from segment_rehook_cli.terminal.messages import failure
from segment_rehook_cli.terminal.output import AsJson

if TYPE_CHECKING:
    from segment_rehook.delivery.ports import Clock

__all__ = ["cutover", "run_cutover"]


@on_stack
def cutover(  # noqa: PLR0913 — one parameter for each option
    stack: Stack,
    *,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="When the hosted destination was disabled, such as 2026-01-15T12:00:00Z. Later "
            "events are delivered, earlier ones discarded and listed.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --at: make the checks and change nothing.")
    ] = False,
    show: Annotated[
        bool, typer.Option("--show", help="Show the cut-over that is set, and change nothing.")
    ] = False,
    cancel: Annotated[
        bool,
        typer.Option("--cancel", help="Go back to pause, and keep what is still stored."),
    ] = False,
    finish: Annotated[
        bool,
        typer.Option("--finish", help="Remove the cut-over, when Segment's retries are over."),
    ] = False,
    listed: Annotated[
        Path | None,
        typer.Option(
            "--list",
            metavar="FILE",
            help="Write the discarded events to this file, one line of JSON for each.",
        ),
    ] = None,
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Take over from Segment's hosted destination: without a gap, and without a double.

    docs/cut-over.md says what to do before. The command can be interrupted, and goes on if it is
    run again with the same time.
    """
    chosen = [at is not None, show, cancel, finish]
    if sum(chosen) != 1 or (dry_run and at is None):
        raise failure(
            "give one of --at TIME (with or without --dry-run), --show, --cancel and --finish",
            USAGE,
        )
    moment = None if at is None else _time(at, stack.secrets_path)
    action = "show" if show else "cancel" if cancel else "finish"
    if moment is not None:
        action = "check" if dry_run else "cut over"
    with exit_on_aws_error():
        run_cutover(stack, action, moment, Report(listed, as_json=as_json), SystemClock(), yes=yes)


def run_cutover(
    stack: Stack, action: str, at: float | None, report: Report, clock: Clock, *, yes: bool
) -> None:
    """Run one action of the command. `at`: for "check" and "cut over", in Unix time."""
    report.check_file()
    figures = Figures.of(stack)
    steps = Cutover(stack.client("ssm"), stack.secrets_path, figures, clock)
    dialogue = Dialogue(stack, steps, report, yes=yes)
    try:
        if at is not None:
            dialogue.cut_over(at, only_check=action == "check")
        else:
            {"show": dialogue.show, "cancel": dialogue.cancel, "finish": dialogue.finish}[action]()
    except KeyboardInterrupt:
        raise failure(
            "interrupted; what is set stays set: run the same command again to go on", INTERRUPTED
        ) from None


def _time(text: str, path: str) -> float:
    moment, _ = cutover_from(text, path)
    if moment is None:
        raise failure(
            "--at is no time such as 2026-01-15T12:00:00Z or 2026-01-15T13:00:00+01:00", USAGE
        )
    return moment
