"""What CloudWatch is paid for, counted in template and code: metrics, alarms, dashboard."""

from __future__ import annotations

from typing import Final

import msgspec

from segment_rehook.delivery.outcomes import Parked, Stored
from tools.cloudwatch.watched import DASHBOARD, metrics_of_alarm, permanent_alarms, resources
from tools.cloudwatch.written import metrics

CREDENTIALS: Final = 1
"""Shared secrets and tokens in use: two while one is rotated."""

VERSIONS: Final = 2
"""Versions of a function that get traffic: the live one and, while traffic moves, the new one."""

VALUES: Final = {
    ("DeliveriesStored", "reason"): len(Stored),
    ("DeliveriesParked", "reason"): len(Parked),
    ("AccessMatched", "credential"): CREDENTIALS,
    ("VersionFailures", "version"): VERSIONS,
}
"""How many values a dimension beside the service has."""

STEADY: Final = {
    *("EventsReceived", "EventsDelivered", "EventsDuplicate", "EventsDropped", "EventsIgnored"),
    *("RehookMilliseconds", "BreakerOpen", "NotDelivering", "ColdStart", "AccessMatched"),
}
"""Metrics that the ingest function of a stack without trouble writes in each hour."""


class Counted(msgspec.Struct, frozen=True):
    """Metrics with the same dimensions.

    `names`: how many names. `series`: how many metrics these are at most, as CloudWatch bills them:
    each combination of name and dimensions' values. `steady`: those that are written in each hour.
    """

    dimensions: str
    names: int
    series: int
    steady: int


def custom_metrics() -> list[Counted]:
    """The functions' metrics, by their dimensions."""
    found: dict[str, Counted] = {}
    for name, written in metrics().items():
        more = sorted(written.dimensions - {"service"})
        values = VALUES[name, more[0]] if more else 1
        label = ", ".join(["service", *more])
        before = found.get(label, Counted(label, 0, 0, 0))
        found[label] = Counted(
            label,
            before.names + 1,
            before.series + values * len(written.services),
            before.steady + (values if name in STEADY else 0),
        )
    return sorted(found.values(), key=lambda each: (len(each.dimensions), each.dimensions))


def steady_metrics() -> int:
    """How many metrics a stack without trouble writes in each hour."""
    return sum(each.steady for each in custom_metrics())


def alarms() -> int:
    """How many alarms there are. None is of high resolution: no period is below a minute."""
    return len(permanent_alarms())


def alarm_metrics() -> int:
    """How many metrics the alarms look at: an alarm on an expression pays for each in it."""
    return sum(len(metrics_of_alarm(alarm)) for alarm in permanent_alarms().values())


def dashboards() -> int:
    """How many dashboards a stack has."""
    return len(resources(DASHBOARD))
