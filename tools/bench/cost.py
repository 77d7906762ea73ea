"""Dollars for a million events, from what was counted and measured (`paths`) and `prices.json`.

Everything here is arithmetic over values; `docs/cost.md` gives the same formulas in words.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tools.bench import watching

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PRICES: Final = Path(__file__).with_name("prices.json")
MILLION: Final = 1_000_000
GB: Final = 1e9
HOURS_A_MONTH: Final = 730
MONTH_SECONDS: Final = HOURS_A_MONTH * 3_600

# The template's own.
INGEST_GB: Final = 1_769 / 1_024
REDRIVE_GB: Final = 512 / 1_024
ONE_CORE_GB: Final = 1_769 / 1_024
LEDGER_DAYS: Final = 45
LOG_DAYS: Final = 30
LETTERS_A_BATCH: Final = 10

# What is assumed, and not measured.
EVENT_BYTES: Final = 1_600
PART_BYTES: Final = 512_000
"""HTTP API meters a request by so much."""
ITEM_BYTES: Final = 450
"""A ledger record, with the 100 bytes that DynamoDB adds to each item."""
CALL_BYTES: Final = 1_200
"""A call to Rehook as it leaves AWS: body, headers and TLS's own."""
ACCESS_LINE_BYTES: Final = 400
PLATFORM_LINES_BYTES: Final = 350
"""Lambda's START, END and REPORT of an invocation."""
COMPRESSED: Final = 0.15
SECURE_PARAMETERS: Final = 5
IDLE_POLLS_A_MINUTE: Final = 15
"""Lambda keeps five pollers at the queue, each waiting 20 seconds."""

Dollars = dict[str, float]
Price = dict[str, float]


def prices() -> Price:
    """The list prices."""
    listed = json.loads(PRICES.read_text())["dollars"]
    return {name: each["price"] for name, each in listed.items()}


def ingest(path: Mapping[str, Any], price: Price, *, called: bool = True) -> Dollars:
    """A million events on a way through the ingest function. `called`: Rehook is called."""
    parts = max(path["requests"], EVENT_BYTES / PART_BYTES)
    lines = path["log_bytes"] + path["requests"] * (PLATFORM_LINES_BYTES + ACCESS_LINE_BYTES)
    return {
        "API Gateway": parts * price["http_api_million_requests"],
        "Lambda, requests": path["requests"] * price["lambda_million_requests"],
        "Lambda, time": path["wall_ms"] * 1_000 * INGEST_GB * price["lambda_gb_second"],
        **_stores(path, price),
        "logs": lines * MILLION / GB * price["log_gb"],
        "to Rehook": called * CALL_BYTES * MILLION / GB * price["transfer_gb"],
    }


def redrive(path: Mapping[str, Any], price: Price) -> Dollars:
    """A million dead letters delivered: at 512 MB the function has a part of a core only."""
    slow = path["cpu_ms"] * (ONE_CORE_GB / REDRIVE_GB - 1)
    seconds = (path["wall_ms"] + slow) * 1_000
    polls = 2 / LETTERS_A_BATCH  # receive and delete, which the event source makes
    lines = path["log_bytes"] + path["requests"] * PLATFORM_LINES_BYTES
    return {
        "Lambda, requests": path["requests"] * price["lambda_million_requests"],
        "Lambda, time": seconds * REDRIVE_GB * price["lambda_gb_second"],
        **_stores({**path, "sqs": path["sqs"] + polls}, price),
        "logs": lines * MILLION / GB * price["log_gb"],
        "to Rehook": CALL_BYTES * MILLION / GB * price["transfer_gb"],
    }


def _stores(path: Mapping[str, Any], price: Price) -> dict[str, float]:
    return {
        "DynamoDB, writes": path["writes"] * price["table_million_writes"],
        "DynamoDB, reads": path["reads"] * price["table_million_reads"],
        "SQS": path["sqs"] * price["fifo_million_requests"],
    }


def scenario(
    paths: Mapping[str, Mapping[str, Any]], price: Price, *, failing: float, batched: bool
) -> Dollars:
    """A million events of an hour in which this share of the calls fails.

    A part of them: each is tried and stored. All of them: calls are stopped. Both are redriven.
    """
    size = "1,000 events a request" if batched else "one event a request"
    delivered = paths[f"delivered, {size}"]
    if failing == 1:
        stopped = ingest(paths[f"stored while calls are stopped, {size}"], price, called=False)
        return _sum([(1.0, stopped), (1.0, redrive(paths["redriven after a stop"], price))])
    failed = dict(paths["failed, stored"])
    if batched:  # its share of a request that it is one of a thousand in
        failed |= {name: delivered[name] for name in ("requests", "wall_ms")}
    return _sum(
        [
            (1 - failing, ingest(delivered, price)),
            (failing, ingest(failed, price)),
            (failing, redrive(paths["redriven after a failure"], price)),
        ]
    )


def queue_first(paths: Mapping[str, Mapping[str, Any]], price: Price, *, ledger: bool) -> Dollars:
    """A design that stores each event first, one a request, and delivers it from the queue.

    It needs no marks: the queue keeps the order. `ledger`: claims and settles as the bridge does.
    """
    path = {**paths["redriven after a stop"], "reads": 0, "writes": 2 if ledger else 0, "sqs": 1}
    front = {"API Gateway": price["http_api_million_requests"]}
    access = {"logs": ACCESS_LINE_BYTES * MILLION / GB * price["log_gb"]}
    return _sum([(1.0, redrive(path, price)), (1.0, front), (1.0, access)])


def monthly(delivered: Mapping[str, Any], rate: float, price: Price) -> Dollars:
    """What a month costs beside the events themselves, at a rate of events a second."""
    kept_gb = rate * LEDGER_DAYS * 86_400 * ITEM_BYTES / GB
    lines = delivered["log_bytes"] + delivered["requests"] * (
        PLATFORM_LINES_BYTES + ACCESS_LINE_BYTES
    )
    logged_gb = rate * LOG_DAYS * 86_400 * lines / GB * COMPRESSED
    environments = max(1, math.ceil(rate * delivered["wall_ms"] / 1_000))
    opened = environments * MONTH_SECONDS / 60 * SECURE_PARAMETERS
    polls = IDLE_POLLS_A_MINUTE * MONTH_SECONDS / 60
    return {
        "alarms": watching.alarm_metrics() * price["alarm_metric_month"],
        "metrics": watching.steady_metrics() * price["metric_month"],
        "dashboard": watching.dashboards() * price["dashboard_month"],
        "polls of an empty queue": polls / MILLION * price["fifo_million_requests"],
        "secrets (KMS)": opened / 10_000 * price["kms_ten_thousand_requests"],
        "ledger, kept": kept_gb * price["table_gb_month"],
        "ledger, backups": kept_gb * price["table_backup_gb_month"],
        "logs, kept": logged_gb * price["log_gb_month"],
    }


def _sum(shares: Iterable[tuple[float, Dollars]]) -> Dollars:
    total: defaultdict[str, float] = defaultdict(float)
    for share, dollars in shares:
        for part, each in dollars.items():
            total[part] += share * each
    return dict(total)
