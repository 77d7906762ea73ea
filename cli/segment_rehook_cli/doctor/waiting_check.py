"""How many events wait and how many are parked, and for how long.

Permissions: sqs:GetQueueAttributes, cloudwatch:GetMetricData, ssm:GetParameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from segment_rehook.delivery.stack_parameters import Mode
from segment_rehook_cli.doctor.check_result import finding, ok
from segment_rehook_cli.doctor.waiting_age import age_in_parking_lot, age_of_waiting
from segment_rehook_cli.stack.figures import SEEN_HOURS, number_of_messages
from segment_rehook_cli.stack.keeping import PARKED_DAYS
from segment_rehook_cli.terminal.counting import counted
from segment_rehook_cli.terminal.durations import HOUR, MINUTE, duration

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["check_parked", "check_waiting"]

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
    age = age_of_waiting(subject, _name(found))
    said = f"{counted(number, 'event')}{_at_least(age.least)}"
    tuned = subject.stack.parameters
    limit = float(tuned.get("DeadLetterAgeHours", HOURS)) * HOUR
    if number >= int(tuned.get("DeadLettersThreshold", DEPTH)):
        yield finding(said, subject.command("doctor --alarm DeadLettersPileUp"))
    elif age.least is not None and age.least >= limit:
        yield finding(said, subject.command("doctor --alarm DeadLettersWaitLong"))
    elif age.seen is not None and age.seen >= limit:
        seen = f"in the last {SEEN_HOURS} hours redrive saw one that had waited for"
        yield finding(
            f"{said}; {seen} {duration(age.seen)}",
            subject.command("doctor --alarm DeadLettersWaitLong"),
        )
    else:
        yield ok(f"{said}; {_what_follows(subject, number, stopped=age.stopped)}")


def check_parked(subject: Subject) -> Iterator[CheckResult]:
    """Look at the parking lot: whatever is there waits for a person."""
    found = subject.queue(subject.stack.parking_lot_url)
    number = number_of_messages(found)
    if not number:
        yield ok("none")
        return
    age = age_in_parking_lot(subject, _name(found))
    yield finding(
        f"{counted(number, 'event')}{_at_least(age)}; SQS deletes each after {PARKED_DAYS} days",
        subject.command("failures list --queue parked"),
    )


def _name(found: Mapping[str, str]) -> str:
    return found["QueueArn"].rpartition(":")[2]


def _at_least(age: float | None) -> str:
    """Say an age in whole minutes: no metric is more exact. Below a minute nothing is said."""
    if age is None or age < MINUTE:
        return ""
    return f", the oldest for at least {duration(age // MINUTE * MINUTE)}"


def _what_follows(subject: Subject, number: int, *, stopped: bool) -> str:
    """Say whether what waits is delivered without a person's doing."""
    mode, cutover = subject.state.mode.mode, subject.state.cutover
    lacking = [
        *(["the mode is deliver"] if mode is not Mode.DELIVER else []),
        *(["the cut-over is a time"] if cutover is not None and cutover.at is None else []),
    ]
    if lacking:
        return f"nothing is delivered until {' and '.join(lacking)}"
    follows = "it is delivered by itself" if number == 1 else "they are delivered by themselves"
    if stopped:
        follows += " when Rehook takes calls again"
    if cutover is not None:
        follows += ", or discarded where received before the cut-over"
    return follows
