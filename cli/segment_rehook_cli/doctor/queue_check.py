"""Whether the two queues are there and as the template makes them (sqs:GetQueueAttributes)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from segment_rehook_cli.doctor.check_result import finding, ok
from segment_rehook_cli.stack.keeping import DEAD_LETTER_DAYS, PARKED_DAYS
from segment_rehook_cli.terminal.durations import DAY, duration

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["check_dead_letter_queue", "check_parking_lot"]

VISIBILITY_SECONDS: Final = 360
"""Six times the redrive function's time-out: Lambda's guide on SQS as an event source."""


def check_dead_letter_queue(subject: Subject) -> Iterator[CheckResult]:
    """Look at the queue of the events that wait, and at where SQS moves what it gives up."""
    found = subject.queue(subject.stack.dead_letter_queue_url)
    wrong = [*_mistakes(found, DEAD_LETTER_DAYS * DAY)]
    if int(found.get("VisibilityTimeout", 0)) < VISIBILITY_SECONDS:
        wrong.append(f"its visibility time-out is shorter than {VISIBILITY_SECONDS} s")
    parking_lot = subject.queue(subject.stack.parking_lot_url)
    if _target(found) != parking_lot["QueueArn"]:
        wrong.append("its redrive policy does not name the parking lot")
    yield _result(subject, wrong, found)


def check_parking_lot(subject: Subject) -> Iterator[CheckResult]:
    """Look at the queue of the events that wait for a person."""
    found = subject.queue(subject.stack.parking_lot_url)
    yield _result(subject, [*_mistakes(found, PARKED_DAYS * DAY)], found)


def _result(subject: Subject, wrong: list[str], found: Mapping[str, str]) -> CheckResult:
    if wrong:
        return finding("; ".join(wrong) + ": it was changed by hand", subject.deploy())
    kept = duration(int(found["MessageRetentionPeriod"]))
    return ok(f"{_name(found)}: FIFO, encrypted, keeps messages for {kept}")


def _name(found: Mapping[str, str]) -> str:
    return found["QueueArn"].rpartition(":")[2]


def _mistakes(found: Mapping[str, str], seconds: int) -> Iterator[str]:
    if found.get("FifoQueue") != "true":
        yield "it is no FIFO queue"
    kept = int(found.get("MessageRetentionPeriod", 0))
    if kept != seconds:
        yield f"it keeps messages for {duration(kept)}, not {duration(seconds)}"
    if found.get("SqsManagedSseEnabled") != "true" and not found.get("KmsMasterKeyId"):
        yield "it is not encrypted"


def _target(found: Mapping[str, str]) -> str | None:
    try:
        policy = json.loads(found.get("RedrivePolicy", "null"))
    except ValueError:
        return None
    return policy.get("deadLetterTargetArn") if isinstance(policy, dict) else None
