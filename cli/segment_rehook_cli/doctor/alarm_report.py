"""What is known about one alarm: its state, figures, reasons, message ids, and the next step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from segment_rehook.aws.system import SystemClock
from segment_rehook_cli.doctor.alarm_answers import AlarmAnswer, answer_for
from segment_rehook_cli.doctor.alarm_check import alarm_names, described
from segment_rehook_cli.doctor.checks import refused
from segment_rehook_cli.doctor.log_figures import message_ids, refused_requests
from segment_rehook_cli.doctor.runbook import runbook_section
from segment_rehook_cli.log.stack_logs import StackLogs, log_groups
from segment_rehook_cli.log.time_window import TimeWindow
from segment_rehook_cli.stack.aws_errors import StackUnusable
from segment_rehook_cli.stack.botocore_errors import aws_error_classes
from segment_rehook_cli.stack.metrics import Metric, read_points, written_by
from segment_rehook_cli.terminal.durations import HOUR

if TYPE_CHECKING:
    from segment_rehook.delivery.ports import Clock
    from segment_rehook_cli.doctor.subject import Subject

__all__ = ["AlarmReport", "UnknownAlarm", "report"]

MAX_SAMPLES: Final = 10
MAX_LOG_HOURS: Final = 24
"""AWS charges for what a query of the log reads, so it does not read two weeks."""

SERVICES: Final = ("ingest", "redrive")


class UnknownAlarm(Exception):
    """The stack has no such alarm; the text names those that it has."""


@dataclass(slots=True)
class AlarmReport:
    """Of one alarm. `changed`: when it got its state, in seconds since the epoch.

    `figures`: what it watches, over `hours`: the sum of counts, else the greatest value; None where
    CloudWatch has none. `reasons`: counts, the greatest first. `runbook`: the section, None where
    the page is not at hand. `skipped`: why something is missing.
    """

    name: str
    state: str
    changed: float
    why: str
    description: str
    hours: int
    next: str
    figures: dict[str, float | None] = field(default_factory=dict)
    reasons: dict[str, float] = field(default_factory=dict)
    samples: list[str] = field(default_factory=list)
    runbook: str | None = None
    skipped: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether the alarm is off, and nothing is missing here."""
        return self.state != "ALARM" and not self.skipped


def report(subject: Subject, name: str, clock: Clock | None = None) -> AlarmReport:
    """Look at an alarm by its logical id, or by its name in CloudWatch. Raises UnknownAlarm.

    Raises what boto3 raises if the alarm itself can't be read; what else can't be is named.
    """
    logical_id, alarm = _found(subject, name)
    answer = answer_for(logical_id)
    made = AlarmReport(
        name=logical_id,
        state=alarm["StateValue"],
        changed=alarm["StateUpdatedTimestamp"].timestamp(),
        why=alarm.get("StateReason", ""),
        description=alarm.get("AlarmDescription", ""),
        hours=answer.hours,
        next=_next(subject, answer.next),
        runbook=runbook_section(logical_id),
    )
    log = StackLogs(subject.client("logs"), log_groups(subject.stack), clock or SystemClock())
    steps: tuple[Callable[[], None], ...] = (
        lambda: made.figures.update(_figures(subject, alarm, answer)),
        lambda: made.reasons.update(_reasons(subject, answer, log)),
        lambda: made.samples.extend(_samples(subject, answer, log)),
    )
    for step in steps:
        try:
            step()
        except aws_error_classes(StackUnusable) as error:
            made.skipped.append(refused(error).detail)
    return made


def _found(subject: Subject, name: str) -> tuple[str, Mapping[str, Any]]:
    names = alarm_names(subject)
    by_any = {
        each.lower(): logical_id
        for logical_id, both in names.items()
        for each in (logical_id, both)
    }
    logical_id = by_any.get(name.lower())
    if logical_id is None:
        raise UnknownAlarm(
            f"the stack {subject.stack.name} has no alarm {name}; its alarms are "
            + ", ".join(sorted(names))
        )
    found = described(subject, [names[logical_id]])
    if names[logical_id] not in found:
        raise StackUnusable(f"the alarm {logical_id} was deleted by hand: deploy the stack again")
    return logical_id, found[names[logical_id]]


def _next(subject: Subject, words: str) -> str:
    if words.startswith("aws "):
        return words.format(region=subject.stack.region, **subject.stack.outputs)
    return subject.command(words)


def _figures(
    subject: Subject, alarm: Mapping[str, Any], answer: AlarmAnswer
) -> dict[str, float | None]:
    """Give the metrics that the alarm watches, without its expression."""
    watched = {
        Metric(
            each["Namespace"],
            each["MetricName"],
            tuple((one["Name"], one["Value"]) for one in each.get("Dimensions", ())),
            statistic,
        ): _label(each)
        for each, statistic in _watched(alarm)
    }
    found = _points(subject, watched, answer)
    return {label: _summary(metric, found[metric].values()) for metric, label in watched.items()}


def _watched(alarm: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str]]:
    if "MetricName" in alarm:
        return [(alarm, alarm.get("Statistic") or alarm["ExtendedStatistic"])]
    stats = [each["MetricStat"] for each in alarm.get("Metrics", ()) if "MetricStat" in each]
    return [(each["Metric"], each["Stat"]) for each in stats]


def _label(metric: Mapping[str, Any]) -> str:
    said = {each["Name"]: each["Value"] for each in metric.get("Dimensions", ())}
    return f"{metric['MetricName']} of {said.get('service') or metric['Namespace']}"


def _summary(metric: Metric, found: Collection[float]) -> float | None:
    if not found:
        return None
    return sum(found) if metric.statistic == "Sum" else max(found)


def _reasons(subject: Subject, answer: AlarmAnswer, log: StackLogs) -> dict[str, float]:
    """Count by reason, or refused requests by code; the greatest first."""
    counts: Counter[str] = Counter()
    if answer.reasons:
        by_reason = {
            written_by(
                subject.stack.name, service, answer.reasons, "Sum", reason=str(reason)
            ): reason
            for reason in answer.counted()
            for service in SERVICES
        }
        for metric, found in _points(subject, by_reason, answer).items():
            counts[str(by_reason[metric])] += int(sum(found.values()))
    if answer.refusals:
        for code, number in refused_requests(
            log, _window(subject, answer), answer.refusals
        ).items():
            counts[code] += number
    return {reason: number for reason, number in counts.most_common() if number}


def _samples(subject: Subject, answer: AlarmAnswer, log: StackLogs) -> list[str]:
    if not answer.samples:
        return []
    asked = _window(subject, answer)
    return message_ids(log, asked, answer.samples, most=MAX_SAMPLES, oldest=answer.oldest)


def _window(subject: Subject, answer: AlarmAnswer) -> TimeWindow:
    until = subject.now()
    return TimeWindow(until - min(answer.hours, MAX_LOG_HOURS) * HOUR, until)


def _points(
    subject: Subject, metrics: Iterable[Metric], answer: AlarmAnswer
) -> Mapping[Metric, Mapping[float, float]]:
    client, now = subject.client("cloudwatch"), subject.now()
    return read_points(client, metrics, now - answer.hours * HOUR, now, HOUR)
