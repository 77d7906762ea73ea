"""How old what waits is, as far as metrics can tell (cloudwatch:GetMetricData).

SQS gives no age without handing the messages over. Its metric of the oldest message is one of a
message that is there, but leaves out what was received repeatedly, as a message in back-off is.
Redrive writes the age of the oldest message of each invocation, but that message may be gone since.
So what redrive saw counts only where nothing has left the queue from that minute on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from segment_rehook.delivery.outcomes import Outcome
from segment_rehook_cli.stack.figures import SEEN_HOURS
from segment_rehook_cli.stack.metrics import (
    age_of_oldest,
    deleted_from,
    read_points,
    written_by,
)
from segment_rehook_cli.terminal.durations import HOUR, MINUTE

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["WaitingAge", "age_in_parking_lot", "age_of_waiting"]

LATEST_SECONDS: Final = 10 * MINUTE
"""SQS's value of the last minutes is of now. It comes each minute, some minutes late."""

Points = Mapping[float, float]
"""Values by the time at which their minute begins."""


@dataclass(frozen=True, slots=True)
class WaitingAge:
    """Ages in seconds, None if not known. `least`: the oldest that waits has at least this one.

    `seen`: the greatest that redrive saw in the last SEEN_HOURS, of a message that may be gone.
    `stopped`: whether calls to Rehook were stopped, by the last invocation that could deliver.
    """

    least: float | None
    seen: float | None
    stopped: bool


def age_of_waiting(subject: Subject, queue: str) -> WaitingAge:
    """Read the metrics of the dead-letter queue and of both functions. Raises what boto3 raises."""
    stack, now = subject.stack.name, subject.now()
    oldest, deleted = age_of_oldest(queue), deleted_from(queue)
    seen = written_by(stack, "redrive", "DeadLetterAge", "Maximum")
    left = [
        written_by(stack, "redrive", f"DeadLetters{outcome.capitalize()}", "Sum")
        for outcome in Outcome
        if outcome is not Outcome.STORED
    ]
    breaker = [written_by(stack, each, "BreakerOpen", "Maximum") for each in ("ingest", "redrive")]
    asked = [oldest, deleted, seen, *left, *breaker]
    client = subject.client("cloudwatch")
    found = read_points(client, asked, now - SEEN_HOURS * HOUR, now, MINUTE)
    known = [
        _latest(found[oldest], now),
        _still_there(found[seen], [found[each] for each in (deleted, *left)], now),
    ]
    states = [point for each in breaker for point in found[each].items()]
    return WaitingAge(
        least=max((each for each in known if each is not None), default=None),
        seen=max(found[seen].values(), default=None),
        stopped=bool(max(states, default=(0.0, 0.0))[1]),
    )


def age_in_parking_lot(subject: Subject, queue: str) -> float | None:
    """Give the age that the oldest parked message has at least, in seconds."""
    oldest, now = age_of_oldest(queue), subject.now()
    found = read_points(subject.client("cloudwatch"), [oldest], now - LATEST_SECONDS, now, MINUTE)
    return _latest(found[oldest], now)


def _latest(points: Points, now: float) -> float | None:
    at, value = max(points.items(), default=(-math.inf, 0.0))
    return value if at >= now - LATEST_SECONDS - MINUTE else None


def _still_there(seen: Points, left: list[Points], now: float) -> float | None:
    """Give the age of the oldest message that was seen since a message left the queue last.

    It was seen somewhere in its minute; the end of that minute gives the lower age.
    """
    last = max((at for each in left for at, number in each.items() if number), default=-math.inf)
    return max(
        (value + max(now - at - MINUTE, 0.0) for at, value in seen.items() if at > last),
        default=None,
    )
