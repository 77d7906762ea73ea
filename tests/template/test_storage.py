"""What holds events and records: kept when the stack goes, encrypted, in order."""

from __future__ import annotations

import pytest

from tests.template.stack import properties, resources

QUEUES = ("DeadLetterQueue", "ParkingLot")


@pytest.mark.parametrize("logical_id", [*QUEUES, "Ledger"])
def test_deleting_the_stack_deletes_no_event_and_no_record(logical_id: str) -> None:
    """Queues and table stay when the stack is deleted, or CloudFormation replaces them.

    Only a first create that fails takes what it made with it, which is empty: left behind, it would
    have to be deleted by hand.
    """
    (whole,) = [
        whole
        for kind in ("AWS::SQS::Queue", "AWS::DynamoDB::Table")
        for name, whole in resources(kind).items()
        if name == logical_id
    ]
    assert whole["DeletionPolicy"] == "RetainExceptOnCreate"
    assert whole["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("logical_id", QUEUES)
def test_queues_are_encrypted_and_fifo_in_high_throughput_mode(logical_id: str) -> None:
    """Both queues are encrypted FIFO queues in high-throughput mode.

    That mode asks for both settings: SQS developer guide.
    """
    queue = properties(logical_id)
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["FifoQueue"] is True
    assert queue["DeduplicationScope"] == "messageGroup"
    assert queue["FifoThroughputLimit"] == "perMessageGroupId"
    assert "ContentBasedDeduplication" not in queue, "deduplication ids are given, always"


def test_only_the_dead_letter_queue_may_move_messages_to_the_parking_lot() -> None:
    """The parking lot's policy lets the dead-letter queue, by its name, move messages there."""
    policy = properties("ParkingLot")["RedriveAllowPolicy"]
    assert policy["redrivePermission"] == "byQueue"
    (source,) = policy["sourceQueueArns"]
    text, values = source["Fn::Sub"]
    name, same_values = properties("DeadLetterQueue")["QueueName"]["Fn::Sub"]
    assert text.endswith(":" + name)
    assert values == same_values


def test_the_ledger_is_on_demand_recoverable_and_encrypted() -> None:
    """The table is on demand, encrypted, and can be restored to a point in time."""
    ledger = properties("Ledger")
    assert ledger["BillingMode"] == "PAY_PER_REQUEST"
    assert ledger["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert ledger["SSESpecification"] == {"SSEEnabled": True}
    assert ledger["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert ledger["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_logs_are_kept_as_long_as_the_parameter_says() -> None:
    """Each log group is kept for as long as the parameter says."""
    groups = resources("AWS::Logs::LogGroup")
    assert set(groups) == {"AccessLog", "IngestLog", "RedriveLog", "PreTrafficLog"}
    for group in groups.values():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@pytest.mark.parametrize("logical_id", ["BridgeLayer", "DestinationLayer"])
def test_a_deploy_that_fails_leaves_no_layer_behind(logical_id: str) -> None:
    """A layer of a deployment that fails is deleted; layers before a good one are kept."""
    assert resources("AWS::Serverless::LayerVersion")[logical_id]["DeletionPolicy"] == (
        "RetainExceptOnCreate"
    )
