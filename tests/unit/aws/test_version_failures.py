"""Failures by the function's version: which count, and how they are written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from segment_rehook.aws.version_failures import VersionTelemetry
from segment_rehook.delivery.outcomes import Parked


@pytest.fixture
def telemetry() -> VersionTelemetry:
    """Telemetry of version 7 of the ingest function."""
    return VersionTelemetry(
        service="ingest", namespace="SegmentRehook/s", level="INFO", version="7"
    )


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines of EMF that have the metric."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if "VersionFailures" in line]


def test_unexpected_errors_are_counted_by_version(
    telemetry: VersionTelemetry, capsys: pytest.CaptureFixture[str]
) -> None:
    """The unexpected errors of an invocation are one value, with service and version."""
    with telemetry.invocation("r1"):
        telemetry.count("UnexpectedErrors")
        telemetry.count("UnexpectedErrors", 2)
    [line] = written(capsys)
    assert line["VersionFailures"] in (3, [3])
    assert (line["service"], line["version"]) == ("ingest", "7")
    [described] = line["_aws"]["CloudWatchMetrics"]
    assert described["Namespace"] == "SegmentRehook/s"
    assert sorted(described["Dimensions"][0]) == ["service", "version"]


def test_a_mapping_that_throws_is_a_failure_of_the_version(
    telemetry: VersionTelemetry, capsys: pytest.CaptureFixture[str]
) -> None:
    """Deliveries that are parked because the mapping threw count; those of other reasons do not."""
    with telemetry.invocation("r1"):
        for reason in Parked:
            telemetry.count("DeliveriesParked", 2, reason=reason)
        telemetry.count("DeliveriesStored", 4, reason=Parked.MAPPING_ERROR)
        telemetry.count("UnexpectedErrors")
    [line] = written(capsys)
    assert line["VersionFailures"] in (3, [3])


def test_without_failures_nothing_is_written(
    telemetry: VersionTelemetry, capsys: pytest.CaptureFixture[str]
) -> None:
    """An invocation without failures, whatever else it counts, writes no such metric."""
    with telemetry.invocation("r1"):
        telemetry.count("EventsDelivered", 9)
        telemetry.count("EventsParked", 9)
    assert not written(capsys)


def test_failures_are_written_once_and_also_after_an_error(
    telemetry: VersionTelemetry, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failures are written though the invocation fails, and not again by the next one."""

    def fail() -> None:
        with telemetry.invocation("r1"):
            telemetry.count("UnexpectedErrors")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with telemetry.invocation("r2"):
        pass
    assert len(written(capsys)) == 1
