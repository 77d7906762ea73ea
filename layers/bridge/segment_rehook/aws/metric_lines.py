"""Metrics as lines of CloudWatch's embedded metric format (EMF).

Powertools makes the part of a line that names its metrics. Invocations that have the same metrics
share that part: to make it takes longer than all the rest of the line.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from segment_rehook.aws.ascii_json import ascii_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["MAX_VALUES", "UNITS", "Dimension", "MetricLines", "spread"]

UNITS: Final = {
    "RehookMilliseconds": MetricUnit.Milliseconds,
    "DeadLetterAge": MetricUnit.Seconds,
    "BreakerOpen": MetricUnit.NoUnit,
    "NotDelivering": MetricUnit.NoUnit,
}
"""The metrics whose values are written one by one. The unit of all others is Count."""

MAX_VALUES: Final = 100
"""The most values of one metric in one line: EMF's limit."""

Dimension = tuple[tuple[str, str], ...]
"""Names and values of what a metric has beside the service; empty for most."""

_Names = tuple[tuple[str, ...], tuple[str, ...]]
"""The names of some dimensions, and of the metrics that have them."""


class _Line(msgspec.Struct):
    """One line. `members`: metrics and dimensions with their values."""

    members: dict[str, object]
    names: list[_Names] = []  # msgspec copies an empty list for each line


class MetricLines:
    """Makes the lines of one function. `service`: the first dimension of each metric."""

    def __init__(self, *, service: str, namespace: str) -> None:
        self._powertools = EphemeralMetrics(namespace=namespace)
        self._service = service
        self._made: dict[tuple[_Names, ...], str] = {}

    def of(self, metrics: Mapping[Dimension, Mapping[str, Sequence[float]]]) -> list[str]:
        """Give as few lines as possible: each is paid for.

        A line may have metrics of several dimensions, but a member such as `reason` has one value
        in it.
        """
        lines: list[_Line] = []
        for dimension, values in metrics.items():
            members = {**dict(dimension), **values}
            fitting = (each for each in lines if each.members.keys().isdisjoint(members))
            line = next(fitting, None)
            if line is None:
                line = _Line({})
                lines.append(line)
            line.members |= members
            line.names.append((tuple(name for name, _ in dimension), tuple(sorted(values))))
        return [self._text(line) for line in lines]

    def _text(self, line: _Line) -> str:
        names = tuple(sorted(line.names))  # threads count in any order
        if names not in self._made:
            directives = [directive for each in names for directive in self._directives(each)]
            self._made[names] = ascii_json(directives)
        return (
            f'{{"_aws":{{"Timestamp":{time.time_ns() // 1_000_000},'
            f'"CloudWatchMetrics":{self._made[names]}}},'
            f"{ascii_json({'service': self._service, **line.members})[1:]}"
        )

    def _directives(self, names: _Names) -> Sequence[object]:
        dimensions, metrics = names
        made = self._powertools.serialize_metric_set(
            metrics={
                each: {"Unit": UNITS.get(each, MetricUnit.Count).value, "Value": 0}
                for each in metrics
            },
            dimensions=dict.fromkeys(("service", *dimensions), ""),
        )
        directives: Sequence[object] = made["_aws"]["CloudWatchMetrics"]
        return directives


def spread(values: Sequence[float]) -> list[float]:
    """Give at most MAX_VALUES of the values, rounded to tenths.

    Of more they are evenly spread over the sorted values, from the lowest to the highest. So
    minimum, maximum and percentiles are kept, and the number of values is not.
    """
    if len(values) > MAX_VALUES:
        values = sorted(values)
        last = len(values) - 1
        values = [values[number * last // (MAX_VALUES - 1)] for number in range(MAX_VALUES)]
    return [round(value, 1) for value in values]
