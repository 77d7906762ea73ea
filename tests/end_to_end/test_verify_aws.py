"""`make verify-aws` on the sandbox, which must pass the same checks as AWS."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from tools.verify_aws import stores
from tools.verify_aws.check import Check
from tools.verify_aws.fifo_queue import fifo_queue
from tools.verify_aws.webhook import webhook_checks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.sandbox import Sandbox


def failures(checks: Iterable[Check]) -> list[Check]:
    """Give the checks that do not hold."""
    return [check for check in checks if not check.holds]


def test_the_queues_behave_as_the_bridge_needs_them(box: Sandbox) -> None:
    """A queue of the sandbox passes the checks that are made on AWS."""
    assert failures(fifo_queue(box.sqs)) == []


def test_the_webhook_lets_in_who_signs(box: Sandbox) -> None:
    """The webhook passes all its checks, and nothing is delivered to Rehook."""
    before = len(box.rehook.calls())
    assert failures(webhook_checks(box.webhook, box.shared_secret)) == []
    assert len(box.rehook.calls()) == before


def test_a_wrong_secret_is_noticed(box: Sandbox) -> None:
    """With a wrong secret, the check of a signed event fails with status 401."""
    [failed] = failures(webhook_checks(box.webhook, "another secret"))
    assert failed.seen.startswith("401")


def test_queues_and_table_are_as_they_must_be(box: Sandbox) -> None:
    """Queues and table that the sandbox makes of the template pass; swapped queues do not."""
    waiting, parked = (box.queue(name).url for name in ("DeadLetterQueue", "ParkingLot"))
    timeout = box.stack.functions["RedriveFunction"].timeout
    assert failures(stores.queues(box.sqs, waiting, parked, timeout)) == []
    assert len(failures(stores.queues(box.sqs, parked, waiting, timeout))) == 3
    [table] = box.stack.tables.values()
    assert failures(stores.table(box.dynamodb, table.name)) == []


def test_a_webhook_that_nobody_can_reach_is_a_finding() -> None:
    """If the webhook can't be reached, one check fails with the type of the error, and no other."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    checks = list(webhook_checks(f"http://127.0.0.1:{port}/segment", "secret"))

    assert checks == [Check("the webhook can be reached", holds=False, seen="MaxRetryError")]
