"""Tests of what `doctor` says of what waits, and of a day's balance: no more than is known."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_rehook_cli.doctor.balance_check import check_balance
from segment_rehook_cli.doctor.check_result import CheckResult, Status
from segment_rehook_cli.doctor.subject import Subject
from segment_rehook_cli.doctor.waiting_age import age_of_waiting
from segment_rehook_cli.doctor.waiting_check import check_parked, check_waiting
from segment_rehook_cli.terminal.durations import HOUR, MINUTE
from tests.unit.cli.cutover.aws_side import AwsSide

OLDEST = "ApproximateAgeOfOldestMessage"


class Aws(AwsSide):
    """AWS with these points of metrics: by name and the minute in which they were written."""

    profile_name = "default"

    def __init__(self) -> None:
        super().__init__()
        self.points: dict[str, dict[float, float]] = {}

    def write(self, name: str, at: float, value: float) -> None:
        """Write a value at a time; the greatest of a minute stays, and counts are added up."""
        minute = at // MINUTE * MINUTE
        points = self.points.setdefault(name, {})
        before = points.get(minute, 0.0)
        points[minute] = max(before, value) if name == "DeadLetterAge" else before + value

    def write_ago(self, name: str, seconds: float, value: float) -> None:
        """Write a value so many seconds before now."""
        self.write(name, self.clock.now() - seconds, value)

    def get_queue_attributes(self, *, QueueUrl: str, **asked: Any) -> dict[str, Any]:  # noqa: N803 — AWS's names
        """Give the ARN too."""
        found = super().get_queue_attributes(QueueUrl=QueueUrl, **asked)
        name = QueueUrl.rpartition("/")[2]
        return {"Attributes": found["Attributes"] | {"QueueArn": f"arn:aws:sqs:::{name}"}}

    def paginate(self, **asked: Any) -> Iterator[Mapping[str, Any]]:
        """Give the points of each metric that is asked for; dimensions are not looked at."""
        results = []
        for query in asked["MetricDataQueries"]:
            every = self.points.get(query["MetricStat"]["Metric"]["MetricName"], {})
            points = {
                at: value
                for at, value in every.items()
                if asked["StartTime"] <= at < asked["EndTime"]
            }
            times = [datetime.fromtimestamp(at, UTC) for at in points]
            results.append({"Id": query["Id"], "Timestamps": times, "Values": [*points.values()]})
        yield {"MetricDataResults": results}

    @property
    def subject(self) -> Subject:
        """The stack, as the checks get it."""
        return Subject(self.stack, now=self.clock.now)


def waiting(aws: Aws, number: int = 1) -> CheckResult:
    """What is said of so many events that wait."""
    aws.waiting = number
    [said] = check_waiting(aws.subject)
    return said


class Message(NamedTuple):
    """A message: when it was sent, when it left the queue, and when redrive saw it."""

    sent: float
    left: float
    seen: list[float]


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """A message of the last eight hours, at times in seconds before now; many are still there.

    Nothing is of this very moment: it would be in the minute that begins now, which is not read.
    """
    age = draw(st.floats(1.0, 8.0 * HOUR))
    left = draw(st.just(-math.inf) | st.floats(1.0, age))
    seen = draw(st.lists(st.floats(max(left, 1.0), age), max_size=4))
    return Message(age, left, seen)


@given(st.lists(messages(), min_size=1), st.booleans())
def test_no_age_is_said_that_no_event_has(found: list[Message], by_redrive: bool) -> None:
    """The oldest event that waits is at least as old as is said, whatever has left the queue.

    `by_redrive`: what left was delivered, else an operator discarded it.
    """
    aws = Aws()
    now = aws.clock.now()
    for each in found:
        for at in each.seen:
            aws.write_ago("DeadLetterAge", at, round(each.sent - at))
        if each.left >= 0:
            if by_redrive:  # its last sight is the delivery
                aws.write_ago("DeadLetterAge", each.left, round(each.sent - each.left))
            name = "DeadLettersDelivered" if by_redrive else "NumberOfMessagesDeleted"
            aws.write_ago(name, each.left, 1)
    there = [each.sent for each in found if each.left < 0]
    least = age_of_waiting(aws.subject, "dead.fifo").least
    assert aws.clock.now() == now
    if there and least is not None:
        assert least <= max(there) + 0.5  # redrive writes whole seconds


def test_the_age_grows_while_redrive_does_not_look() -> None:
    """In a pause redrive sees an event every few minutes to two hours; it waits on meanwhile."""
    aws = Aws()
    aws.put("mode", "pause")
    aws.write_ago("DeadLetterAge", 40 * MINUTE, 5 * MINUTE)
    assert waiting(aws, 3).detail.startswith("3 events, the oldest for at least 44 minutes; ")


def test_no_age_is_said_below_a_minute() -> None:
    """Just after an event was stored, no metric tells its age: "0 seconds" is not said."""
    aws = Aws()
    aws.write_ago("DeadLetterAge", 5, 0)
    assert waiting(aws).detail == "1 event; it is delivered by itself"


@pytest.mark.parametrize(
    ("mode", "cutover", "said"),
    [
        (None, None, "they are delivered by themselves"),
        ("deliver", None, "they are delivered by themselves"),
        ("pause", None, "nothing is delivered until the mode is deliver"),
        ("dry-run", None, "nothing is delivered until the mode is deliver"),
        ("stop", None, "nothing is delivered until the mode is deliver"),
        ("deliver", "at noon", "nothing is delivered until the cut-over is a time"),
        (
            "pause",
            "at noon",
            "nothing is delivered until the mode is deliver and the cut-over is a time",
        ),
        (
            "deliver",
            "2026-01-15T12:00:00Z",
            "they are delivered by themselves, or discarded where received before the cut-over",
        ),
    ],
)
def test_what_follows_depends_on_the_mode(mode: str | None, cutover: str | None, said: str) -> None:
    """An event is delivered by itself only where the mode and the cut-over allow it."""
    aws = Aws()
    for name, value in (("mode", mode), ("cutover", cutover)):
        if value is not None:
            aws.put(name, value)
    found = waiting(aws, 2)
    assert found.status is Status.OK
    assert found.detail == f"2 events; {said}"


@pytest.mark.parametrize(("opened", "closed"), [(90, 0), (30, 90)])
def test_the_breaker_is_named_where_it_is_open(opened: int, closed: int) -> None:
    """The last invocation that could deliver says whether it is, however long ago that was."""
    aws = Aws()
    aws.write_ago("BreakerOpen", opened * MINUTE, 1)
    if closed:
        aws.write_ago("BreakerOpen", closed * MINUTE, 0)
    said = "1 event; it is delivered by itself when Rehook takes calls again"
    assert waiting(aws).detail == said
    aws.write_ago("BreakerOpen", MINUTE, 0)
    assert waiting(aws).detail == "1 event; it is delivered by itself"


def test_an_event_that_waited_long_and_may_be_gone() -> None:
    """It is a finding as for the alarm, but not said of an event that waits."""
    aws = Aws()
    aws.write_ago("DeadLetterAge", HOUR, 7 * HOUR)
    aws.write_ago("DeadLettersDelivered", HOUR / 2, 1)
    said = waiting(aws)
    assert said.status is Status.FINDING
    assert said.detail == (
        "1 event; in the last 3 hours redrive saw one that had waited for 7 hours"
    )
    assert "DeadLettersWaitLong" in said.command


def test_an_event_that_waits_too_long() -> None:
    """It is a finding from the alarm's threshold on, also where that was reached since."""
    aws = Aws()
    aws.write_ago("DeadLetterAge", HOUR, 5.5 * HOUR)
    said = waiting(aws)
    assert said.status is Status.FINDING
    assert said.detail.startswith("1 event, the oldest for at least 6 hours")


def test_the_age_of_what_is_parked_is_of_now() -> None:
    """SQS's value of hours ago is of an event that may be gone; its latest one counts."""
    aws = Aws()
    aws.parked = 1
    aws.write_ago(OLDEST, 2 * HOUR, 90 * HOUR)
    [said] = check_parked(aws.subject)
    assert said.detail == "1 event; SQS deletes each after 14 days"
    aws.write_ago(OLDEST, 5 * MINUTE, 2 * HOUR)
    [said] = check_parked(aws.subject)
    assert said.detail.startswith("1 event, the oldest for at least 2 hours;")


def test_a_first_event_that_is_not_counted_yet() -> None:
    """The last two minutes are left out, and the line says up to when it has counted."""
    aws = Aws()
    until = (aws.clock.now() - 2 * MINUTE) // MINUTE * MINUTE
    aws.write("EventsReceived", until, 1)
    aws.write("EventsDelivered", until, 1)
    [said] = check_balance(aws.subject)
    day = f"the 24 h until {datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M:%S} UTC"
    assert said.detail == f"no event was received in {day}; later ones are not counted yet"
    aws.clock.sleep(MINUTE)
    [said] = check_balance(aws.subject)
    assert said.detail.startswith("1 event was received in the 24 h until")
    assert said.detail.endswith("; each has an outcome")
