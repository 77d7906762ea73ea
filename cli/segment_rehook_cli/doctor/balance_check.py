"""Whether the events of the last day all have an outcome (cloudwatch:GetMetricData)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from segment_rehook.delivery.outcomes import Outcome
from segment_rehook_cli.doctor.check_result import finding, ok
from segment_rehook_cli.log.time_window import utc_time
from segment_rehook_cli.stack.metrics import read_points, written_by
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.durations import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["check_balance"]

SETTLED_SECONDS: Final = 2 * MINUTE
"""Events of the last minutes are in flight, or CloudWatch does not have their metrics yet."""

IN_FLIGHT: Final = 1 / 360
"""Part of an hour's events that may have come before its end, and been answered after it."""


def check_balance(subject: Subject) -> Iterator[CheckResult]:
    """Compare EventsReceived with the sum of the outcomes. The alarm is EventsUnaccounted."""
    until = (subject.now() - SETTLED_SECONDS) // MINUTE * MINUTE
    names = ["EventsReceived", *(f"Events{outcome.capitalize()}" for outcome in Outcome)]
    metrics = [written_by(subject.stack.name, "ingest", name, "Sum") for name in names]
    found = read_points(subject.client("cloudwatch"), metrics, until - DAY, until, HOUR)
    received, *outcomes = (sum(found[metric].values()) for metric in metrics)
    apart = abs(received - sum(outcomes)) - max(found[metrics[0]].values(), default=0.0) * IN_FLIGHT
    day = f"the 24 h until {utc_time(until)}"
    seen = f"{counted(received, 'event was', 'events were')} received in {day}"
    if math.ceil(apart) > 0:
        kind = "without an outcome" if received > sum(outcomes) else "with more than one outcome"
        odd = counted(abs(received - sum(outcomes)), "is", "are")
        yield finding(
            f"{seen}, of which {odd} {kind}", subject.command("doctor --alarm EventsUnaccounted")
        )
    elif received:
        yield ok(f"{seen}; each has an outcome")
    else:
        yield ok(f"no event was received in {day}; later ones are not counted yet")
