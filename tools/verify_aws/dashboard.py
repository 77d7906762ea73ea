"""Checks the dashboard: CloudWatch finds no fault in its text, and computes what it shows."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from tools.cloudwatch.watched import entries
from tools.verify_aws.accepted import accepted
from tools.verify_aws.check import Check
from tools.verify_aws.metric_data import computes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


AVERAGE, PERIOD = "Average", 300


def dashboard(cloudwatch: Any, name: str, now: datetime) -> Iterator[Check]:
    """Check the dashboard of this name."""
    answer, there = accepted(
        cloudwatch,
        f"the dashboard {name} exists",
        lambda: cloudwatch.get_dashboard(DashboardName=name),
    )
    yield there
    if answer is not None:
        yield without_fault(cloudwatch, answer["DashboardBody"])
        yield from widgets(cloudwatch, answer["DashboardBody"], now)


def without_fault(cloudwatch: Any, body: str) -> Check:
    """Check a dashboard's text, by a copy that is deleted: faults are told only when it is put."""
    name = f"segment-rehook-verify-{uuid.uuid4().hex[:12]}"
    text = "CloudWatch finds no fault in the dashboard"
    answer, check = accepted(
        cloudwatch,
        text,
        lambda: cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body),
    )
    if answer is None:
        return check
    deleted, removed = accepted(
        cloudwatch,
        f"the copy {name} is deleted",
        lambda: cloudwatch.delete_dashboards(DashboardNames=[name]),
    )
    if deleted is None:
        return removed
    faults = [
        f"{each.get('DataPath')}: {each.get('Message')}"
        for each in answer.get("DashboardValidationMessages", [])
    ]
    return Check(text, holds=not faults, seen="; ".join(faults))


def widgets(cloudwatch: Any, body: str, now: datetime) -> Iterator[Check]:
    """Check the metrics and expressions of each widget of a dashboard's text."""
    for widget in json.loads(body)["widgets"]:
        if queries := queries_of(widget):
            title = widget["properties"].get("title", "without a title")
            yield computes(cloudwatch, f"CloudWatch computes the widget: {title}", queries, now)


def queries_of(widget: dict[str, Any]) -> list[dict[str, Any]]:
    """Give a widget's metrics and expressions as GetMetricData takes them."""
    properties = widget["properties"]
    found = []
    for number, entry in enumerate(entries(widget)):
        options = entry.options
        query: dict[str, Any] = {
            "Id": options.get("id", f"entry{number}"),
            "ReturnData": options.get("visible", True),
        }
        if entry.metric is None:
            query["Expression"] = entry.expression
        else:
            query["MetricStat"] = {
                "Metric": {
                    "Namespace": entry.metric.namespace,
                    "MetricName": entry.metric.name,
                    "Dimensions": [{"Name": k, "Value": v} for k, v in entry.metric.dimensions],
                },
                "Period": options.get("period", properties.get("period", PERIOD)),
                "Stat": options.get("stat", properties.get("stat", AVERAGE)),
            }
        found.append(query)
    return found
