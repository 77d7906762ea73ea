"""Checks that the lines of the embedded metric format became metrics, with their dimensions."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from segment_rehook_cli.stack.metrics import Metric, read_points, written_by
from tools.cloudwatch import written
from tools.verify_aws.accepted import accepted
from tools.verify_aws.check import Check, skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segment_rehook.delivery.ports import Clock

MAX_SECONDS = 240.0
"""A metric has its value some two minutes after the line was logged."""

PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
MINUTE = 60


def of_webhook_checks(stack: str) -> dict[str, Metric]:
    """Give the metrics that `webhook_checks` makes ingest write, by what they count."""
    return {
        "the request without a signature": _sum(stack, "RequestsRefused"),
        "the event": _sum(stack, "EventsReceived"),
        "the ignored event": _sum(stack, "EventsIgnored"),
        "the shared secret": _sum(stack, "AccessMatched", credential="secret-1"),
    }


def have_values(
    cloudwatch: Any, expected: dict[str, Metric], since: float, clock: Clock
) -> Iterator[Check]:
    """Wait until each metric has a value of `since`, in Unix time, or later."""
    end = clock.monotonic() + MAX_SECONDS
    pauses = chain(PAUSES, repeat(PAUSES[-1]))
    while True:
        until = clock.now() + MINUTE
        found = read_points(cloudwatch, expected.values(), since, until, MINUTE)
        if all(found.values()) or clock.monotonic() > end:
            break
        clock.sleep(next(pauses))
    for counted, metric in expected.items():
        dimensions = ", ".join("=".join(each) for each in metric.dimensions)
        yield Check(
            f"{counted} of these checks is counted in {metric.name} with {dimensions}",
            holds=sum(found[metric].values()) >= 1,
            seen=f"no value within {MAX_SECONDS:.0f} s",
        )


def dimensions(cloudwatch: Any, stack: str) -> Check:
    """Check that CloudWatch lists each metric of the last hours with the code's dimensions only."""
    text = "CloudWatch lists the metrics with the dimensions that the code writes"
    pages, check = accepted(
        cloudwatch,
        text,
        lambda: [
            *cloudwatch.get_paginator("list_metrics").paginate(
                Namespace=f"SegmentRehook/{stack}", RecentlyActive="PT3H"
            )
        ],
    )
    if pages is None:
        return check
    listed = {
        (each["MetricName"], frozenset(pair["Name"] for pair in each["Dimensions"]))
        for page in pages
        for each in page["Metrics"]
    }
    if not listed:
        return skipped(text, "none is listed yet: try again in 15 minutes")
    known = {(name, each.dimensions) for name, each in written.metrics().items()}
    other = [f"{name} by {', '.join(sorted(by))}" for name, by in sorted(listed - known, key=str)]
    return Check(text, holds=not other, seen="; ".join(other))


def _sum(stack: str, name: str, **more: str) -> Metric:
    return written_by(stack, "ingest", name, "Sum", **more)
