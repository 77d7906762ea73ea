"""Log lines and metrics by Powertools: JSON on standard output, metrics in CloudWatch's EMF.

Metrics of one invocation are added up here and written once at its end: an invocation may count
thousands of events, from many threads, and EMF would list every single value. What is to be there
also if the function dies is written at once (`count_now`).
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from segment_rehook.aws.ascii_json import ascii_json
from segment_rehook.aws.metric_lines import MetricLines, spread

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator, Mapping, Sequence

    from segment_rehook.aws.metric_lines import Dimension
    from segment_rehook.delivery.outcome_line import OutcomeLine

LogValue = str | int | float | None

LINES: Final = "lines"


class LinesFormatter(LambdaPowertoolsFormatter):
    """The library's formatter; a record that has LINES becomes one line for each of them.

    What the lines have in common is made once: to make it takes as long as the rest of a delivery.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Give the record's line or lines, without a line feed at the end."""
        lines: Sequence[OutcomeLine] | None = vars(record).pop(LINES, None)
        text = super().format(record)
        if lines is None:
            return text
        common = text.removesuffix("}")
        return "\n".join(f"{common},{ascii_json(line)[1:]}" for line in lines)


class LambdaTelemetry:
    """The port `Telemetry`. Field names must not be attributes of the library's log records.

    `traced`: whether X-Ray traces the function. Otherwise lines lack the id of the trace, which
    Lambda makes all the same.
    """

    def __init__(self, *, service: str, namespace: str, level: str, traced: bool = False) -> None:
        left_out: dict[str, Any] = {} if traced else {"xray_trace_id": None}
        formatter = LinesFormatter(json_serializer=ascii_json, **left_out)
        # `location` would look up the caller's frame for each line, and it is always the same.
        self._logger = Logger(service, level=level, location=None, logger_formatter=formatter)
        self._metrics = MetricLines(service=service, namespace=namespace)
        self._counts: Counter[tuple[str, Dimension]] = Counter()
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
        self._write({(): {metric: [value]}})

    def observe(self, metric: str, value: float) -> None:
        """Add a value to a metric of UNITS (`metric_lines`). The values are written at the end."""
        with self._lock:
            self._values[metric].append(value)

    def _flush(self) -> None:
        with self._lock:
            counts, self._counts = self._counts, Counter()
            values, self._values = self._values, defaultdict(list)
        written: defaultdict[Dimension, dict[str, list[float]]] = defaultdict(dict)
        for metric, found in values.items():
            written[()][metric] = spread(found)
        for (metric, dimension), value in counts.items():
            written[dimension][metric] = [value]
        self._write(written)

    def _write(self, metrics: Mapping[Dimension, Mapping[str, Sequence[float]]]) -> None:
        for line in self._metrics.of(metrics):
            print(line, flush=True)  # noqa: T201 — CloudWatch reads standard output


def _present(fields: Mapping[str, LogValue]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
