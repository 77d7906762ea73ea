"""Tests of `erase`, against moto's SQS and DynamoDB: what is the person's, and what is left."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from segment_rehook.aws.items import mark_item, record_item, record_of
from segment_rehook.aws.sqs import SqsQueue
from segment_rehook.delivery import ids
from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.delivery.queues.message import Header, Letter
from segment_rehook.rehook.plan import Request
from tests.contract.conftest import Clients
from tests.contract.stacks import Deployed, deploy, sign_in
from tools.sqs import moto_backend

ANN = "ann-7f3a@example.com"
KEEP = 45 * 86_400
HOUR = 3_600


@pytest.fixture
def stack(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """Give a stack with empty queues and an empty ledger."""
    sign_in(monkeypatch, clients.address)
    moto_backend.install(max_wait=0)
    yield deploy(clients, ledger=True)
    moto_backend.install()


def letter(number: int, user: str, *, source_id: str | None = None, **members: Any) -> Letter:
    """Make a letter of an event of `user`. `source_id`: what the mapping made of it."""
    sent = user if source_id is None else source_id
    event = {"type": "track", "messageId": f"m{number}", "userId": user, **members}
    return Letter(
        header=Header(
            delivery=f"m{number}:track-event",
            user=ids.user_hash(sent),
            content="c",
            reason="rejected",
            token=1,
        ),
        action="trackEvent",
        request=Request("POST", "/events/invoke", json.dumps({"source_id": sent}).encode()),
        event=json.dumps(event).encode(),
    )


def park(clients: Clients, stack: Deployed, *letters: Letter) -> None:
    """Put letters into the parking lot."""
    queue = SqsQueue(clients.sqs, stack.parking_lot_url)
    messages = [each.for_parking("rejected", "400 no") for each in letters]
    for start in range(0, len(messages), 10):
        assert all(queue.send(messages[start : start + 10]))


def store(clients: Clients, stack: Deployed, *letters: Letter) -> None:
    """Put letters into the dead-letter queue."""
    queue = SqsQueue(clients.sqs, stack.dead_letter_queue_url)
    assert all(queue.send([each.for_dead_letters(ordered=True) for each in letters]))


def put(clients: Clients, stack: Deployed, item: Any) -> None:
    """Put an item into the ledger's table."""
    clients.dynamodb.put_item(TableName=stack.ledger_table, Item=item)


def record(
    name: str, *, age: float, state: State = State.DELIVERED, request_id: str | None = "r-1"
) -> Record:
    """Make a record that was last written `age` seconds ago."""
    return Record(
        id=name,
        state=state,
        token=1,
        nonce="n",
        content="c",
        expires_at=int(time.time() - age) + KEEP,
        request_id=request_id,
    )


def found(clients: Clients, stack: Deployed) -> dict[str, Any]:
    """Return the table's items by their ids."""
    items = clients.dynamodb.scan(TableName=stack.ledger_table)["Items"]
    return {each["id"]["S"]: each for each in items}


def left_in(clients: Clients, url: str) -> int:
    """Return how many messages a queue holds."""
    answer = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return sum(
        int(answer[name])
        for name in ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    )


def summary(printed: str) -> dict[str, dict[str, Any]]:
    """Return the rows of the summary by their place."""
    rows = [json.loads(line) for line in printed.splitlines()]
    return {each["place"]: each for each in rows if "place" in each}


def test_the_persons_messages_go_and_all_others_stay(clients: Clients, stack: Deployed) -> None:
    """Of 300 parked messages, those with the id as userId, anonymousId or source_id are deleted."""
    others = [letter(number, f"user-{number}") for number in range(296)]
    own = [
        letter(900, ANN),
        letter(901, "user-1", source_id=ANN),
        letter(902, ANN, source_id="another"),
        letter(903, "", source_id="another", anonymousId=ANN),
    ]
    park(clients, stack, *others, *own)
    result = stack.run("erase - --no-log --json --yes", given=f"{ANN}\n")
    assert result.exit_code == 0, result.output
    assert ANN not in result.output
    row = summary(result.stdout)["parked messages"]
    assert (row["found"], row["erased"], row["left"]) == (4, 4, 0)
    assert left_in(clients, stack.parking_lot_url) == 296


def test_what_names_the_person_elsewhere_is_told_and_kept(
    clients: Clients, stack: Deployed
) -> None:
    """A message of another person that has the id as a value is counted, and not deleted."""
    park(clients, stack, letter(1, "bob", properties={"invitedBy": [ANN]}), letter(2, "bob"))
    result = stack.run("erase - --no-log --json --yes", given=ANN)
    assert result.exit_code == 0
    [named] = [each for each in result.stdout.splitlines() if '"others"' in each]
    assert json.loads(named)["what"].startswith("1 message of other people")
    assert left_in(clients, stack.parking_lot_url) == 2


def test_all_ids_of_one_person_are_erased_at_once(clients: Clients, stack: Deployed) -> None:
    """Each line of standard input is an id; a number in an event is the same id as its text."""
    number: Any = 7
    park(clients, stack, letter(1, "a b"), letter(2, number, source_id="7"), letter(3, "77"))
    result = stack.run("erase - --no-log --json --yes", given="a b\r\n7\n\n")
    assert result.exit_code == 0, result.output
    assert summary(result.stdout)["parked messages"]["erased"] == 2


def test_records_keep_the_promise_and_lose_what_is_personal(
    clients: Clients, stack: Deployed
) -> None:
    """By messageId: kept, without Rehook's id. By business key: deleted, when retries are over."""
    letters = [letter(number, ANN) for number in (1, 2, 3)]
    keyed = [
        Letter(
            header=Header(
                delivery=f"k:order-{number}:track-event",
                user=ids.user_hash(ANN),
                content="c",
                reason="rejected",
                token=1,
            ),
            action="trackEvent",
            request=None,
            event=b"{}",
        )
        for number in (1, 2)
    ]
    park(clients, stack, *letters, *keyed)
    for each in (
        record("m1:track-event", age=60),
        record("m2:track-event", age=60, state=State.QUEUED),
        record("m4:track-event", age=60),
        record("k:order-1:track-event", age=4 * HOUR + 60),
        record("k:order-2:track-event", age=HOUR),
    ):
        put(clients, stack, record_item(each))
    result = stack.run("erase - --no-log --json --yes", given=ANN)
    # The second message's delivery is at work, and the second order's retries are not over.
    assert result.exit_code == 1
    row = summary(result.stdout)["ledger records"]
    assert (row["found"], row["erased"], row["stripped"], row["left"]) == (4, 1, 1, 2)
    items = found(clients, stack)
    assert "delivery#k:order-1:track-event" not in items
    for name, request_id in {"m1": None, "m2": "r-1", "m4": "r-1", "k:order-2": None}.items():
        kept = record_of(items[f"delivery#{name}:track-event"])
        assert (kept.request_id, kept.content) == (request_id, "c"), name
    assert record_of(items["delivery#m1:track-event"]).state is State.DELIVERED
    assert "run this again then" in result.stderr


def test_business_keys_can_be_kept(clients: Clients, stack: Deployed) -> None:
    """With --keep-business-keys no record is deleted, and nothing is left to be done."""
    keyed = letter(1, ANN)
    name = "k:order-9:track-event"
    header = Header(delivery=name, user=ids.user_hash(ANN), content="c", reason="r", token=1)
    park(
        clients,
        stack,
        Letter(header=header, action=keyed.action, request=keyed.request, event=keyed.event),
    )
    put(clients, stack, record_item(record(name, age=5 * HOUR)))
    result = stack.run("erase - --no-log --json --yes --keep-business-keys", given=ANN)
    assert result.exit_code == 0, result.output
    kept = record_of(found(clients, stack)[f"delivery#{name}"])
    assert (kept.state, kept.request_id) == (State.DELIVERED, None)


@pytest.mark.parametrize(("age", "left"), [(3_600, 0), (10, 1)])
def test_a_mark_goes_when_nothing_can_be_under_way(
    clients: Clients, stack: Deployed, age: int, left: int
) -> None:
    """A stale mark is cleared, but not one that was put a moment ago: its message may be coming."""
    mark = mark_item(ids.user_hash(ANN), "name", int(time.time()) - age + KEEP)
    put(clients, stack, mark)
    result = stack.run("erase - --no-log --json --yes", given=ANN)
    assert result.exit_code == left, result.output
    assert summary(result.stdout)["marks"]["left"] == left
    assert len(found(clients, stack)) == left


def test_a_mark_stays_while_messages_can_not_be_read(clients: Clients, stack: Deployed) -> None:
    """A hidden message may be the person's: the mark stays, and the exit code is 1."""
    put(clients, stack, mark_item(ids.user_hash(ANN), "n", int(time.time()) - HOUR + KEEP))
    store(clients, stack, letter(1, ANN))
    clients.sqs.receive_message(QueueUrl=stack.dead_letter_queue_url, VisibilityTimeout=600)
    result = stack.run("erase - --no-log --json --yes", given=ANN)
    assert result.exit_code == 1
    assert "could not be read: about 1; at least one is of this person" in result.stderr
    assert len(found(clients, stack)) == 1


def test_a_business_key_stays_while_messages_can_not_be_read(
    clients: Clients, stack: Deployed
) -> None:
    """A copy that waits unseen would be delivered again if the ledger did not know its key."""
    name = "k:order-9:track-event"

    def parked(token: int) -> Letter:
        user = ids.user_hash(ANN)
        header = Header(delivery=name, user=user, content="c", reason="r", token=token)
        return Letter(header=header, action="trackEvent", request=None, event=b"{}")

    park(clients, stack, parked(1))
    put(clients, stack, record_item(record(name, age=5 * HOUR)))
    store(clients, stack, letter(1, ANN))
    hidden = clients.sqs.receive_message(
        QueueUrl=stack.dead_letter_queue_url, VisibilityTimeout=600
    )
    result = stack.run("erase - --no-log --json --yes", given=ANN)
    assert result.exit_code == 1
    assert "until all waiting messages could be read: 1" in result.stderr
    assert "nothing says that one is of this person" in result.stderr
    kept = record_of(found(clients, stack)[f"delivery#{name}"])
    assert (kept.state, kept.request_id) == (State.DELIVERED, None)

    [message] = hidden["Messages"]
    clients.sqs.delete_message(
        QueueUrl=stack.dead_letter_queue_url, ReceiptHandle=message["ReceiptHandle"]
    )
    park(clients, stack, parked(2))
    assert stack.run("erase - --no-log --json --yes", given=ANN).exit_code == 0
    assert f"delivery#{name}" not in found(clients, stack)


def test_a_dry_run_changes_nothing_and_shows_no_id(clients: Clients, stack: Deployed) -> None:
    """It shows each delivery, with the user's id masked where a business key has it."""
    name = f"k:{ANN}:track-event"
    header = Header(delivery=name, user=ids.user_hash(ANN), content="c", reason="x", token=1)
    park(clients, stack, Letter(header=header, action="a", request=None, event=b"{}"))
    for arguments in (["--dry-run"], ["--dry-run", "--json"]):
        result = stack.run("erase - --no-log", *arguments, given=ANN)
        assert result.exit_code == 0, result.output
        assert ANN not in result.output
        assert "k:(the user's id):track-event" in result.stdout
    assert left_in(clients, stack.parking_lot_url) == 1


def test_without_the_key_of_the_log_records_are_not_found_and_that_is_told(
    clients: Clients, stack: Deployed
) -> None:
    """The messages are erased all the same; the exit code is 1, and a line says what is missing."""
    park(clients, stack, letter(1, ANN))
    result = stack.run("erase - --yes", given=ANN)
    assert result.exit_code == 1
    assert "the log was not read: the log names no users" in result.stderr
    assert left_in(clients, stack.parking_lot_url) == 0


def test_a_person_types_the_stacks_name(clients: Clients, stack: Deployed) -> None:
    """On a terminal the id is asked for and not shown; another word than the name stops it."""
    park(clients, stack, letter(1, ANN))
    asked = ("the person's user id: ", ANN)
    code, shown = stack.run_on_terminal("erase --no-log", asked, ("to go on: ", "yes"))
    assert code == 1
    assert "nothing was changed" in shown
    assert ANN not in shown
    assert left_in(clients, stack.parking_lot_url) == 1
    code, shown = stack.run_on_terminal("erase --no-log", asked, ("to go on: ", stack.name))
    assert code == 0, shown
    assert left_in(clients, stack.parking_lot_url) == 0


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (["-", "--yes"], "\n", "missing, or empty"),
        (["-", "--yes"], b"\xff", "not UTF-8"),
        (["-", "x", "--yes"], "", "give it alone"),
        (["x"], "", "give --dry-run or --yes"),
    ],
    ids=repr,
)
@pytest.mark.usefixtures("clients")
def test_what_can_not_be_read_is_refused(
    stack: Deployed, arguments: list[str], given: str | bytes, said: str
) -> None:
    """A missing id, bytes that are no text, or no way to confirm: exit code 2 and one line."""
    result = stack.run("erase", *arguments, given=given)
    assert result.exit_code == 2
    assert said in result.stderr
