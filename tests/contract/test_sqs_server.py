"""The sandbox's SQS beyond the port: what operators and the event source ask, and AWS's errors."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.conftest import Clients
from tests.contract.queues import VISIBILITY, ServerBench, arn_of, bodies, message
from tools.fakes.surroundings import FakeClock
from tools.sqs import moto_backend

_numbers = itertools.count(1_000)


@pytest.fixture
def server(clients: Clients, clock: FakeClock) -> Iterator[ServerBench]:
    """Two queues as the template makes them, on the test's clock."""
    moto_backend.install(clock.now)
    yield ServerBench.made(clients.sqs, clients.sqs, clock, next(_numbers))
    moto_backend.install()


def refused(call: Callable[..., object], **arguments: Any) -> str:
    """The code of AWS's refusal."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def counts(server: ServerBench) -> tuple[str, str]:
    """How many messages can be received, and how many are in flight."""
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = server.client.get_queue_attributes(QueueUrl=server.url, AttributeNames=names)
    return answer["Attributes"][names[0]], answer["Attributes"][names[1]]


def test_the_counts_tell_what_waits_and_what_is_in_flight(server: ServerBench) -> None:
    """A message counts as visible or as in flight, and no more once it is deleted or purged."""
    server.queue.send([message("a", group="a"), message("b", group="b"), message("c", group="c")])
    assert counts(server) == ("3", "0")
    first, second, _ = server.receive()
    server.queue.change_visibility({second.receipt: 0})
    server.delete(first.receipt)
    assert counts(server) == ("1", "1")
    server.client.purge_queue(QueueUrl=server.url)
    assert counts(server) == ("0", "0")


def test_a_long_poll_ends_when_a_message_comes(server: ServerBench) -> None:
    """A long poll ends when a message comes, before its time is over."""
    found: list[str] = []

    def poll() -> None:
        answer = server.client.receive_message(QueueUrl=server.url, WaitTimeSeconds=20)
        found.extend(each["Body"] for each in answer["Messages"])

    polling = threading.Thread(target=poll)
    polling.start()
    server.queue.send([message("a")])
    polling.join(15)
    assert found == ["a"]


def test_a_message_with_attributes_of_every_type_comes_back_as_it_was(server: ServerBench) -> None:
    """A message with attributes of every type comes back as it was, with the right hashes."""
    attributes: Any = {
        "text": {"DataType": "String", "StringValue": "x"},
        "number": {"DataType": "Number", "StringValue": "1"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    server.client.send_message(
        QueueUrl=server.url,
        MessageBody="a",
        MessageGroupId="g",
        MessageDeduplicationId="d",
        MessageAttributes=attributes,
    )
    for names in (["All"], ["number"]):
        [got] = server.client.receive_message(
            QueueUrl=server.url, VisibilityTimeout=0, MessageAttributeNames=names
        )["Messages"]
        wanted = attributes if names == ["All"] else {"number": attributes["number"]}
        assert got["MessageAttributes"] == wanted


def test_single_operations_are_refused_with_awss_codes(server: ServerBench) -> None:
    """Operations on a single message are refused with AWS's codes, by the rules of a batch."""
    send, hide = server.client.send_message, server.client.change_message_visibility
    bad: dict[str, Any] = {"MessageBody": "a\x00", "MessageGroupId": "g"}
    code = refused(send, QueueUrl=server.url, MessageDeduplicationId="d", **bad)
    assert code == "InvalidParameterValue"

    server.queue.send([message("a")])
    [got] = server.receive()
    server.clock.advance(30)
    hidden: dict[str, Any] = {"QueueUrl": server.url, "ReceiptHandle": got.receipt}
    assert refused(hide, **hidden, VisibilityTimeout=43_200) == "InvalidParameterValue"
    server.clock.advance(VISIBILITY)
    assert refused(hide, **hidden, VisibilityTimeout=1) == "ReceiptHandleIsInvalid"
    assert refused(server.client.delete_message, **hidden) == "ReceiptHandleIsInvalid"


def test_more_than_ten_entries_are_refused_whole(server: ServerBench) -> None:
    """A call of more than ten entries is refused as a whole, whatever the entries are."""
    entries = [
        {
            "Id": str(number),
            "MessageBody": "a",
            "MessageGroupId": "g" if number else "g g",
            "MessageDeduplicationId": str(number),
        }
        for number in range(11)
    ]
    code = refused(server.client.send_message_batch, QueueUrl=server.url, Entries=entries)
    assert code.endswith("TooManyEntriesInBatchRequest")
    assert counts(server) == ("0", "0")


def test_only_a_dead_letter_queue_can_be_moved_from(server: ServerBench) -> None:
    """A move task is refused unless its source is an existing queue behind another one."""
    start = server.client.start_message_move_task
    first = arn_of(server.client, server.url)
    assert refused(start, SourceArn=first) == "InvalidParameterValue"
    assert refused(start, SourceArn=f"{first}x") == "ResourceNotFoundException"
    parking = arn_of(server.client, server.parking_url)
    code = refused(start, SourceArn=parking, DestinationArn=f"{first}x")
    assert code == "ResourceNotFoundException"


def test_the_latest_move_task_is_listed_first(server: ServerBench) -> None:
    """Of the move tasks the latest one is listed, and earlier ones when more are asked for."""
    server.parking.send([message("a"), message("b")])
    server.move_home()
    server.move_back()

    source = arn_of(server.client, server.parking_url)
    listed = server.client.list_message_move_tasks
    assert len(listed(SourceArn=source)["Results"]) == 1
    latest, earlier = listed(SourceArn=source, MaxResults=10)["Results"]
    assert (latest["Status"], latest.get("ApproximateNumberOfMessagesMoved")) == ("COMPLETED", 2)
    assert earlier["Status"] == "FAILED"
    assert bodies(server.receive()) == ["a", "b"]


def test_a_policy_that_is_changed_holds_from_then_on(server: ServerBench) -> None:
    """A retention that is changed counts for the messages that are there already."""
    server.queue.send([message("a")])
    server.client.set_queue_attributes(
        QueueUrl=server.url, Attributes={"MessageRetentionPeriod": "60"}
    )
    server.clock.advance(61)
    assert server.receive() == []


def test_a_standard_queue_keeps_no_order_of_groups(clients: Clients) -> None:
    """A standard queue holds back no message of a group."""
    url = clients.sqs.create_queue(QueueName=f"standard-{next(_numbers)}")["QueueUrl"]
    for body in ("a", "b"):
        clients.sqs.send_message(QueueUrl=url, MessageBody=body)
    found = [clients.sqs.receive_message(QueueUrl=url)["Messages"][0] for _ in range(2)]
    assert sorted(each["Body"] for each in found) == ["a", "b"]
    for each in found:
        clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    assert "Messages" not in clients.sqs.receive_message(QueueUrl=url)
