"""``make verify-aws`` as far as the sandbox can answer it: it and AWS must pass the same checks."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from tools.verify_aws import fifo, stores
from tools.verify_aws.check import Check
from tools.verify_aws.webhook import webhook

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.sandbox import Sandbox


def failures(checks: Iterable[Check]) -> list[Check]:
    """Those that do not hold."""
    return [check for check in checks if not check.holds]


def test_the_queues_behave_as_the_bridge_needs_them(box: Sandbox) -> None:
    """The sandbox's queues pass the probe that `make verify-aws` makes on AWS."""
    assert failures(fifo.probe(box.sqs)) == []


def test_the_webhook_lets_in_who_signs(box: Sandbox) -> None:
    """The sandbox's webhook passes the checks, and nothing reaches Rehook."""
    before = len(box.rehook.calls())
    assert failures(webhook(box.webhook, box.shared_secret)) == []
    assert len(box.rehook.calls()) == before


def test_a_wrong_secret_is_noticed(box: Sandbox) -> None:
    """A check with a wrong secret fails."""
    [failed] = failures(webhook(box.webhook, "another secret"))
    assert failed.seen.startswith("401")


def test_queues_and_table_are_as_they_must_be(box: Sandbox) -> None:
    """The queues and the table that the sandbox makes of the template pass the checks.

    Queues in each other's place fail three of them.
    """
    waiting, parked = (box.queue(name).url for name in ("DeadLetterQueue", "ParkingLot"))
    timeout = box.stack.functions["RedriveFunction"].timeout
    assert failures(stores.queues(box.sqs, waiting, parked, timeout)) == []
    assert len(failures(stores.queues(box.sqs, parked, waiting, timeout))) == 3
    [table] = box.stack.tables.values()
    assert failures(stores.table(box.dynamodb, table.name)) == []


def test_a_webhook_that_nobody_can_reach_is_a_finding() -> None:
    """A webhook that can't be reached is one finding with the kind of the error.

    The checks that need the webhook are left out.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    checks = list(webhook(f"http://127.0.0.1:{port}/segment", "secret"))

    assert checks == [Check("the webhook can be reached", holds=False, seen="MaxRetryError")]
