"""A function behind a FIFO queue: batches, groups, failures, and what is deleted."""

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
    """Each test begins and ends with an empty queue and a poller at work."""
    box.pollers["Consume"].resume()
    yield
    box.pollers["Consume"].pause()
    box.queue("Letters").empty()
    box.pollers["Consume"].resume()


def send(box: Sandbox, group: str, *bodies: str) -> None:
    """Queue messages of one group."""
    for body in bodies:
        box.sqs.send_message(
            QueueUrl=box.queue("Letters").url,
            MessageBody=body,
            MessageGroupId=group,
            MessageDeduplicationId=str(next(NUMBERS)),
        )


def left(box: Sandbox) -> list[str]:
    """The bodies that are still queued."""
    return [message.body for message in box.queue("Letters").messages()]


def batches(box: Sandbox, since: int) -> list[list[str]]:
    """The batches that the function was given."""
    return [entry["batch"] for entry in box.log.entries("Consume", since)]


def test_a_batch_is_delivered_in_order_and_deleted(box: Sandbox) -> None:
    """No more than the template's batch size, in the order of their group."""
    since = len(box.log)
    box.pollers["Consume"].pause()
    send(box, "a", "1", "2", "3", "4")
    box.pollers["Consume"].resume()
    box.wait_until(lambda: not left(box))
    assert batches(box, since) == [["1", "2", "3"], ["4"]]


def test_what_is_not_reported_is_deleted(box: Sandbox) -> None:
    """Also behind a failure of its group: that is the function's affair."""
    box.pollers["Consume"].pause()
    send(box, "b", "1", "fail", "3")
    box.pollers["Consume"].resume()
    box.wait_until(lambda: left(box) == ["fail"])
    [message] = box.queue("Letters").messages()
    assert 20 < message.visible_in <= 30


def test_a_failure_blocks_its_group_only(box: Sandbox) -> None:
    """Others go on; it comes again when its visibility has run out."""
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
    """An error, a death and a time-out delete nothing."""
    box.pollers["Consume"].pause()
    send(box, "e", "1", body)
    since = len(box.log)
    box.pollers["Consume"].resume()
    box.log.wait_for(lambda line: line.text.startswith("REPORT"), since=since)
    box.pollers["Consume"].pause()
    assert left(box) == ["1", body]


def test_no_more_batches_at_once_than_the_template_says(box: Sandbox) -> None:
    """Four slow groups, two at a time."""
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
    """When its visibility has run out, though the function was done with it."""
    since = len(box.log)
    box.aws.fault(Fault(kind=Kind.ANSWER, match={"operation": "DeleteMessageBatch"}))
    send(box, "k", "stubborn")
    box.wait_until(lambda: (box.queue("Letters").hasten(), not left(box))[1])
    assert batches(box, since) == [["stubborn"], ["stubborn"]]


def test_after_so_many_receives_it_goes_to_the_dead_letter_queue(box: Sandbox) -> None:
    """The redrive policy of the template is in force."""
    send(box, "j", "fail for good")
    box.wait_until(lambda: (box.queue("Letters").hasten(), box.queue("Returned").messages())[1], 30)
    [message] = box.queue("Returned").messages()
    assert message.received == 5


def test_a_queue_that_fails_is_asked_again(box: Sandbox) -> None:
    """The event source outlives an outage of SQS."""
    box.aws.fault(
        Fault(kind=Kind.ANSWER, status=500, times=2, match={"operation": "ReceiveMessage"})
    )
    send(box, "k", "late")
    box.wait_until(lambda: not left(box))
