"""Metrics in CloudWatch. The permission is cloudwatch:GetMetricData.

No metric math is asked for. AWS charges for each metric that is asked ($0.01 for 1,000).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from segment_rehook_cli.terminal.durations import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from segment_rehook_cli.stack.paged_client import PagedClient

__all__ = ["Metric", "age_of_oldest", "deleted_from", "finest_period", "read_points", "written_by"]

# CloudWatch keeps points by the minute for 15 days, and by five minutes for 63. One day is left
# for the difference between its clock and ours.
_KEPT: Final = ((14 * DAY, MINUTE), (62 * DAY, 5 * MINUTE), (math.inf, HOUR))


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric and one of its statistics. `dimensions`: pairs of name and value."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str


def written_by(stack: str, service: str, name: str, statistic: str, **more: str) -> Metric:
    """Give a metric that a function of this stack writes. `more`: its dimensions besides."""
    dimensions = (("service", service), *more.items())
    return Metric(f"SegmentRehook/{stack}", name, dimensions, statistic)


def age_of_oldest(queue: str) -> Metric:
    """Give SQS's metric of how old the oldest message of a queue is, by the queue's name."""
    dimensions = (("QueueName", queue),)
    return Metric("AWS/SQS", "ApproximateAgeOfOldestMessage", dimensions, "Maximum")


def deleted_from(queue: str) -> Metric:
    """Give SQS's metric of how many messages of a queue were deleted, by the queue's name."""
    return Metric("AWS/SQS", "NumberOfMessagesDeleted", (("QueueName", queue),), "Sum")


def finest_period(age: float) -> int:
    """Give the shortest period for which CloudWatch has points that are so old, in seconds.

    The points of one metric are then about 20,000 at most. GetMetricData gives 100,800 at once.
    """
    return next(period for kept, period in _KEPT if age <= kept)


def read_points(
    client: PagedClient, metrics: Iterable[Metric], since: float, until: float, period: int
) -> Mapping[Metric, Mapping[float, float]]:
    """Give for each metric the values of its periods, by the time at which each period begins.

    Periods without a value are absent. The times are in Unix time, and become whole minutes; the
    period is in seconds. AWS takes 500 metrics at most. Raises what boto3 raises.
    """
    found: dict[Metric, dict[float, float]] = {metric: {} for metric in metrics}
    asked = {f"m{number}": metric for number, metric in enumerate(found)}
    if not asked or since >= until:
        return found
    pages = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[_query(id_, metric, period) for id_, metric in asked.items()],
        StartTime=since // MINUTE * MINUTE,
        EndTime=math.ceil(until / MINUTE) * MINUTE,
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            points = zip(result["Timestamps"], result["Values"], strict=True)
            found[asked[result["Id"]]] |= {at.timestamp(): value for at, value in points}
    return found


def _query(id_: str, metric: Metric, period: int) -> Mapping[str, object]:
    return {
        "Id": id_,
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": of} for name, of in metric.dimensions],
            },
            "Period": period,
            "Stat": metric.statistic,
        },
    }
