"""The tables of `docs/cost.md`, made of `paths` and of the list prices."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tools.bench import cost, watching
from tools.bench.page import figure, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.bench.cost import Dollars

RATES = (1, 100, 1_000)
FAILING = (0.0, 0.05, 1.0)
MODES = {False: "one event a request", True: "1,000 events a request"}
SEGMENTS_GUESS_MS = 200
"""What Segment's documentation says to expect of a destination function (Functions usage)."""


def sections(known: Mapping[str, Any]) -> dict[str, str]:
    """What stands between the marks, by name."""
    measured = known["parts"].get("paths", [])
    paths = {path["name"]: path for path in measured}
    price = cost.prices()
    return {
        "counts": table([_counted(path) for path in measured]),
        "costs": table(_parts(paths, price)),
        "scenarios": table(_scenarios(paths, price)),
        "watching": _watching(price),
        "fixed": table(_fixed(paths, price)),
        "beside": table(_beside(paths, price)),
        "prices": _prices(),
    }


def _counted(path: Mapping[str, Any]) -> dict[str, str]:
    exact = {
        "invocations": path["requests"],
        "reads": path["reads"],
        "writes": path["writes"],
        "calls to DynamoDB": path["table_calls"],
        "calls to SQS": path["sqs"],
    }
    return {
        "path": path["name"],
        **{name: f"{value:g}" for name, value in exact.items()},
        "log": f"{path['log_bytes']:.0f} B",
        "CPU": f"{figure(path['cpu_ms'])} ms",
        "wall": f"{figure(path['wall_ms'])} ms",
    }


def _parts(paths: Mapping[str, Any], price: cost.Price) -> list[dict[str, str]]:
    """Dollars for a million events on each path, by part."""
    found: dict[str, Dollars] = {}
    for name, path in paths.items():
        redriven = name.startswith("redriven")
        called = not name.startswith(("stored", "duplicate", "parked"))
        bill = cost.redrive(path, price) if redriven else cost.ingest(path, price, called=called)
        found[name] = bill
    parts = list(dict.fromkeys(part for bill in found.values() for part in bill))
    return [
        {
            "path": name,
            **{part: _dollars(bill.get(part, 0.0)) for part in parts},
            "all": f"**{_dollars(sum(bill.values()))}**",
        }
        for name, bill in found.items()
    ]


def _scenarios(paths: Mapping[str, Any], price: cost.Price) -> list[dict[str, str]]:
    """For each rate and mode: an hour at each share of failing calls, and a month."""
    rows = []
    for rate in RATES:
        for batched, mode in MODES.items():
            millions = {
                failing: sum(cost.scenario(paths, price, failing=failing, batched=batched).values())
                for failing in FAILING
            }
            fixed = sum(cost.monthly(paths[f"delivered, {mode}"], rate, price).values())
            hour = rate * 3_600 / cost.MILLION
            month = hour * cost.HOURS_A_MONTH * millions[0.0]
            rows.append(
                {
                    "events/s": f"{rate:,}",
                    "sent": mode,
                    **{
                        f"an hour, {failing:.0%} fail": (
                            f"{_dollars(each * hour)} ({_dollars(each)} a million)"
                        )
                        for failing, each in millions.items()
                    },
                    "a month, all well": _dollars(month),
                    "fixed and kept, a month": _dollars(fixed),
                    "all, a month": f"**{_dollars(month + fixed)}**",
                }
            )
    return rows


def _fixed(paths: Mapping[str, Any], price: cost.Price) -> list[dict[str, str]]:
    bills = {rate: cost.monthly(paths[f"delivered, {MODES[False]}"], rate, price) for rate in RATES}
    return [
        {
            "by the month": part,
            **{f"{rate:,} events/s": _dollars(bill[part]) for rate, bill in bills.items()},
        }
        for part in bills[RATES[0]]
    ]


def _watching(price: cost.Price) -> str:
    """What CloudWatch is paid for: each kind of metric, and the alarms in a sentence."""
    each = price["metric_month"]
    counted = watching.custom_metrics()
    rows = [
        {
            "dimensions": f"`{found.dimensions}`",
            "names": str(found.names),
            "metrics in each hour": str(found.steady),
            "a month": _dollars(found.steady * each),
            "metrics at most": str(found.series),
        }
        for found in counted
    ]
    most = sum(found.series for found in counted)
    return (
        f"{table(rows)}\n\n{watching.alarms()} alarms look at {watching.alarm_metrics()} metrics;"
        f" an alarm on an expression pays for each metric in it, and none is of high resolution."
        f" If all {most} metrics were written in every hour of a month, they would cost"
        f" {_dollars(most * each)}; a bad hour in which half of them are written costs"
        f" {_dollars(most / 2 * each / cost.HOURS_A_MONTH)}."
    )


def _beside(paths: Mapping[str, Any], price: cost.Price) -> list[dict[str, str]]:
    """A million events that Rehook answers in 50 ms."""
    single, batch = (
        sum(cost.scenario(paths, price, failing=0.0, batched=each).values()) for each in MODES
    )
    kept = sum(cost.queue_first(paths, price, ledger=True).values())
    bare = sum(cost.queue_first(paths, price, ledger=False).values())
    hours = SEGMENTS_GUESS_MS * cost.MILLION / 1_000 / 3_600
    return [
        {"design": "the bridge, one event a request", "a million events": _dollars(single)},
        {"design": "the bridge, 1,000 events a request", "a million events": _dollars(batch)},
        {"design": "queue first, with the same ledger", "a million events": _dollars(kept)},
        {"design": "queue first, without a ledger", "a million events": _dollars(bare)},
        {
            "design": "Segment Functions",
            "a million events": f"{hours:.1f} hours of execution by Segment's own estimate; the"
            f" same as the bridge's single events at {_dollars(single / hours)} an hour",
        },
    ]


def _prices() -> str:
    listed = json.loads(cost.PRICES.read_text())
    rows = [
        {"dollars": f"{each['price']:g}", "for a": each["unit"], "AWS's page": f"<{each['page']}>"}
        for each in listed["dollars"].values()
    ]
    return (
        f"List prices of {listed['region']}, looked up on {listed['looked_up']}, free tiers and"
        f" discounts left out.\n\n{table(rows)}"
    )


def _dollars(value: float) -> str:
    return f"${value:,.2f}" if value < 100 else f"${value:,.0f}"  # noqa: PLR2004 — where cents stop to matter
