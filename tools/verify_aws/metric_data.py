"""Whether CloudWatch computes metrics and metric math, as GetMetricData takes them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tools.verify_aws.accepted import accepted
from tools.verify_aws.check import Check

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


HOURS = 3
GOOD = {"Complete", "PartialData"}


def computes(cloudwatch: Any, text: str, queries: Sequence[Any], now: datetime) -> Check:
    """Check that queries of GetMetricData are answered without a fault, also if without a value."""
    answers, check = accepted(
        cloudwatch,
        text,
        lambda: [
            *cloudwatch.get_paginator("get_metric_data").paginate(
                MetricDataQueries=[*queries], StartTime=now - timedelta(hours=HOURS), EndTime=now
            )
        ],
    )
    if answers is None:
        return check
    faults = [str(each) for answer in answers for each in answer.get("Messages", [])]
    faults += [
        f"{each.get('Id')}: {each.get('StatusCode')} {each.get('Messages', '')}"
        for answer in answers
        for each in answer["MetricDataResults"]
        if each.get("StatusCode") not in GOOD or each.get("Messages")
    ]
    return Check(text, holds=not faults, seen="; ".join(faults))
