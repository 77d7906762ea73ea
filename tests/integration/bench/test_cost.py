"""The cost page: its arithmetic, and that it holds the template's figures and the measured ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from segment_rehook.delivery.outcomes import Parked, Stored
from tests.template.stack import parameters, properties, resources
from tools.bench import cost, cost_page, draining, page, paths, watching
from tools.cloudwatch.written import metrics

DOCS = Path(__file__).parents[3] / "docs"
KNOWN: dict[str, Any] = json.loads((DOCS / "performance.json").read_text())
PRICE = dict.fromkeys(cost.prices(), 1.0)
PATH = {
    "requests": 1.0,
    "reads": 1.0,
    "writes": 2.0,
    "sqs": 0.0,
    "log_bytes": 250.0,
    "cpu_ms": 1.0,
    "wall_ms": 10.0,
}
SINGLE, BATCH = "one event a request", "1,000 events a request"
PATHS = {
    f"delivered, {SINGLE}": PATH,
    f"delivered, {BATCH}": {**PATH, "requests": 0.001, "wall_ms": 4.0},
    "failed, stored": {**PATH, "writes": 3.0, "sqs": 1.0, "wall_ms": 30.0},
    "redriven after a failure": {**PATH, "requests": 0.1, "reads": 0.0, "writes": 4.0},
    f"stored while calls are stopped, {SINGLE}": {**PATH, "writes": 1.0, "sqs": 1.0},
    f"stored while calls are stopped, {BATCH}": {**PATH, "writes": 1.0, "sqs": 0.1},
    "redriven after a stop": {**PATH, "requests": 0.1, "reads": 0.0, "writes": 3.0},
}


@pytest.mark.parametrize(
    ("name", "parts"),
    [("performance.md", page.sections(KNOWN)), ("cost.md", cost_page.sections(KNOWN))],
    ids=["performance", "cost"],
)
def test_the_page_is_of_the_figures_that_lie_beside_it(name: str, parts: dict[str, str]) -> None:
    """A figure that is changed by hand, in one of the two, would not be what was measured."""
    text = (DOCS / name).read_text(encoding="utf-8")
    assert page.filled(text, parts) == text


def test_an_event_pays_for_each_part_by_its_units() -> None:
    """At a dollar for everything, the bill is the count of units of a million events."""
    assert cost.ingest(PATH, PRICE) == {
        "API Gateway": 1.0,
        "Lambda, requests": 1.0,
        "Lambda, time": pytest.approx(10_000 * 1_769 / 1_024),
        "DynamoDB, writes": 2.0,
        "DynamoDB, reads": 1.0,
        "SQS": 0.0,
        "logs": 1.0,
        "to Rehook": 1.2,
    }


def test_a_batch_pays_for_its_bytes_at_the_api() -> None:
    """API Gateway meters by 512 KB: a batch of 1,000 events of 1.6 KB counts as more than one."""
    bill = cost.ingest(PATHS[f"delivered, {BATCH}"], PRICE)
    assert bill["API Gateway"] == pytest.approx(1_600 / 512_000)
    assert bill["Lambda, requests"] == pytest.approx(0.001)


def test_redrive_pays_for_receiving_and_deleting_and_for_its_part_of_a_core() -> None:
    """Ten dead letters share a receive and a delete; processor time counts 1,769 ÷ 512 times."""
    bill = cost.redrive(PATHS["redriven after a stop"], PRICE)
    assert bill["SQS"] == pytest.approx(0.2)
    assert bill["Lambda, time"] == pytest.approx((9.0 + 1_769 / 512) * 1_000 / 2)


@pytest.mark.parametrize("batched", [False, True])
def test_a_failing_event_costs_its_storing_and_its_redriving(*, batched: bool) -> None:
    """One in twenty is tried, stored and redriven; when all fail, nothing is tried."""
    size = BATCH if batched else SINGLE

    def writes(failing: float) -> float:
        bill = cost.scenario(PATHS, PRICE, failing=failing, batched=batched)
        return bill["DynamoDB, writes"]

    assert writes(0.0) == PATHS[f"delivered, {size}"]["writes"]
    assert writes(0.05) == pytest.approx(0.95 * 2 + 0.05 * (3 + 4))
    assert writes(1.0) == pytest.approx(1 + 3)


def test_a_queue_first_design_pays_for_a_send_of_each_event() -> None:
    """And for two writes of the ledger where it keeps one."""
    bill = cost.queue_first(PATHS, PRICE, ledger=True)
    assert bill["SQS"] == pytest.approx(1.2)
    assert bill["DynamoDB, writes"] == 2.0
    assert cost.queue_first(PATHS, PRICE, ledger=False)["DynamoDB, writes"] == 0.0


def test_what_is_kept_grows_with_the_rate_and_the_rest_does_not() -> None:
    """Alarms, metrics and polls are the same at any rate."""
    slow, fast = (cost.monthly(PATH, rate, PRICE) for rate in (1.0, 100.0))
    assert fast["ledger, kept"] == pytest.approx(100 * slow["ledger, kept"])
    assert {part for part in slow if slow[part] == fast[part]} == {
        "alarms",
        "metrics",
        "dashboard",
        "polls of an empty queue",
        "secrets (KMS)",
    }


def test_the_templates_figures_are_those_that_the_costs_are_of() -> None:
    """Memory, retention, batch size and concurrency."""
    defaults: dict[str, Any] = {name: each.get("Default") for name, each in parameters().items()}
    assert defaults["IngestMemory"] / 1_024 == cost.INGEST_GB
    assert defaults["RedriveMemory"] / 1_024 == cost.REDRIVE_GB
    assert defaults["LedgerDays"] == cost.LEDGER_DAYS
    assert defaults["LogRetentionDays"] == cost.LOG_DAYS
    source = properties("RedriveFunction")["Events"]["DeadLetters"]["Properties"]
    assert source["BatchSize"] == cost.LETTERS_A_BATCH == draining.BATCH == paths.LETTERS
    assert defaults["RedriveConcurrency"] == draining.CONCURRENCY


def test_the_alarms_metrics_are_those_of_the_template() -> None:
    """An alarm on a metric counts one, an alarm on an expression each metric in it."""
    alarms = [
        whole["Properties"]
        for whole in resources("AWS::CloudWatch::Alarm").values()
        if "Condition" not in whole  # those last as long as a deployment in steps
    ]
    looked_at = [sum("MetricStat" in part for part in each.get("Metrics", ())) for each in alarms]
    assert sum(max(1, number) for number in looked_at) == watching.alarm_metrics()
    assert len(alarms) == watching.alarms()


def test_no_alarm_is_of_high_resolution() -> None:
    """Those cost more: no period is below a minute."""
    for whole in resources("AWS::CloudWatch::Alarm").values():
        said = whole["Properties"]
        parts = [part["MetricStat"] for part in said.get("Metrics", ()) if "MetricStat" in part]
        assert all(each["Period"] >= 60 for each in parts or [said])


def test_a_metric_is_counted_once_for_each_value_of_its_dimensions() -> None:
    """CloudWatch bills each combination; the steady ones are written by ingest."""
    counted = {each.dimensions: each for each in watching.custom_metrics()}
    by = {f"service, {dimension}" for dimension in ("reason", "credential", "version")}
    assert set(counted) == {"service", *by}
    assert counted["service, version"].series == 2 * watching.VERSIONS
    assert counted["service, reason"].series == 2 * (len(Stored) + len(Parked))
    assert counted["service, credential"].series == watching.CREDENTIALS
    written = metrics()
    assert sum(each.names for each in counted.values()) == len(written)
    assert set(written) >= watching.STEADY
    assert all("ingest" in written[name].services for name in watching.STEADY)
    assert watching.steady_metrics() == sum(each.steady for each in counted.values())
