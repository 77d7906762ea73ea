"""Log lines and metrics by Powertools: JSON on standard output, metrics in CloudWatch's EMF.

Metrics of one invocation are added up here and written once at its end: an invocation may count
thousands of events, from many threads, and EMF would list every single value.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LogValue = str | int | float | None


class LambdaTelemetry:
    """The port `Telemetry`. Field names must not be attributes of the library's log records."""

    def __init__(self, *, service: str, namespace: str, level: str) -> None:
        # `location` would look up the caller's frame for each line, and it is always the same.
        # ASCII only: a lone surrogate in a message id must not prevent the line.
        self._logger = Logger(service, level=level, location=None, json_serializer=_ascii_json)
        self._metrics = Metrics(service=service, namespace=namespace)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._cold = True

    @contextmanager
    def invocation(self, request_id: str) -> Iterator[None]:
        """Add the request id to each line. At the end, even after an error, write the metrics."""
        self._logger.append_keys(function_request_id=request_id, cold_start=self._cold)
        if self._cold:
            self.count("ColdStart")
            self._cold = False
        try:
            yield
        finally:
            self._flush()

    def outcome(self, line: Mapping[str, LogValue]) -> None:
        """Log one event's answer, without the fields that are None."""
        self._logger.info("outcome", extra=_present(line))

    def warn(self, message: str, **fields: LogValue) -> None:
        """Log a warning."""
        self._logger.warning(message, extra=_present(fields))

    def count(self, metric: str, value: int = 1) -> None:
        """Add `value` to a metric, which is written at the end of the invocation."""
        with self._lock:
            self._counts[metric] += value

    def _flush(self) -> None:
        with self._lock:
            counts, self._counts = self._counts, Counter()
        for metric, value in counts.items():
            self._metrics.add_metric(name=metric, unit=MetricUnit.Count, value=value)
        if counts:
            self._metrics.flush_metrics()


def _ascii_json(line: dict[str, Any]) -> str:
    return json.dumps(line, separators=(",", ":"), default=str)


def _present(fields: Mapping[str, LogValue]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
