"""Log lines and metrics by Powertools: JSON on standard output, metrics in CloudWatch's EMF.

Metrics of one invocation are added up here and written once at its end: an invocation may count
thousands of events, from many threads, and EMF would list every single value.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import Metrics, MetricUnit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LogValue = str | int | float | None

LINES = "lines"

_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode


class LinesFormatter(LambdaPowertoolsFormatter):
    """The library's formatter; a record that has LINES becomes one line for each of them.

    What the lines have in common is made once: to make it takes as long as the rest of a delivery.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Give the record's line or lines, without a line feed at the end."""
        fields = dict(vars(record))
        lines = fields.pop(LINES, None)
        if lines is None:
            return super().format(record)
        common = json.loads(super().format(logging.makeLogRecord(fields)))
        return "\n".join(_encode(common | line) for line in lines)


class LambdaTelemetry:
    """The port `Telemetry`. Field names must not be attributes of the library's log records."""

    def __init__(self, *, service: str, namespace: str, level: str) -> None:
        # `location` would look up the caller's frame for each line, and it is always the same.
        # ASCII only: a lone surrogate in a message id must not prevent the line.
        formatter = LinesFormatter(json_serializer=_encode)
        self._logger = Logger(service, level=level, location=None, logger_formatter=formatter)
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

    def outcomes(self, lines: Sequence[Mapping[str, LogValue]]) -> None:
        """Log one line for each, without the fields that are None."""
        present = [_present(line) for line in lines]
        if len(present) == 1:
            self._logger.info("outcome", extra=present[0])
        elif present:
            self._logger.info("outcome", extra={LINES: present})

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


def _present(fields: Mapping[str, LogValue]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
