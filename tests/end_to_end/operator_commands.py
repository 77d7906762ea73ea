"""Every command line that works on a stack, as the operator's policy must allow it.

A new command that takes a stack has its line here; a test says which one is missing. A line runs
against the sandbox, after one event was parked and one was stored.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox import Sandbox

USERS = (f"failing-{number}" for number in itertools.count())


class CommandLine(NamedTuple):
    """`words`: the command and its arguments, without the stack. `given`: its standard input."""

    words: str
    given: str = ""
    exit_code: int = 0


COMMAND_LINES = (
    CommandLine("mode"),
    CommandLine("mode deliver"),
    CommandLine("cutover --show"),
    CommandLine(
        "secrets put segment/tokens", "authorization: Bearer 0123456789abcdef0123456789abcdef"
    ),
    CommandLine("failures list"),
    CommandLine("failures show sent-by-nobody", exit_code=1),
    CommandLine("failures try"),
    CommandLine("failures export"),
    CommandLine("failures redrive --yes"),
    CommandLine("failures redrive --by move-task --yes"),
    CommandLine("failures discard --queue both --yes"),
    CommandLine("diff --failures --destination layers/destination/destination.json"),
    CommandLine("why sent-by-nobody --look-in-queues", exit_code=1),
    CommandLine("why --user nobody", exit_code=1),
    CommandLine("tail --for 1s"),
    CommandLine("doctor", exit_code=1),  # an event is parked
    CommandLine("doctor --alarm EventsParked"),
    CommandLine("replay events/identify-customer.json --beyond-ledger --yes"),
    CommandLine("reconcile events/identify-customer.json --look-in-queues"),
    CommandLine("secrets status"),
    CommandLine("secrets rotate --yes", "a-new-shared-secret-of-many-characters", exit_code=1),
    CommandLine("erase nobody --yes"),
)

ONLY_ON_AWS: dict[str, str] = {
    "sqs:CancelMessageMoveTask": "Ctrl-C during `failures redrive --by move-task`: in the sandbox "
    "a task has ended when it is answered",
    "logs:StopQuery": "Ctrl-C during why, reconcile, erase and doctor --alarm",
    "sns:ListSubscriptionsByTopic": "doctor, where the stack has a topic for alarms",
    "ssm:DeleteParameters": "cutover --cancel and --finish",
}
"""Actions of the policy that none of these command lines needs, and what needs them."""

NO_STATEMENT_OF: dict[str, str] = {
    "dynamodb:PartiQLDelete": "a BatchExecuteStatement of a command has inserts and updates only",
}
"""Actions of a call that the functions make, which the commands make without these."""


def fail_two(box: Sandbox, track: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    """Have one event parked and one stored."""
    parked, stored = (track(userId=next(USERS)) for _ in range(2))
    box.rehook.answer(400, customer=parked["userId"])
    assert box.segment.send(parked).body["parked"] == 1
    box.rehook.answer(503, times=2, customer=stored["userId"])  # it is tried again at once
    assert box.segment.send(stored).body["stored"] == 1
    return [parked, stored]
