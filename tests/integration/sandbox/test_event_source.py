"""Tests of the event source of a FIFO queue: batches, groups, failures, and what is deleted."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from tools.sandbox import Fault, Kind, Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def empty_queue(box: Sandbox) -> Iterator[None]:
    """Begin and end each test with an empty queue and a running poller."""
    box.pollers["Consume"].resume()
    yield
    box.pollers["Consume"].pause()
    box.queue("Letters").empty()
    box.pollers["Consume"].resume()


def send(box: Sandbox, group: str, *bodies: str) -> None:
    """Send messages to one group of the queue."""
    for body in bodies:
        box.sqs.send_message(
            QueueUrl=box.queue("Letters").url,
            MessageBody=body,
            MessageGroupId=group,
            MessageDeduplicationId=str(next(NUMBERS)),
        )


def left(box: Sandbox) -> list[str]:
    """List the bodies of the messages that are in the queue."""
    return [message.body for message in box.queue("Letters").messages()]


def batches(box: Sandbox, since: int) -> list[list[str]]:
    """List the batches that the function was invoked with."""
    return [entry["batch"] for entry in box.log.entries("Consume", since)]


def test_a_batch_is_delivered_in_order_and_deleted(box: Sandbox) -> None:
    """A batch has at most the template's batch size; it is in order, and deleted at success."""
    since = len(box.log)
    box.pollers["Consume"].pause()
    send(box, "a", "1", "2", "3", "4")
    box.pollers["Consume"].resume()
    box.wait_until(lambda: not left(box))
    assert batches(box, since) == [["1", "2", "3"], ["4"]]


def test_what_is_not_reported_is_deleted(box: Sandbox) -> None:
    """Messages that the function does not report are deleted, also behind a failed one."""
    box.pollers["Consume"].pause()
    send(box, "b", "1", "fail", "3")
    box.pollers["Consume"].resume()
    box.wait_until(lambda: left(box) == ["fail"])
    [message] = box.queue("Letters").messages()
    assert 20 < message.visible_in <= 30


def test_a_failure_blocks_its_group_only(box: Sandbox) -> None:
    """A failed message blocks its group until its visibility time-out ends; other groups go on."""
    since = len(box.log)
    send(box, "c", "fail once")
    box.wait_until(lambda: batches(box, since))
    send(box, "c", "behind")
    send(box, "d", "elsewhere")
    box.wait_until(lambda: ["elsewhere"] in batches(box, since))
    box.wait_until(lambda: left(box) == ["fail once", "behind"])
    box.queue("Letters").hasten()
    box.wait_until(lambda: left(box) == ["fail once"])


@pytest.mark.parametrize("body", ["raise", "die", "stall"])
def test_a_failed_invocation_leaves_its_whole_batch(box: Sandbox, body: str) -> None:
    """An error, a crash or a time-out of the function deletes no message of the batch."""
    box.pollers["Consume"].pause()
    send(box, "e", "1", body)
    since = len(box.log)
    box.pollers["Consume"].resume()
    box.log.wait_for(lambda line: line.text.startswith("REPORT"), since=since)
    box.pollers["Consume"].pause()
    assert left(box) == ["1", body]


def test_no_more_batches_at_once_than_the_template_says(box: Sandbox) -> None:
    """No more batches run side by side than the template's maximum concurrency."""
    since = len(box.log)
    for group in "fghi":
        send(box, group, f"slow {group}")
    box.wait_until(lambda: not left(box))
    running, most = 0, 0
    for line in box.log.lines("Consume", since):
        running += line.text.startswith("START") - line.text.startswith("REPORT")
        most = max(most, running)
    assert most == 2


def test_what_can_not_be_deleted_comes_again(box: Sandbox) -> None:
    """A message that could not be deleted is delivered again after its visibility time-out."""
    since = len(box.log)
    box.aws.fault(Fault(kind=Kind.ANSWER, match={"operation": "DeleteMessageBatch"}))
    send(box, "k", "stubborn")
    box.wait_until(lambda: (box.queue("Letters").hasten(), not left(box))[1])
    assert batches(box, since) == [["stubborn"], ["stubborn"]]


def test_after_so_many_receives_it_goes_to_the_dead_letter_queue(box: Sandbox) -> None:
    """After the template's `maxReceiveCount` receives, a message moves to the dead-letter queue."""
    send(box, "j", "fail for good")
    box.wait_until(lambda: (box.queue("Letters").hasten(), box.queue("Returned").messages())[1], 30)
    [message] = box.queue("Returned").messages()
    assert message.received == 5


def test_a_queue_that_fails_is_asked_again(box: Sandbox) -> None:
    """The event source goes on receiving after SQS has answered with errors."""
    box.aws.fault(
        Fault(kind=Kind.ANSWER, status=500, times=2, match={"operation": "ReceiveMessage"})
    )
    send(box, "k", "late")
    box.wait_until(lambda: not left(box))
