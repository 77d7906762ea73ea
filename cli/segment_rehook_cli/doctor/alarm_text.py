"""An alarm's report as JSON values, and as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segment_rehook.segment.event_time import time_text
from segment_rehook_cli.doctor.runbook import for_a_person
from segment_rehook_cli.log.time_window import utc_time
from segment_rehook_cli.terminal.durations import duration
from segment_rehook_cli.terminal.output import printable

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.alarm_report import AlarmReport
    from segment_rehook_cli.terminal.output import Entry

__all__ = ["as_entry", "as_lines"]


def as_entry(found: AlarmReport) -> Entry:
    """Give the report as JSON values."""
    return {
        "alarm": found.name,
        "state": found.state,
        "since": time_text(int(found.changed)),
        "stateReason": found.why,
        "description": found.description,
        "hours": found.hours,
        "figures": found.figures,
        "reasons": found.reasons,
        "messageIds": found.samples,
        "runbook": found.runbook,
        "next": found.next,
        "skipped": found.skipped,
    }


def as_lines(found: AlarmReport, now: float) -> Iterator[str]:
    """Give the report as lines. Texts from outside can't control the terminal."""
    for line in _lines(found, now):
        yield "\n".join(map(printable, line.split("\n")))
    if found.runbook:
        yield ""
        yield for_a_person(found.runbook)  # this package's own text
    yield ""
    yield f"Next: {printable(found.next)}"


def _lines(found: AlarmReport, now: float) -> Iterator[str]:
    age = duration(now - found.changed)
    yield f"{found.name}: {found.state} since {utc_time(found.changed)} ({age})"
    if found.why:
        yield f"CloudWatch says: {found.why}"
    yield found.description
    yield ""
    yield f"In the last {duration(found.hours * 3_600) if found.hours > 1 else 'hour'}:"
    for label, value in found.figures.items():
        yield f"  {label}: {'no value' if value is None else f'{value:,.10g}'}"
    for reason, number in found.reasons.items():
        yield f"  {reason}: {number:,.0f}"
    if found.samples:
        yield f"  message ids: {', '.join(found.samples)}"
    for why in found.skipped:
        yield f"  skipped: {why}"
