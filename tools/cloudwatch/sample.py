"""Made-up figures for the picture of the dashboard: twelve hours in which Rehook is down for one.

Some 40 events a minute come all the time. From the sixth to the seventh hour Rehook does not
answer: events are stored, and delivered afterwards. A few events are refused and parked.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tools.cloudwatch.metric_math import Series
    from tools.cloudwatch.watched import Metric

PERIODS: Final = 48
MINUTES: Final = 15
OUTAGE: Final = range(24, 28)
DRAINING: Final = range(28, 32)
PARKED_AT: Final = {9: 2, 29: 1}

_RANDOM = random.Random(11)
_RECEIVED: Final = [
    round(MINUTES * (40 + 12 * math.sin(period / 9)) * _RANDOM.uniform(0.93, 1.07))
    for period in range(PERIODS)
]


def _of(share: float) -> list[int]:
    return [round(value * share * _RANDOM.uniform(0.7, 1.3)) for value in _RECEIVED]


_DUPLICATE, _DROPPED, _IGNORED = _of(0.02), _of(0.03), _of(0.12)
_PARKED = [PARKED_AT.get(period, 0) for period in range(PERIODS)]
_LEFT: Final = [
    received - duplicate - dropped - ignored - parked
    for received, duplicate, dropped, ignored, parked in zip(
        _RECEIVED, _DUPLICATE, _DROPPED, _IGNORED, _PARKED, strict=True
    )
]
_STORED = [
    left if period in OUTAGE else (left // 9 if period in DRAINING else (3 if period == 15 else 0))  # noqa: PLR2004 — one short time-out in the morning
    for period, left in enumerate(_LEFT)
]
_DELIVERED = [left - stored for left, stored in zip(_LEFT, _STORED, strict=True)]
_REDRIVEN: list[int] = []
_WAITING: list[int] = []
for _period, _stored in enumerate(_STORED):
    _before = (_WAITING[-1] if _WAITING else 0) + _stored
    _gone = 0 if _period in OUTAGE else min(_before, 720)
    _REDRIVEN.append(_gone)
    _WAITING.append(_before - _gone)
_OPEN = [float(period in OUTAGE) for period in range(PERIODS)]


def _floats(values: list[int]) -> Series:
    return [float(value) for value in values]


def _steady(middle: float, spread: float) -> Series:
    return [middle * _RANDOM.uniform(1 - spread, 1 + spread) for _ in range(PERIODS)]


def _calls(middle: float) -> Series:
    return [
        None if period in OUTAGE else value for period, value in enumerate(_steady(middle, 0.15))
    ]


_OURS: Final[dict[tuple[str, str], Series]] = {
    ("EventsReceived", "ingest"): _floats(_RECEIVED),
    ("EventsDelivered", "ingest"): _floats(_DELIVERED),
    ("EventsDuplicate", "ingest"): _floats(_DUPLICATE),
    ("EventsDropped", "ingest"): _floats(_DROPPED),
    ("EventsIgnored", "ingest"): _floats(_IGNORED),
    ("EventsParked", "ingest"): _floats(_PARKED),
    ("EventsStored", "ingest"): _floats(_STORED),
    ("DeadLettersSent", "ingest"): _floats(_STORED),
    ("DeadLettersDelivered", "redrive"): _floats(_REDRIVEN),
    ("BreakerOpen", "ingest"): list(_OPEN),
    ("BreakerOpen", "redrive"): [
        _OPEN[period] if period in {*OUTAGE, *DRAINING} else None for period in range(PERIODS)
    ],
    ("NotDelivering", "ingest"): [0.0] * PERIODS,
    ("UnknownOutcomes", "ingest"): [
        2.0 if period == OUTAGE[0] else 0.0 for period in range(PERIODS)
    ],
    ("RequestsRefused", "ingest"): [3.0 if period in {5, 40} else 0.0 for period in range(PERIODS)],
    ("DeadLetterAge", "redrive"): [
        900.0 * (period - OUTAGE[0] + 1) if waiting else None
        for period, waiting in enumerate(_WAITING)
    ],
}
_LATENCIES: Final = {
    ("RehookMilliseconds", "ingest", "p50"): _calls(52),
    ("RehookMilliseconds", "ingest", "p90"): _calls(95),
    ("RehookMilliseconds", "ingest", "p99"): _calls(310),
    ("RehookMilliseconds", "redrive", "p99"): [
        value if period in DRAINING else None for period, value in enumerate(_calls(420))
    ],
    ("Latency", "HttpApi", "p50"): _steady(66, 0.1),
    ("Latency", "HttpApi", "p99"): [
        4_150.0 if period == OUTAGE[0] else value for period, value in enumerate(_steady(420, 0.2))
    ],
}
_OF_AWS: Final[dict[tuple[str, str], Series]] = {
    ("Count", "HttpApi"): _floats(_RECEIVED),
    ("4xx", "HttpApi"): _OURS["RequestsRefused", "ingest"],
    ("Invocations", "IngestFunction"): _floats(_RECEIVED),
    ("Invocations", "RedriveFunction"): [gone / 8 for gone in _REDRIVEN],
    ("Duration", "IngestFunction"): [value * 70.0 for value in _RECEIVED],
    ("Duration", "RedriveFunction"): [gone * 12.0 for gone in _REDRIVEN],
    ("ApproximateNumberOfMessagesVisible", "DeadLetterQueue.QueueName"): [
        w * 0.2 for w in _WAITING
    ],
    ("ApproximateNumberOfMessagesNotVisible", "DeadLetterQueue.QueueName"): [
        w * 0.8 for w in _WAITING
    ],
    ("ApproximateNumberOfMessagesVisible", "ParkingLot.QueueName"): [
        float(sum(_PARKED[: period + 1])) for period in range(PERIODS)
    ],
    ("ApproximateAgeOfOldestMessage", "ParkingLot.QueueName"): [
        max(0.0, (period - min(PARKED_AT)) * MINUTES * 60.0) for period in range(PERIODS)
    ],
    ("ConsumedWriteCapacityUnits", "Ledger"): [value * 2.1 for value in _RECEIVED],
    ("ConsumedReadCapacityUnits", "Ledger"): [value * 1.1 for value in _RECEIVED],
    ("NumberOfMessagesSent", "DeadLetterQueue.QueueName"): _floats(_STORED),
    ("NumberOfMessagesReceived", "DeadLetterQueue.QueueName"): [gone * 1.2 for gone in _REDRIVEN],
    ("NumberOfMessagesDeleted", "DeadLetterQueue.QueueName"): _floats(_REDRIVEN),
    ("NumberOfEmptyReceives", "DeadLetterQueue.QueueName"): [15.0 * MINUTES] * PERIODS,
    ("IncomingBytes", "IngestLog"): [value * 1_250.0 for value in _RECEIVED],
    ("IncomingBytes", "RedriveLog"): [gone * 700.0 for gone in _REDRIVEN],
    ("IncomingBytes", "AccessLog"): [value * 400.0 for value in _RECEIVED],
}
_SEARCHED: Final[dict[str, dict[str, Series]]] = {
    "DeliveriesStored": {
        "breaker_open": [float(v) if p in OUTAGE else 0.0 for p, v in enumerate(_STORED)],
        "unreachable": [5.0 if p == OUTAGE[0] else 0.0 for p in range(PERIODS)],
        "user_waiting": [float(v) if p in DRAINING else 0.0 for p, v in enumerate(_STORED)],
        "unavailable": [3.0 if p == 15 else 0.0 for p in range(PERIODS)],  # noqa: PLR2004 — as above
    },
    "DeliveriesParked": {
        "ingest rejected": [float(v) if p == 9 else 0.0 for p, v in enumerate(_PARKED)],  # noqa: PLR2004 — as above
        "ingest mapping_error": [float(v) if p == 29 else 0.0 for p, v in enumerate(_PARKED)],  # noqa: PLR2004 — as above
    },
    "AccessMatched": {"secret-1": _floats(_RECEIVED)},
}
FIRING: Final = {"EventsParked": "ALARM"}
"""Alarms that are not OK at the end."""


def series(metric: Metric, statistic: str) -> Series:
    """The values of a metric, by period; zeros where nothing happened."""
    value = str(metric.dimensions[0][1])
    known = _LATENCIES.get((metric.name, value, statistic)) or _OURS.get((metric.name, value))
    return list(known or _OF_AWS.get((metric.name, value)) or [0.0] * PERIODS)


def searched(metric: Metric) -> dict[str, Series]:
    """The series that a SEARCH finds, by the label that CloudWatch gives them."""
    return _SEARCHED[metric.name]
