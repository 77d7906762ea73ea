"""The command `doctor`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segment_rehook_cli.stack.aws_errors import exit_on_aws_error
from segment_rehook_cli.stack.on_stack import on_stack
from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.exit_codes import FINDINGS, USAGE
from segment_rehook_cli.terminal.messages import failure
from segment_rehook_cli.terminal.output import AsJson

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["doctor"]


@on_stack
def doctor(
    stack: Stack,
    *,
    alarm: Annotated[
        str | None,
        typer.Option(
            "--alarm",
            metavar="NAME",
            help="Explain this alarm: top reasons, sample ids, next step. Its logical id, such as "
            "EventsParkedLately, or its name in CloudWatch.",
        ),
    ] = None,
    destination: Annotated[
        Path | None,
        typer.Option(
            help="The destination file that should be deployed. By default the one of this "
            "checkout that belongs to the stack."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check whether all is well with a stack, and say what mends what is not. Changes nothing.

    Each line is ok, a finding, or skipped where the check could not be made. Exit code 1 unless all
    are ok; with --alarm, if the alarm is on or something about it could not be read.
    """
    if alarm is not None and destination is not None:
        raise failure("--destination is not used with --alarm: leave one out", USAGE)
    from segment_rehook_cli.doctor.subject import Subject  # noqa: PLC0415 — start-up time

    subject = Subject(stack, destination)
    if alarm is None:
        _check(subject, as_json=as_json)
    else:
        _explain(subject, alarm, as_json=as_json)


def _check(subject: Subject, *, as_json: bool) -> None:
    from segment_rehook_cli.doctor.checks import diagnose  # noqa: PLC0415 — slow; few need it
    from segment_rehook_cli.doctor.diagnosis_table import show  # noqa: PLC0415 — as above

    if not show(diagnose(subject), as_json=as_json):
        raise typer.Exit(FINDINGS)


def _explain(subject: Subject, name: str, *, as_json: bool) -> None:
    from segment_rehook_cli.doctor.alarm_report import UnknownAlarm, report  # noqa: PLC0415 — as above
    from segment_rehook_cli.doctor.alarm_text import as_entry, as_lines  # noqa: PLC0415 — as above

    with exit_on_aws_error():
        try:
            found = report(subject, name)
        except UnknownAlarm as unknown:
            raise failure(str(unknown), USAGE) from None
    if as_json:
        typer.echo(json.dumps(as_entry(found)))
    else:
        for line in as_lines(found, subject.now()):
            typer.echo(line)
    if not found.well:
        raise typer.Exit(FINDINGS)
