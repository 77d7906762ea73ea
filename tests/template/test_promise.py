"""Figures on which the delivery promise rests, and which nothing but these tests ties together."""

from __future__ import annotations

import pytest

from segment_rehook.delivery.settings import IngestSettings, RedriveSettings
from tests.template.stack import DAY, environment, parameters, properties

FUNCTIONS = ("IngestFunction", "RedriveFunction")
RETENTION = properties("DeadLetterQueue")["MessageRetentionPeriod"]


def test_a_received_message_stays_invisible_for_six_redrive_timeouts() -> None:
    """A received message stays hidden for six time-outs of redrive.

    Lambda retries a batch behind throttles; with less, a second function would get it.
    """
    visibility = properties("DeadLetterQueue")["VisibilityTimeout"]
    assert visibility >= 6 * properties("RedriveFunction")["Timeout"]


def test_a_parked_event_outlives_the_queue_that_it_came_from() -> None:
    """The parking lot keeps messages longer than the dead-letter queue.

    SQS moves a message there with its old age.
    """
    assert properties("ParkingLot")["MessageRetentionPeriod"] > RETENTION
    assert properties("ParkingLot")["MessageRetentionPeriod"] == 14 * DAY, "SQS's maximum"


def test_redrive_knows_the_queues_retention() -> None:
    """The function is given the retention of the dead-letter queue."""
    assert environment("RedriveFunction")["QUEUE_RETENTION_SECONDS"] == str(RETENTION)


def test_the_longest_patience_ends_a_day_before_the_queue_forgets() -> None:
    """The largest GiveUpAfterHours ends a day before SQS deletes a message."""
    assert parameters()["GiveUpAfterHours"]["MaxValue"] * 3600 <= RETENTION - DAY


def test_the_ledger_remembers_longer_than_any_queue_keeps() -> None:
    """A record outlives a message that stays in both queues as long as it can."""
    longest = RETENTION + properties("ParkingLot")["MessageRetentionPeriod"]
    assert parameters()["LedgerDays"]["MinValue"] * DAY > longest


def test_segment_is_answered_within_the_function_and_the_function_within_its_lease() -> None:
    """The budget ends before the function's time-out, and that before the API's and the lease."""
    ingest, redrive = properties("IngestFunction"), properties("RedriveFunction")
    assert parameters()["BudgetSeconds"]["MaxValue"] + 2 <= ingest["Timeout"]
    assert ingest["Timeout"] < IngestSettings().lease
    assert redrive["Timeout"] < RedriveSettings().lease
    for event in ingest["Events"].values():
        assert ingest["Timeout"] * 1000 < event["Properties"]["TimeoutInMillis"] <= 30_000


def test_the_default_budget_leaves_a_second_before_classic_webhooks_time_out() -> None:
    """The default budget ends a second or more before a classic webhook's 5 seconds do.

    The figure is Segment's: segment-delivery reference.
    """
    assert parameters()["BudgetSeconds"]["Default"] <= 4


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_call_to_rehook_fits_into_the_function(function: str) -> None:
    """Twice a call's time-out is shorter than the function's time-out."""
    assert (
        float(environment(function)["CALL_TIMEOUT_SECONDS"]) * 2 < properties(function)["Timeout"]
    )


def test_redrive_reports_single_failures_and_is_capped() -> None:
    """Redrive reports failures message by message, and runs at most so many at once."""
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
    """SQS moves a message at 1,000 receives, its maximum and more than back-off comes to."""
    policy = properties("DeadLetterQueue")["RedrivePolicy"]
    assert policy["maxReceiveCount"] == 1000
    assert policy["deadLetterTargetArn"] == {"Fn::GetAtt": ["ParkingLot", "Arn"]}
