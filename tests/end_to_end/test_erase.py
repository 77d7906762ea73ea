"""`erase` on the running bridge, with hundreds of messages, killed at exact steps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from segment_rehook.delivery import ids
from tests.end_to_end.commands import Commands
from tests.end_to_end.conftest import drain
from tests.end_to_end.many_events import NUMBERS, Event, events_of, park, rewarded, send, store
from tools.sandbox import Fault, Kind, Sandbox

HOUR = 3_600


def person_of(events: list[Event]) -> str:
    """Return the user of the first event."""
    return str(events[0]["userId"])


def theirs(events: list[Event], person: str) -> list[Event]:
    """Return the events of a user."""
    return [each for each in events if each["userId"] == person]


def rows_of(printed: str) -> list[dict[str, Any]]:
    """Return the lines of JSON."""
    return [json.loads(line) for line in printed.splitlines()]


def erased_row(printed: str, place: str) -> dict[str, Any]:
    """Return the row of the summary about a place."""
    [row] = [each for each in rows_of(printed) if each.get("place") == place]
    return row


def bodies(box: Sandbox) -> str:
    """Return all that both queues hold, as text."""
    return "".join(
        str(each)
        for name in ("ParkingLot", "DeadLetterQueue")
        for each in box.queue(name).messages()
    )


@pytest.mark.usefixtures("fresh")
def test_a_person_is_erased_and_all_others_are_delivered(box: Sandbox, commands: Commands) -> None:
    """Parked and waiting messages, and the mark, of one of 60 users go; the others lose nothing."""
    parked = events_of(users=60, each=2)
    park(box, parked)
    person = person_of(parked)
    waiting = [{**each, "messageId": f"{each['messageId']}-w"} for each in parked]
    store(box, waiting)
    box.queue("DeadLetterQueue").hasten()

    code, printed, said = commands.run("erase --json --dry-run", person)
    assert code == 0, said
    found = [each["found"] for each in rows_of(printed) if "delivery" in each]
    assert sorted(set(found)) == ["ledger record", "mark", "parked message", "waiting message"]
    assert (found.count("parked message"), found.count("waiting message")) == (2, 2)
    assert person not in printed + said
    assert person in bodies(box)

    code, printed, said = commands.run("erase --json --yes", person)
    assert code == 0, said
    assert person not in printed + said
    for place, number in {"parked messages": 2, "waiting messages": 2, "marks": 1}.items():
        row = erased_row(printed, place)
        assert (row["found"], row["erased"], row["left"]) == (number, number, 0), printed
    assert person not in bodies(box)
    assert f"user#{ids.user_hash(person)}" not in str(box.ledger())

    code, printed, said = commands.run("erase --json --yes", person)
    assert code == 0, said
    assert not erased_row(printed, "waiting messages")["found"]

    box.rehook.switch(on=True)
    box.pollers["RedriveFunction"].resume()
    drain(box)
    others = [each for each in waiting if each["userId"] != person]
    # Once: what is parked was refused, so it gave none.
    assert rewarded(box, others) == [1] * len(others)
    assert rewarded(box, theirs(waiting, person)) == [0, 0]
    assert len(box.queue("ParkingLot").messages()) == len(parked) - 2
    # Segment's retry of an erased event is a duplicate, and a new event is delivered at once.
    again = box.segment.send(theirs(waiting, person)[0]).body
    assert again["duplicate"] == 1
    new = {**theirs(waiting, person)[0], "messageId": f"new-{next(NUMBERS)}", "event": "new"}
    assert box.segment.send(new).body["delivered"] == 1


@pytest.mark.usefixtures("fresh")
def test_an_erasure_that_is_killed_at_each_step_is_completed(
    box: Sandbox, commands: Commands
) -> None:
    """Killed before and after each kind of call, the next run ends with nothing of the person."""
    events = events_of(users=20, each=4)
    park(box, events)
    person = person_of(events)
    waiting = [{**each, "messageId": f"{each['messageId']}-w"} for each in events]
    store(box, waiting)
    for operation, acted in (
        ("DeleteMessageBatch", False),
        ("DeleteMessageBatch", True),
        ("BatchExecuteStatement", True),
        ("DeleteMessageBatch", False),
    ):
        for name in ("ParkingLot", "DeadLetterQueue"):
            box.queue(name).hasten()
        commands.killed("erase --yes", person, operation=operation, acted=acted)
    for name in ("ParkingLot", "DeadLetterQueue"):
        box.queue(name).hasten()
    code, _printed, said = commands.run("erase --json --yes", person)
    assert code == 0, said
    assert person not in bodies(box)
    assert f"user#{ids.user_hash(person)}" not in str(box.ledger())
    box.rehook.switch(on=True)
    box.pollers["RedriveFunction"].resume()
    drain(box)
    others = [each for each in waiting if each["userId"] != person]
    assert rewarded(box, others) == [1] * len(others)
    assert sum(rewarded(box, theirs(waiting, person))) == 0


@pytest.mark.usefixtures("fresh")
def test_what_was_delivered_is_found_by_the_log(box: Sandbox, commands: Commands) -> None:
    """Rehook's request id goes out of the record; a retry of Segment's is still a duplicate."""
    events = events_of(users=2, each=3)
    send(box, events)
    person = person_of(events)
    code, printed, said = commands.run("erase --json --yes", person)
    assert code == 0, said
    row = erased_row(printed, "ledger records")
    assert (row["found"], row["stripped"], row["left"]) == (3, 3, 0)
    records = {item["id"]["S"]: item for item in box.ledger()}
    for each in events:
        record = records[f"delivery#{each['messageId']}:track-event"]
        assert record["state"]["S"] == "delivered"
        assert ("request_id" in record) == (each["userId"] != person)
    assert box.segment.send(theirs(events, person)[0]).body["duplicate"] == 1
    assert rewarded(box, events) == [1] * len(events)


@pytest.mark.parametrize(
    ("operation", "code", "gone"),
    [
        ("ReceiveMessage", 1, False),
        ("DeleteMessageBatch", 1, False),
        ("BatchGetItem", 1, True),
        ("StartQuery", 1, True),
        ("GetQueueAttributes", 3, False),
    ],
)
def test_what_aws_refuses_is_told_and_done_by_the_next_run(
    box: Sandbox, commands: Commands, operation: str, code: int, *, gone: bool
) -> None:
    """A refused call is named with AWS's reason; the next run completes what was not done."""
    events = events_of(users=3, each=1)
    park(box, events)
    person = person_of(events)
    body = '{"__type": "AccessDeniedException", "message": "bob may not"}'
    match = {"caller": "operator", "operation": operation}
    box.aws.fault(Fault(kind=Kind.ANSWER, status=400, body=body, times=None, match=match))
    found, printed, said = commands.run("erase --json --yes", person)
    assert (found, operation in said) == (code, True), said
    assert person not in printed + said
    assert (person not in bodies(box)) == gone
    box.aws.clear()
    box.queue("ParkingLot").hasten()
    found, printed, said = commands.run("erase --json --yes", person)
    assert (found, person in bodies(box)) == (0, False), said


@pytest.mark.usefixtures("fresh")
def test_ctrl_c_ends_an_erasure_with_a_summary(box: Sandbox, commands: Commands) -> None:
    """SIGINT while messages are deleted: the summary is printed, and nothing stays hidden."""
    events = events_of(users=5, each=1)
    park(box, events)
    person = person_of(events)
    match = {"caller": "operator", "operation": "DeleteMessageBatch"}
    box.aws.fault(Fault(kind=Kind.HOLD, match=match, acted=False))
    with commands.start("erase --json --yes --no-log", person) as process:
        box.wait_until(lambda: bool(box.aws.held()), timeout=60)
        process.send_signal(2)
        box.aws.clear()
        printed, said = process.communicate(timeout=60)
    assert (process.returncode, "interrupted" in said) == (130, True), said
    assert erased_row(printed, "parked messages")["found"] == 1
    assert all(each.visible_in == 0 for each in box.queue("ParkingLot").messages())
    assert commands.run("erase --yes", person)[0] == 0
    assert person not in bodies(box)
