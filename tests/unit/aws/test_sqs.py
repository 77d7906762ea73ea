"""What becomes of SQS's refusals and silence, and how Lambda's records are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from segment_rehook.aws.errors import AwsError
from segment_rehook.aws.sqs import SqsQueue, received
from segment_rehook.delivery.ports import QueueUnavailable
from segment_rehook.delivery.queues.transport import Outgoing, Received
from tests.unit.aws.conftest import Stub

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters.fifo"


CALLS: dict[str, Callable[[SqsQueue], object]] = {
    "send_message_batch": lambda queue: queue.send([_message("a")]),
    "change_message_visibility_batch": lambda queue: queue.change_visibility({"r": 1}),
}


@pytest.fixture
def stub() -> Stub:
    """What SQS answers."""
    return Stub("sqs")


@pytest.fixture
def queue(stub: Stub) -> SqsQueue:
    """The queue under test."""
    return SqsQueue(stub.sqs, URL)


def _message(name: str) -> Outgoing:
    return Outgoing(group="g", dedupe=name, body=name, attributes={})


def _failed(id_: str) -> dict[str, Any]:
    return {"Id": id_, "SenderFault": False, "Code": "InternalError"}


def _taken(id_: str) -> dict[str, Any]:
    return {"Id": id_, "MessageId": "m", "MD5OfMessageBody": "0"}


def test_each_message_of_a_send_has_its_own_answer(queue: SqsQueue, stub: Stub) -> None:
    """In the order given, whatever order SQS names them in; one not named was not taken."""
    stub.add_response(
        "send_message_batch",
        {"Successful": [_taken("3"), _taken("0")], "Failed": [_failed("1")]},
    )

    answer = queue.send([_message(name) for name in "abcd"])

    assert answer == [True, False, False, True]


def test_when_all_fail_there_is_no_list_of_the_taken(queue: SqsQueue, stub: Stub) -> None:
    """SQS leaves empty lists out of its answers."""
    stub.add_response("send_message_batch", {"Successful": [], "Failed": [_failed("0")]})
    assert queue.send([_message("a")]) == [False]


def test_each_change_of_visibility_has_its_own_answer(queue: SqsQueue, stub: Stub) -> None:
    """The refused receipts come back, also those that SQS does not name at all."""
    stub.add_response(
        "change_message_visibility_batch",
        {"Successful": [{"Id": "1"}], "Failed": [_failed("0")]},
    )

    refused = queue.change_visibility({"r0": 1, "r1": 2, "r2": 3})

    assert refused == {"r0", "r2"}


@pytest.mark.parametrize("method", CALLS)
def test_a_failed_call_names_its_code_and_nothing_else(
    queue: SqsQueue, stub: Stub, method: str
) -> None:
    """SQS's message may quote the body."""
    stub.add_refusal(method, "InternalFailure")

    with pytest.raises(QueueUnavailable, match="InternalFailure") as caught:
        CALLS[method](queue)

    assert "ann" not in str(caught.value)


@pytest.mark.parametrize("method", CALLS)
def test_silence_is_queue_unavailable(queue: SqsQueue, stub: Stub, method: str) -> None:
    """A call without an answer raises: any of the messages may have been taken."""
    stub.add_error(method, AwsError("answer_timeout"))
    with pytest.raises(QueueUnavailable, match="answer_timeout"):
        CALLS[method](queue)


def test_a_record_of_lambdas_event_source_is_read_whole() -> None:
    """As the Lambda developer guide shows one of a FIFO queue; the body stays text."""
    record = {
        "messageId": "11d6ee51-4cc7-4302-9e22-7cd8afdaadf5",
        "receiptHandle": "AQEBBX8nesZEXmkhsmZeyIE8iQAMig7qw...",
        "body": "not { parsed",
        "attributes": {
            "ApproximateReceiveCount": "2",
            "SentTimestamp": "1573251510774",
            "SequenceNumber": "18849496460467696128",
            "MessageGroupId": "1",
            "SenderId": "AIDAIO23YVJENQZJOL4VO",
            "MessageDeduplicationId": "1",
            "ApproximateFirstReceiveTimestamp": "1573251510774",
        },
        "messageAttributes": {
            "delivery": {"stringValue": "m1:identify", "dataType": "String"},
            "picture": {"binaryValue": "AAAA", "dataType": "Binary"},
        },
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:fifo.fifo",
        "awsRegion": "us-east-2",
    }

    assert received(record) == Received(
        message_id="11d6ee51-4cc7-4302-9e22-7cd8afdaadf5",
        receipt="AQEBBX8nesZEXmkhsmZeyIE8iQAMig7qw...",
        group="1",
        body="not { parsed",
        attributes={"delivery": "m1:identify"},
        sent_at=1573251510.774,
        receive_count=2,
    )
