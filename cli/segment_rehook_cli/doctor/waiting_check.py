"""How many events wait and how many are parked, and for how long.

Permissions: sqs:GetQueueAttributes, cloudwatch:GetMetricData.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from segment_rehook_cli.doctor.check_result import finding, ok
from segment_rehook_cli.stack.figures import number_of_messages
from segment_rehook_cli.stack.keeping import PARKED_DAYS
from segment_rehook_cli.stack.metrics import Metric, age_of_oldest, read_points, written_by
from segment_rehook_cli.terminal.durations import HOUR, duration

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["check_parked", "check_waiting"]

RECENT_SECONDS: Final = 3 * HOUR
"""Redrive sees a message in back-off every two hours only."""

HOURS: Final = "6"
DEPTH: Final = "80000"
"""Defaults of the template, for a stack that an older template made."""


def check_waiting(subject: Subject) -> Iterator[CheckResult]:
    """Look at the dead-letter queue: a finding from the thresholds of its alarms on."""
    found = subject.queue(subject.stack.dead_letter_queue_url)
    number = number_of_messages(found)
    if not number:
        yield ok("none")
        return
    seen = written_by(subject.stack.name, "redrive", "DeadLetterAge", "Maximum")
    age = _age(subject, [seen, _oldest(found)])
    said = f"{_events(number)}{_aged(age)}"
    tuned = subject.stack.parameters
    late = age is not None and age >= float(tuned.get("DeadLetterAgeHours", HOURS)) * HOUR
    if number >= int(tuned.get("DeadLettersThreshold", DEPTH)):
        yield finding(said, subject.command("doctor --alarm DeadLettersPileUp"))
    elif late:
        yield finding(said, subject.command("doctor --alarm DeadLettersWaitLong"))
    else:
        yield ok(f"{said}; they are delivered by themselves")


def check_parked(subject: Subject) -> Iterator[CheckResult]:
    """Look at the parking lot: whatever is there waits for a person."""
    found = subject.queue(subject.stack.parking_lot_url)
    number = number_of_messages(found)
    if not number:
        yield ok("none")
        return
    age = _age(subject, [_oldest(found)])
    yield finding(
        f"{_events(number)}{_aged(age)}; SQS deletes each after {PARKED_DAYS} days",
        subject.command("failures list --queue parked"),
    )


def _events(number: int) -> str:
    return "1 event" if number == 1 else f"{number:,} events"


def _aged(age: float | None) -> str:
    return "" if age is None else f", the oldest for {duration(age)}"


def _oldest(found: Mapping[str, str]) -> Metric:
    return age_of_oldest(found["QueueArn"].rpartition(":")[2])


def _age(subject: Subject, metrics: list[Metric]) -> float | None:
    """Give the greatest of the latest ages in seconds, None where no metric has a value."""
    now = subject.now()
    found = read_points(subject.client("cloudwatch"), metrics, now - RECENT_SECONDS, now, HOUR)
    return max((each for of in found.values() for each in of.values()), default=None)
