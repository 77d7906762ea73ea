"""How much a stack holds and has taken: its queues' attributes, and its metrics in CloudWatch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from segment_rehook_cli.stack.stack import Stack
from segment_rehook_cli.terminal.durations import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

__all__ = ["Figures", "number_of_messages"]

MAX_DATAPOINTS: Final = 1_440
"""In one answer of GetMetricStatistics."""

# CloudWatch keeps figures by the minute for 15 days, and by five minutes for 63.
_KEPT: Final = ((15 * DAY, MINUTE), (63 * DAY, 5 * MINUTE), (math.inf, HOUR))
_COUNTS: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def number_of_messages(attributes: Mapping[Any, str]) -> int:
    """Give how many messages a queue with these attributes holds, about: hidden ones too."""
    return sum(int(attributes.get(name, 0)) for name in _COUNTS)


class StatisticsClient(Protocol):
    """What is used of boto3's client of CloudWatch."""

    def get_metric_statistics(self, **asked: Any) -> Mapping[str, Any]:
        """Give a metric's figures by period."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Reads the figures of one stack. All methods raise what boto3 raises."""

    stack: Stack
    sqs: SQSClient
    metrics: StatisticsClient

    @classmethod
    def of(cls, stack: Stack) -> Figures:
        """Make the clients."""
        return cls(stack, stack.client("sqs"), stack.client("cloudwatch"))

    def waiting(self) -> int:
        """Give how many messages the dead-letter queue holds, about."""
        return self._messages(self.stack.dead_letter_queue_url)

    def parked(self) -> int:
        """Give how many messages the parking lot holds, about."""
        return self._messages(self.stack.parking_lot_url)

    def total(self, metric: str, since: float, until: float, *, service: str = "ingest") -> int:
        """Give the sum of one of the bridge's own metrics between two times, about.

        CloudWatch shows a figure some minutes later, and counts whole minutes, or more for longer
        times.
        """
        dimensions = [{"Name": "service", "Value": service}]
        points = self._points(
            f"SegmentRehook/{self.stack.name}", metric, dimensions, (since, until), "Sum"
        )
        return round(sum(points))

    def oldest(self, now: float) -> float | None:
        """Give the age in seconds of the oldest message that waits; None if it is not known."""
        name = self.stack.dead_letter_queue_url.rpartition("/")[2]
        points = self._points(
            "AWS/SQS",
            "ApproximateAgeOfOldestMessage",
            [{"Name": "QueueName", "Value": name}],
            (now - 10 * MINUTE, now),
            "Maximum",
        )
        return max(points, default=None)

    def _messages(self, url: str) -> int:
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[*_COUNTS])
        return number_of_messages(found.get("Attributes", {}))

    def _points(
        self,
        namespace: str,
        metric: str,
        dimensions: list[dict[str, str]],
        between: tuple[float, float],
        statistic: str,
    ) -> list[float]:
        since, until = between
        if since >= until:
            return []
        begin, end = since // MINUTE * MINUTE, math.ceil(until / MINUTE) * MINUTE
        least = next(period for kept, period in _KEPT if end - begin <= kept)
        period = math.ceil((end - begin) / MAX_DATAPOINTS / least) * least
        answer = self.metrics.get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=dimensions,
            StartTime=datetime.fromtimestamp(begin, UTC),
            EndTime=datetime.fromtimestamp(end, UTC),
            Period=period,
            Statistics=[statistic],
        )
        return [float(point[statistic]) for point in answer["Datapoints"]]
