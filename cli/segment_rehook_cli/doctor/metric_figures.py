"""Values of metrics in CloudWatch. The permission is cloudwatch:GetMetricData.

No metric math is asked for. AWS charges for each metric that is asked ($0.01 for 1,000).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from segment_rehook_cli.doctor.aws_clients import PagedClient

__all__ = ["Metric", "values", "written_by"]

MAX_QUERIES: Final = 500
"""In one call: CloudWatch API reference, GetMetricData."""


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


def values(
    client: PagedClient, metrics: Sequence[Metric], since: float, until: float, period: int
) -> Mapping[Metric, Sequence[float]]:
    """Give the values of each metric's periods; those of periods without a value are absent.

    The times are in seconds since the epoch, the period in seconds. Raises what boto3 raises.
    """
    found: dict[Metric, list[float]] = {metric: [] for metric in metrics}
    numbered = {f"m{number}": metric for number, metric in enumerate(found)}
    for part in _parts(list(numbered)):
        queries = [_query(id_, numbered[id_], period) for id_ in part]
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries,
            StartTime=datetime.fromtimestamp(since, UTC),
            EndTime=datetime.fromtimestamp(until, UTC),
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                found[numbered[result["Id"]]] += result["Values"]
    return found


def _parts(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + MAX_QUERIES] for start in range(0, len(ids), MAX_QUERIES)]


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
