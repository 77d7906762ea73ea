"""The commands `failures` on the running bridge, with hundreds of messages, killed at exact steps.

A killed command has hidden messages. Here they are shown at once, as if that time had passed.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.conftest import drain, forget_failures
from tests.end_to_end.many_events import PART, events_of, in_order, park, rewarded, send, store
from tools.sandbox import Fault, Kind

if TYPE_CHECKING:
    from tests.end_to_end.commands import Commands
    from tools.sandbox import Sandbox


@pytest.mark.usefixtures("fresh")
def test_looking_often_changes_neither_order_nor_rewards(box: Sandbox, commands: Commands) -> None:
    """`failures list` runs, and is killed, all the time while redrive delivers what waited."""
    events = events_of(users=40, each=5)
    box.rehook.switch(on=False)
    send(box, events)
    poller, queue = box.pollers["RedriveFunction"], box.queue("DeadLetterQueue")
    poller.pause()  # else it may have taken all that the first look is to read
    queue.hasten()
    looks = 0
    while queue.messages() and looks < 6:
        looks += 1
        if looks == 3:
            box.rehook.switch(on=True)
        if looks % 2 == 0:
            commands.killed("failures list --json", operation="ReceiveMessage", skip=looks % 5)
            # Whoever has hidden them does not come back: let that time pass.
            poller.pause()
        else:
            code, printed, said = commands.run("failures list --json")
            assert code == 0, said
            assert looks > 1 or json.loads(printed.splitlines()[0])["messages"] == len(events)
        queue.hasten()
        poller.resume()
    drain(box)
    assert looks >= 3
    assert rewarded(box, events) == [1] * len(events)
    assert in_order(box, events)


@pytest.mark.usefixtures("fresh")
def test_a_redrive_that_is_killed_at_each_step_is_resumed(
    box: Sandbox, commands: Commands, tmp_path: Path
) -> None:
    """A job that is killed before and after each kind of call ends with all delivered once."""
    events = events_of(users=50, each=4)
    park(box, events)
    job = ("--job", str(tmp_path / "job.json"))
    command = "failures redrive --yes --rate 200"
    steps = (("ReceiveMessage", 3), ("SendMessageBatch", 2), ("DeleteMessageBatch", 1))
    for (operation, skip), acted in itertools.product(steps, (True, False)):
        assert commands.killed(command, *job, operation=operation, skip=skip, acted=acted)
        box.queue("ParkingLot").hasten()
    code, printed, said = commands.run(command, *job)
    assert code == 0, said
    assert printed.startswith("sent back: ")
    assert json.loads((tmp_path / "job.json").read_text())["ended"]
    drain(box)
    assert not box.queue("ParkingLot").messages()
    assert rewarded(box, events) == [1] * len(events)
    assert in_order(box, events)


@pytest.mark.usefixtures("fresh")
def test_a_discard_that_is_killed_loses_no_event_by_accident(
    box: Sandbox, commands: Commands
) -> None:
    """Each waiting event is either delivered once, or recorded as discarded and not delivered."""
    events = events_of(users=60, each=2)
    store(box, events)
    poller, queue = box.pollers["RedriveFunction"], box.queue("DeadLetterQueue")
    command = "failures discard --queue waiting --yes"
    for operation, acted in (
        ("BatchExecuteStatement", False),
        ("BatchExecuteStatement", True),
        ("DeleteMessageBatch", False),
        ("DeleteMessageBatch", True),
    ):
        queue.hasten()
        assert commands.killed(command, operation=operation, skip=1, acted=acted)
    queue.hasten()
    box.rehook.switch(on=True)
    poller.resume()
    drain(box)
    discarded = {
        item["id"]["S"].removeprefix("delivery#").rpartition(":")[0]
        for item in box.ledger()
        if item.get("reason", {}).get("S") == "discarded"
    }
    assert discarded
    expected = [0 if each["messageId"] in discarded else 1 for each in events]
    assert rewarded(box, events) == expected
    assert sum(expected) > 0
    send(box, [each for each in events if each["messageId"] in discarded][:PART])
    assert rewarded(box, events) == expected


@pytest.mark.usefixtures("fresh")
def test_what_waits_is_discarded_and_new_events_are_delivered(
    box: Sandbox, commands: Commands
) -> None:
    """After a discard of all that waits, the users' next events are delivered at once."""
    events = events_of(users=20, each=3)
    store(box, events)
    poller, queue = box.pollers["RedriveFunction"], box.queue("DeadLetterQueue")
    queue.hasten()
    code, printed, said = commands.run("failures discard --queue waiting --yes")
    assert (code, printed) == (0, "discarded: 60\n"), said
    box.rehook.switch(on=True)
    forget_failures(box)
    poller.resume()
    later = [{**each, "messageId": f"{each['messageId']}-later"} for each in events[:20]]
    replies = [box.segment.send(each).body for each in later]
    assert sum(reply["delivered"] for reply in replies) == 20
    assert sum(rewarded(box, events)) == 20


@pytest.mark.parametrize(("operation", "code"), [("GetQueueAttributes", 3), ("ReceiveMessage", 3)])
def test_an_aws_that_refuses_is_one_line(
    box: Sandbox, commands: Commands, operation: str, code: int
) -> None:
    """If AWS refuses from the start, the exit code is 3, and a line names call and error."""
    body = '{"__type": "com.amazonaws.sqs#AccessDenied", "message": "bob may not"}'
    match = {"caller": "operator", "operation": operation}
    box.aws.fault(Fault(kind=Kind.ANSWER, status=400, body=body, times=None, match=match))
    for command in ("list", "redrive --yes", "export", "discard --yes"):
        found, _, said = commands.run(f"failures {command}")
        assert found == code, (command, said)
        assert f"{operation}: AccessDenied: bob may not" in said


@pytest.mark.usefixtures("fresh")
def test_a_part_that_aws_refuses_is_told(box: Sandbox, commands: Commands) -> None:
    """If SQS fails to send and to delete some, the exit code is 1; the next run does the rest."""
    events = events_of(users=30, each=1)
    park(box, events)
    for operation in ("SendMessageBatch", "DeleteMessageBatch"):
        match = {"caller": "operator", "operation": operation}
        box.aws.fault(
            Fault(kind=Kind.PARTIAL, match=match, entries=[0, 3], code="InternalError", times=2)
        )
    code, printed, said = commands.run("failures redrive --yes")
    assert code == 1, said
    assert not printed.startswith("sent back: 30,")
    assert "DeleteMessageBatch: InternalError – sent back, but not deleted" in said
    box.aws.clear()
    code, _, said = commands.run("failures redrive --yes")
    assert code == 0, said
    drain(box)
    assert rewarded(box, events) == [1] * 30


@pytest.mark.usefixtures("fresh")
def test_ctrl_c_ends_with_a_summary_and_hides_nothing(box: Sandbox, commands: Commands) -> None:
    """SIGINT in the middle of a slow redrive prints what was done; a second run does the rest."""
    events = events_of(users=30, each=1)
    park(box, events)
    with commands.start("failures redrive --yes --rate 5") as process:
        box.wait_until(lambda: len(box.queue("ParkingLot").messages()) < 30)
        process.send_signal(2)
        printed, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said.splitlines()[-1] == "segment-rehook: interrupted"
    assert printed.startswith("sent back: ")
    assert all(each.visible_in == 0 for each in box.queue("ParkingLot").messages())
    assert commands.run("failures redrive --yes")[0] == 0
    drain(box)
    assert rewarded(box, events) == [1] * 30
