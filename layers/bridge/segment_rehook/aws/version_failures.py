"""Counts failures of the code and of the mapping by the function's version.

Alarms of a deployment look at one version. Other metrics have no dimension for it: they would tell
of the version that is to be replaced as well, and stop the deployment that mends it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from segment_rehook.aws.telemetry import LambdaTelemetry
from segment_rehook.delivery.outcomes import Parked

if TYPE_CHECKING:
    from collections.abc import Iterator


class VersionTelemetry(LambdaTelemetry):
    """The port `Telemetry`, with one more metric, VersionFailures.

    It is the sum of the unexpected errors and of the deliveries that were parked because the
    mapping threw. Its dimensions are `service` and `version`. It is written at the end of an
    invocation that has one.
    """

    def __init__(
        self, *, service: str, namespace: str, level: str, version: str, traced: bool = False
    ) -> None:
        super().__init__(service=service, namespace=namespace, level=level, traced=traced)
        self._by = {"service": service, "version": version}
        self._namespace = namespace
        self._failures = 0

    def count(self, metric: str, value: int = 1, **dimension: Any) -> None:
        """Add `value` to a metric."""
        parked = metric == "DeliveriesParked" and dimension.get("reason") == Parked.MAPPING_ERROR
        if metric == "UnexpectedErrors" or parked:
            with self._lock:
                self._failures += value
        super().count(metric, value, **dimension)

    @contextmanager
    def invocation(self, *ids: Any, **more_ids: Any) -> Iterator[None]:
        """Add the ids to each line. At the end, even after an error, write the metrics."""
        try:
            with super().invocation(*ids, **more_ids):
                yield
        finally:
            self._write_failures()

    def _write_failures(self) -> None:
        with self._lock:
            failures, self._failures = self._failures, 0
        if failures:
            with single_metric(
                name="VersionFailures",
                unit=MetricUnit.Count,
                value=failures,
                namespace=self._namespace,
                default_dimensions=self._by,
            ):
                pass
