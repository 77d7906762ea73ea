"""Figures on which the delivery promise rests, and which nothing but these tests ties together."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.settings import IngestSettings, RedriveSettings
from tests.template.stack import DAY, environment, parameters, properties

FUNCTIONS = ("IngestFunction", "RedriveFunction")
RETENTION = properties("DeadLetterQueue")["MessageRetentionPeriod"]


def test_a_received_message_stays_invisible_for_six_redrive_timeouts() -> None:
    """Lambda retries a batch behind throttles; with less, a second function would get it."""
    visibility = properties("DeadLetterQueue")["VisibilityTimeout"]
    assert visibility >= 6 * properties("RedriveFunction")["Timeout"]


def test_a_parked_event_outlives_the_queue_that_it_came_from() -> None:
    """SQS moves an expired receive count with its old age, so the second queue must keep longer."""
    assert properties("ParkingLot")["MessageRetentionPeriod"] > RETENTION
    assert properties("ParkingLot")["MessageRetentionPeriod"] == 14 * DAY, "SQS's maximum"


def test_redrive_knows_the_queues_retention() -> None:
    """The hard stop, a day before SQS deletes silently, is counted from this figure."""
    assert environment("RedriveFunction")["QUEUE_RETENTION_SECONDS"] == str(RETENTION)


def test_the_longest_patience_ends_a_day_before_the_queue_forgets() -> None:
    """No choice of GiveUpAfterHours may let SQS delete an event before it is parked."""
    assert parameters()["GiveUpAfterHours"]["MaxValue"] * 3600 <= RETENTION - DAY


def test_the_ledger_remembers_longer_than_any_queue_keeps() -> None:
    """A dead letter redriven on its last day must still meet its record."""
    longest = RETENTION + properties("ParkingLot")["MessageRetentionPeriod"]
    assert parameters()["LedgerDays"]["MinValue"] * DAY > longest


def test_segment_is_answered_within_the_function_and_the_function_within_its_lease() -> None:
    """Budget < function < API, and a claim's lease outlives the function that holds it."""
    ingest, redrive = properties("IngestFunction"), properties("RedriveFunction")
    assert parameters()["BudgetSeconds"]["MaxValue"] + 2 <= ingest["Timeout"]
    assert ingest["Timeout"] < IngestSettings().lease
    assert redrive["Timeout"] < RedriveSettings().lease
    for event in ingest["Events"].values():
        assert ingest["Timeout"] * 1000 < event["Properties"]["TimeoutInMillis"] <= 30_000


def test_the_default_budget_leaves_a_second_before_classic_webhooks_time_out() -> None:
    """Classic Segment webhooks wait 5 seconds: segment-delivery reference."""
    assert parameters()["BudgetSeconds"]["Default"] <= 4


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_call_to_rehook_fits_into_the_function(function: str) -> None:
    """Else Lambda would end the function between the call and the record of it."""
    assert (
        float(environment(function)["CALL_TIMEOUT_SECONDS"]) * 2 < properties(function)["Timeout"]
    )


def test_redrive_reports_single_failures_and_is_capped() -> None:
    """Else one failure repeats ten calls, and a Rehook that comes back is flooded."""
    source = properties("RedriveFunction")["Events"]["DeadLetters"]
    assert source["Type"] == "SQS"
    assert source["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["Properties"]["BatchSize"] == 10, "a FIFO queue gives no more"
    assert source["Properties"]["ScalingConfig"] == {
        "MaximumConcurrency": {"Ref": "RedriveConcurrency"}
    }
    bounds = parameters()["RedriveConcurrency"]
    assert (bounds["MinValue"], bounds["MaxValue"]) == (2, 1000), "Lambda's own bounds"


def test_receive_count_is_the_last_net_only() -> None:
    """Giving up goes by age; 1,000 receives are SQS's maximum and what back-off stays below."""
    policy = properties("DeadLetterQueue")["RedrivePolicy"]
    assert policy["maxReceiveCount"] == 1000
    assert policy["deadLetterTargetArn"] == {"Fn::GetAtt": ["ParkingLot", "Arn"]}
