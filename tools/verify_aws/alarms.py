"""Checks the alarms of a deployed stack: all are there, and CloudWatch can evaluate each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tools.verify_aws.accepted import is_stand_in
from tools.verify_aws.check import Check, skipped
from tools.verify_aws.metric_data import computes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime


NEW = timedelta(minutes=30)
"""CloudWatch has evaluated an alarm that was put so long ago."""

TREATED = {"breaching", "notBreaching"}
"""How missing data may be treated, so that an alarm never lacks data."""


def alarms(cloudwatch: Any, names: Sequence[str], now: datetime) -> Iterator[Check]:
    """Check that the stack's alarms exist, that none is in state ALARM, and their metric math."""
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNames=list(names))
    found = [alarm for page in pages for alarm in page["MetricAlarms"]]
    yield Check(f"all {len(names)} alarms exist", holds=len(found) == len(names))
    for check in _states(found, now):
        reason = "the stand-in for AWS evaluates no alarm"
        yield skipped(check.text, reason) if is_stand_in(cloudwatch) else check
    for alarm in found:
        if queries := alarm.get("Metrics"):
            text = f"CloudWatch computes the alarm {alarm['AlarmName']}"
            yield computes(cloudwatch, text, queries, now)


def _states(found: Sequence[Mapping[str, Any]], now: datetime) -> Iterator[Check]:
    in_alarm = [each["AlarmName"] for each in found if each.get("StateValue") == "ALARM"]
    yield Check("no alarm is in state ALARM", holds=not in_alarm, seen=", ".join(in_alarm))
    wrong = [
        each["AlarmName"] for each in found if each.get("EvaluationState") == "EVALUATION_ERROR"
    ]
    yield Check("CloudWatch can evaluate each alarm", holds=not wrong, seen=", ".join(wrong))
    yield _has_data(found, now)


def _has_data(found: Sequence[Mapping[str, Any]], now: datetime) -> Check:
    text = "no alarm that says how to treat missing data has INSUFFICIENT_DATA"
    treated = [each for each in found if each.get("TreatMissingData") in TREATED]
    without = [each for each in treated if each.get("StateValue") == "INSUFFICIENT_DATA"]
    old = [each["AlarmName"] for each in without if _put(each, now) <= now - NEW]
    if old or not without:
        return Check(text, holds=not old, seen=", ".join(old))
    return skipped(text, f"{len(without)} alarms are new: try again in {NEW.seconds // 60} minutes")


def _put(alarm: Mapping[str, Any], now: datetime) -> datetime:
    put: datetime = alarm.get("AlarmConfigurationUpdatedTimestamp", now - NEW)
    return put
