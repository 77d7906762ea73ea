"""Log lines and metrics by Powertools: JSON on standard output, metrics in CloudWatch's EMF.

Metrics of one invocation are added up here and written once at its end: an invocation may count
thousands of events, from many threads, and EMF would list every single value. What is to be there
also if the function dies is written at once (`count_now`).
"""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter, defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from segment_rehook.delivery.outcome_line import OutcomeLine

LogValue = str | int | float | None

LINES = "lines"

UNITS: Final = {
    "RehookMilliseconds": MetricUnit.Milliseconds,
    "DeadLetterAge": MetricUnit.Seconds,
    "BreakerOpen": MetricUnit.NoUnit,
    "NotDelivering": MetricUnit.NoUnit,
}
"""The metrics whose values are written one by one. The unit of all others is Count."""

MAX_VALUES: Final = 100
"""The most values of one metric in one line: EMF's limit."""

_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode
_encode_line = msgspec.json.Encoder().encode


class LinesFormatter(LambdaPowertoolsFormatter):
    """The library's formatter; a record that has LINES becomes one line for each of them.

    What the lines have in common is made once: to make it takes as long as the rest of a delivery.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Give the record's line or lines, without a line feed at the end."""
        fields = dict(vars(record))
        lines = fields.pop(LINES, None)
        text = super().format(logging.makeLogRecord(fields) if lines else record)
        if lines is None:
            return text
        common = text.removesuffix("}")
        return "\n".join(f"{common},{_members(line)}}}" for line in lines)


class LambdaTelemetry:
    """The port `Telemetry`. Field names must not be attributes of the library's log records."""

    def __init__(self, *, service: str, namespace: str, level: str) -> None:
        # `location` would look up the caller's frame for each line, and it is always the same.
        # ASCII only: a lone surrogate in a message id must not prevent the line.
        formatter = LinesFormatter(json_serializer=_encode)
        self._logger = Logger(service, level=level, location=None, logger_formatter=formatter)
        self._metrics = EphemeralMetrics(namespace=namespace)
        self._service = {"service": service}
        self._counts: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
        self._values: defaultdict[str, list[float]] = defaultdict(list)
        self._warned: set[tuple[object, ...]] = set()
        self._lock = threading.Lock()
        self._cold = True

    @contextmanager
    def invocation(
        self, function_request_id: str, *, request_id: str | None = None
    ) -> Iterator[None]:
        """Add the ids of Lambda and of API Gateway to each line.

        At the end, even after an error, write the metrics.
        """
        self._logger.append_keys(
            function_request_id=function_request_id, cold_start=self._cold, request_id=request_id
        )
        self._warned.clear()
        if self._cold:
            self.count("ColdStart")
            self._cold = False
        try:
            yield
        finally:
            self._flush()

    def outcomes(self, lines: Sequence[OutcomeLine]) -> None:
        """Log one line for each, without the fields that are None."""
        if lines:
            self._logger.info("outcome", extra={LINES: lines})

    def warn(self, message: str, **fields: LogValue) -> None:
        """Log a warning."""
        self._logger.warning(message, extra=_present(fields))

    def warn_once(self, message: str, **fields: LogValue) -> None:
        """Log a warning, unless this invocation has logged the same one."""
        warning = (message, *sorted(_present(fields).items()))
        with self._lock:
            is_new = warning not in self._warned
            self._warned.add(warning)
        if is_new:
            self.warn(message, **fields)

    def count(self, metric: str, value: int = 1, **dimension: str) -> None:
        """Add `value` to a metric, which is written at the end of the invocation."""
        with self._lock:
            self._counts[metric, tuple(dimension.items())] += value

    def count_now(self, metric: str, value: int) -> None:
        """Write a metric at once."""
        self._write(self._emf({metric: [value]}, {}))

    def observe(self, metric: str, value: float) -> None:
        """Add a value to a metric of UNITS. The values are written at the end."""
        with self._lock:
            self._values[metric].append(value)

    def _flush(self) -> None:
        with self._lock:
            counts, self._counts = self._counts, Counter()
            values, self._values = self._values, defaultdict(list)
        written: defaultdict[tuple[tuple[str, str], ...], dict[str, list[float]]] = defaultdict(
            dict
        )
        for metric, found in values.items():
            written[()][metric] = spread(found)
        for (metric, dimension), value in counts.items():
            written[dimension][metric] = [value]
        lines: list[dict[str, Any]] = []
        for dimension, metrics in written.items():
            _add(self._emf(metrics, dict(dimension)), lines)
        for line in lines:
            self._write(line)

    def _emf(self, metrics: Mapping[str, list[float]], dimension: dict[str, str]) -> dict[str, Any]:
        """Give a line of EMF, whose metrics all have the same dimensions."""
        line: Any = self._metrics.serialize_metric_set(
            metrics={
                metric: {"Unit": UNITS.get(metric, MetricUnit.Count).value, "Value": values}
                for metric, values in metrics.items()
            },
            dimensions=self._service | dimension,
        )
        return dict(line)

    def _write(self, line: Mapping[str, Any]) -> None:
        print(_encode(line), flush=True)  # noqa: T201 — CloudWatch reads standard output


def _add(new: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    """Add a line of EMF to one whose members have other names; to the list if there is none.

    Each line is paid for. A line may have metrics of several dimension sets, but a member such as
    `reason` has one value in it.
    """
    members = new.keys() - {"_aws", "service"}
    for line in lines:
        if members.isdisjoint(line):
            line["_aws"]["CloudWatchMetrics"] += new["_aws"]["CloudWatchMetrics"]
            line |= {name: new[name] for name in members}
            return
    lines.append(new)


def spread(values: list[float]) -> list[float]:
    """Give at most MAX_VALUES of the values, rounded to tenths.

    Of more they are evenly spread over the sorted values, from the lowest to the highest. So
    minimum, maximum and percentiles are kept, and the number of values is not.
    """
    if len(values) > MAX_VALUES:
        values = sorted(values)
        last = len(values) - 1
        values = [values[number * last // (MAX_VALUES - 1)] for number in range(MAX_VALUES)]
    return [round(value, 1) for value in values]


def _members(line: OutcomeLine) -> str:
    """Give a line's members as JSON in ASCII, without the braces around them."""
    try:
        text = _encode_line(line)
        if text.isascii():
            return text[1:-1].decode()
    except UnicodeEncodeError:
        pass  # a lone surrogate
    return _encode(_present(msgspec.structs.asdict(line)))[1:-1]


def _present(fields: Mapping[str, LogValue]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
