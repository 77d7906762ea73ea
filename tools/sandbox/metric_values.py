"""The metric values that the functions wrote in CloudWatch's embedded metric format."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tools.sandbox.aws_log_events import LogEvents


class Metric(NamedTuple):
    """Which metric: two with other dimensions are two metrics."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


class Value(NamedTuple):
    """A value. ``at``: milliseconds since the epoch."""

    at: int
    value: float
    unit: str


class MetricValues:
    """The values by their metrics, read from the log when they are asked for."""

    def __init__(self, events: LogEvents) -> None:
        self._events = events
        self._lock = threading.Lock()
        self._next = 0
        self._values: dict[Metric, list[Value]] = {}

    def read(self, groups: Collection[str], metric: Metric) -> list[Value]:
        """The values of a metric, in the order in which they were written."""
        with self._lock:
            for event in self._events.read(groups, None, None, self._next):
                self._next = event.number + 1
                if '"_aws"' in event.message:
                    self._add(event.decoded() or {}, event.at)
            return list(self._values.get(metric, ()))

    def _add(self, line: Mapping[str, Any], logged: int) -> None:
        about = line.get("_aws")
        if not isinstance(about, dict):
            return
        at = about.get("Timestamp", logged)
        for directive in about.get("CloudWatchMetrics", ()):
            for names in directive.get("Dimensions", [[]]):
                if not all(name in line for name in names):
                    continue
                dimensions = frozenset((name, str(line[name])) for name in names)
                for defined in directive.get("Metrics", ()):
                    metric = Metric(directive["Namespace"], defined["Name"], dimensions)
                    found = line.get(defined["Name"], [])
                    self._values.setdefault(metric, []).extend(
                        Value(int(at), float(value), defined.get("Unit", "None"))
                        for value in (found if isinstance(found, list) else [found])
                    )
