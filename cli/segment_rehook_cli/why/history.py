"""What is known of an event, of an order or of a user: each step in time order, and one sentence.

These are plain values, which `why --json` prints and a console can show. Times are texts in
ISO 8601, in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import msgspec

from segment_rehook_cli.log.logged_outcome import LoggedOutcome
from segment_rehook_cli.log.time_window import iso_time
from segment_rehook_cli.why.reason_text import reason_text

__all__ = [
    "Conclusion",
    "History",
    "HistoryStep",
    "Standing",
    "StepSource",
    "in_time_order",
    "step_of",
]


class Standing(StrEnum):
    """Where a delivery, or an event without one, stands now."""

    DELIVERED = "delivered"
    WAITING = "waiting"  # in the dead-letter queue
    PARKED = "parked"
    CLAIMED = "claimed"  # it is being delivered now
    UNKNOWN = "unknown"  # its function died, perhaps after the call
    NOT_STORED = "not_stored"  # Segment was answered 503, and sends it again
    DROPPED = "dropped"
    IGNORED = "ignored"  # no subscription takes it
    GONE = "gone"  # its message was deleted by a person, or by SQS at the end of its time


class StepSource(StrEnum):
    """Where a step is known from."""

    LOG = "log"
    LEDGER = "ledger"
    QUEUE = "queue"


class HistoryStep(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One thing that happened, or is so. `at`: when, as a text. `what`: in words.

    `about`: `at` is not written anywhere, but follows from other times, to the second. The other
    fields are the log's.
    """

    at: str
    source: StepSource
    what: str
    about: bool = False
    service: str | None = None
    message_id: str | None = None
    delivery: str | None = None
    subscription: str | None = None
    action: str | None = None
    outcome: str | None = None
    reason: str | None = None
    code: str | None = None
    rehook_request_id: str | None = None
    request_id: str | None = None
    milliseconds: float | None = None
    tries: int | None = None
    mapping: str | None = None
    next_try_at: str | None = None
    age_seconds: float | None = None


class Conclusion(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Where one delivery stands, and the words for it, which go on after "it ".

    `at`: since when, as far as it is known. `delivery` is None for an event without a delivery.
    """

    standing: Standing
    words: str
    delivery: str | None = None
    subscription: str | None = None
    at: str | None = None
    rehook_request_id: str | None = None
    next_try_at: str | None = None


class History(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to `why`.

    `kind`: event, order or user. `asked`: the id; of a user, the keyed hash. `since` and `until`:
    of which time the log was read. `complete`: whether all that was to be read could be read.
    `notes`: what was not read, and how to have it read. `explanations`: what the deployed mapping
    makes of the event, where that was asked for (`explain.Explanation`): they have values of it.
    """

    kind: str
    asked: str
    since: str
    until: str
    steps: list[HistoryStep]
    deliveries: list[Conclusion]
    sentence: str
    complete: bool = True
    notes: list[str] = []  # msgspec copies an empty list for each history
    explanations: list[dict[str, Any]] = []


def step_of(line: LoggedOutcome) -> HistoryStep:
    """Give the step that a line of the log tells."""
    return HistoryStep(
        at=iso_time(line.at),
        source=StepSource.LOG,
        what=_what(line),
        service=line.service or None,
        message_id=line.message_id,
        delivery=line.delivery,
        subscription=line.subscription,
        action=line.action,
        outcome=line.outcome,
        reason=line.reason,
        code=line.code,
        rehook_request_id=line.rehook_request_id,
        request_id=line.request_id,
        milliseconds=line.milliseconds,
        tries=line.tries,
        mapping=line.mapping,
        next_try_at=None if line.next_try_at is None else iso_time(line.next_try_at),
        age_seconds=line.age_seconds,
    )


def in_time_order(steps: Iterable[HistoryStep]) -> list[HistoryStep]:
    """Sort steps by their time. One that is known to the second comes at the end of its second."""
    return sorted(steps, key=lambda step: f"{step.at[:20]}999Z" if step.about else step.at)


def _what(line: LoggedOutcome) -> str:
    """Put a line into words: the outcome and why."""
    if line.ignored:
        return f"ignored: {line.ignored}"
    if line.reason is None:
        return line.outcome
    return f"{line.outcome}: {reason_text(line.outcome, line.reason)}"
