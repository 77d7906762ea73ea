"""Whether the stack's alarms reach someone, and which of them are on.

Permissions: cloudwatch:DescribeAlarms, sns:ListSubscriptionsByTopic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from segment_rehook_cli.doctor.check_result import finding, ok
from segment_rehook_cli.log.time_window import utc_time
from segment_rehook_cli.terminal.durations import duration

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.check_result import CheckResult
    from segment_rehook_cli.doctor.subject import Subject
    from segment_rehook_cli.stack.paged_client import PagedClient

__all__ = ["alarm_names", "check_alarms", "check_notification", "described", "since"]

ALARM: Final = "AWS::CloudWatch::Alarm"
PENDING: Final = {"PendingConfirmation", "Deleted"}
MAX_NAMES: Final = 100
"""In one call: CloudWatch API reference, DescribeAlarms."""


def check_notification(subject: Subject) -> Iterator[CheckResult]:
    """Look whether a subscription of the topic is confirmed. No address is shown."""
    if subject.stack.in_sandbox:
        yield ok("the sandbox sends no alarms")
        return
    topic = subject.stack.parameters.get("AlarmTopicArn", "")
    if not topic:
        made = subject.resources.get("AlarmTopic")
        topic = made.id if made else ""
    if not topic:
        yield finding("alarms reach no one", subject.deploy("AlarmEmail=ADDRESS"))
        return
    client: PagedClient = subject.client("sns")
    pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    found = [each for page in pages for each in page["Subscriptions"]]
    confirmed, pending = (
        Counter(each["Protocol"] for each in found if (each["SubscriptionArn"] in PENDING) is so)
        for so in (False, True)
    )
    listed = (
        f"aws sns list-subscriptions-by-topic --region {subject.stack.region} --topic-arn {topic}"
    )
    waits = f"; not confirmed: {_counted(pending)}" if pending else ""
    if confirmed:
        yield ok(f"alarms are sent to {_counted(confirmed)}{waits}")
    elif pending:
        yield finding(
            f"alarms reach no one until the subscription is confirmed ({_counted(pending)}): "
            "follow the link in AWS's message",
            listed,
        )
    else:
        yield finding("alarms reach no one: their topic has no subscription", listed)


def check_alarms(subject: Subject) -> Iterator[CheckResult]:
    """Give a finding for each alarm that is on, is gone, or notifies no one by hand."""
    names = alarm_names(subject)
    found = described(subject, [*names.values()])
    wrong = []
    for logical_id, name in names.items():
        alarm = found.get(name)
        explained = subject.command(f"doctor --alarm {logical_id}")
        if alarm is None:
            wrong.append(finding(f"{logical_id}: the alarm is gone", subject.deploy()))
        elif alarm["StateValue"] == "ALARM":
            wrong.append(finding(f"{logical_id} is on {since(subject, alarm)}", explained))
        elif not alarm.get("ActionsEnabled") and alarm.get("AlarmActions"):
            wrong.append(
                finding(
                    f"{logical_id}: its actions are disabled, so it notifies no one",
                    f"aws cloudwatch enable-alarm-actions --region {subject.stack.region} "
                    f"--alarm-names {name}",
                )
            )
    yield from wrong
    if not wrong:
        evaluated = "; the sandbox evaluates none" if subject.stack.in_sandbox else ""
        yield ok(f"none of {len(names)} is on{evaluated}")


def alarm_names(subject: Subject) -> Mapping[str, str]:
    """Give the names of the stack's alarms by their logical ids."""
    return {name: each.id for name, each in subject.resources.items() if each.type == ALARM}


def described(subject: Subject, names: list[str]) -> Mapping[str, Mapping[str, Any]]:
    """Give what CloudWatch says about the alarms of these names, by name."""
    client: PagedClient = subject.client("cloudwatch")
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(names), MAX_NAMES):
        pages = client.get_paginator("describe_alarms").paginate(
            AlarmNames=names[start : start + MAX_NAMES], AlarmTypes=["MetricAlarm"]
        )
        for page in pages:
            found |= {each["AlarmName"]: each for each in page["MetricAlarms"]}
    return found


def since(subject: Subject, alarm: Mapping[str, Any]) -> str:
    """Say since when the alarm has its state."""
    at = alarm["StateUpdatedTimestamp"].timestamp()
    return f"since {utc_time(at)} ({duration(subject.now() - at)})"


def _counted(subscriptions: Counter[str]) -> str:
    return ", ".join(f"{number} × {protocol}" for protocol, number in subscriptions.items())
