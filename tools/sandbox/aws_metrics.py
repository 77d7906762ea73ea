"""CloudWatch's metrics, computed from what the functions logged in the embedded metric format.

A query names one metric and one statistic. Metric math and Metrics Insights are refused; AWS's own
metrics (AWS/Lambda …) have no values.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from tools.sandbox.aws_answers import Refused, page
from tools.sandbox.metric_values import Metric, MetricValues, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox.aws_log_events import LogEvents
    from tools.sandbox.aws_stacks import StackRecord

MAX_QUERIES, MAX_DATAPOINTS = 500, 100_800
_SHORT_PERIODS: Final = frozenset({1, 5, 10, 20, 30})
_MINUTE: Final = 60
_ID: Final = re.compile(r"[a-z][a-zA-Z0-9_]*")
_PERCENTILE: Final = re.compile(r"p(100|[0-9]{1,2}(\.[0-9]{1,10})?)")

Point = tuple[int, list[Value]]
"""The beginning of a period, in seconds since the epoch, and the values in it."""


class AwsMetrics:
    """The operations by their names."""

    def __init__(self, events: LogEvents) -> None:
        self._values = MetricValues(events)
        self._groups: set[str] = set()
        self.operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "GetMetricData": self._data
        }

    def record(self, stack: StackRecord) -> None:
        """Read from the log groups of this stack."""
        self._groups = {function.log_group for function in stack.functions}

    def _points(self, asked: dict[str, Any], start: float, end: float, period: int) -> list[Point]:
        """The periods with values, in order. The first begins at ``start``, in a whole minute."""
        if start >= end:
            raise _wrong("The parameter StartTime must be less than the parameter EndTime.")
        if period not in _SHORT_PERIODS and (period <= 0 or period % _MINUTE):
            raise _wrong("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.")
        begin = int(start // _MINUTE * _MINUTE)
        metric = Metric(
            asked["Namespace"],
            asked["MetricName"],
            frozenset((each["Name"], each["Value"]) for each in asked.get("Dimensions", ())),
        )
        found = sorted(
            value
            for value in self._values.read(self._groups, metric)
            if begin * 1000 <= value.at < end * 1000 and asked.get("Unit", value.unit) == value.unit
        )
        return [
            (begin + number * period, list(values))
            for number, values in groupby(found, lambda v: (v.at // 1000 - begin) // period)
        ]

    def _data(self, asked: dict[str, Any]) -> dict[str, Any]:
        queries = asked["MetricDataQueries"]
        ids = [str(query["Id"]) for query in queries]
        if len(queries) > MAX_QUERIES or len(set(ids)) < len(ids):
            raise _invalid(f"there are at most {MAX_QUERIES} queries, each with an Id of its own")
        descending = asked.get("ScanBy", "TimestampDescending") == "TimestampDescending"
        every: list[tuple[str, int, float]] = []
        for query in queries:
            figures = self._figures(query, asked["StartTime"], asked["EndTime"])
            if query.get("ReturnData", True):
                every += [(query["Id"], *each) for each in sorted(figures, reverse=descending)]
        most = min(int(asked.get("MaxDatapoints", MAX_DATAPOINTS)), MAX_DATAPOINTS)
        shown, token = page(every, most, asked.get("NextToken"), _invalid("NextToken is wrong"))
        results = [
            {
                "Id": query["Id"],
                "Label": query.get("Label") or query["MetricStat"]["Metric"]["MetricName"],
                "Timestamps": [at for id_, at, _ in shown if id_ == query["Id"]],
                "Values": [value for id_, _, value in shown if id_ == query["Id"]],
                "StatusCode": "PartialData" if token else "Complete",
            }
            for query in queries
            if query.get("ReturnData", True)
        ]
        return {
            "MetricDataResults": results,
            "Messages": [],
            **({"NextToken": token} if token else {}),
        }

    def _figures(self, query: dict[str, Any], start: float, end: float) -> list[tuple[int, float]]:
        if not _ID.fullmatch(query["Id"]):
            raise _invalid("an Id begins with a lower-case letter")
        stat = query.get("MetricStat")
        if stat is None or "Expression" in query:
            raise _invalid(f"{query['Id']}: the sandbox has no expressions, only MetricStat")
        metric = stat["Metric"] | ({"Unit": stat["Unit"]} if "Unit" in stat else {})
        points = self._points(metric, start, end, stat["Period"])
        return [(at, _figure(stat["Stat"], values)) for at, values in points]


def _figure(statistic: str, values: list[Value]) -> float:
    numbers = sorted(each.value for each in values)
    match statistic:
        case "Sum":
            return sum(numbers)
        case "Average":
            return sum(numbers) / len(numbers)
        case "Minimum":
            return numbers[0]
        case "Maximum":
            return numbers[-1]
        case "SampleCount":
            return float(len(numbers))
    if not _PERCENTILE.fullmatch(statistic):
        raise _wrong(f"The statistic {statistic} is not one that the sandbox has.")
    # The nearest rank: the smallest value that so many percent of the values do not exceed.
    rank = -(-float(statistic[1:]) * len(numbers) // 100)
    return numbers[max(0, int(rank) - 1)]


def _wrong(message: str) -> Refused:
    return Refused("InvalidParameterValue", message)


def _invalid(message: str) -> Refused:
    return Refused("ValidationError", message)
