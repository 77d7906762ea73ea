"""Tests of the commands `failures`, against moto's CloudFormation and SQS."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator

import pytest

from segment_rehook.aws.sqs import SqsQueue
from segment_rehook.delivery.queues.message import Header, Letter
from segment_rehook.delivery.queues.transport import Outgoing
from segment_rehook.rehook.plan import Request
from segment_rehook_cli.failures.message import FailedMessage
from segment_rehook_cli.failures.reader import QueueReader
from tests.contract.conftest import Clients
from tests.contract.stacks import ACCOUNT, REGION, Deployed, deploy, sign_in
from tools.sqs import moto_backend

REQUEST = Request("POST", "/events/invoke", b'{"event_name":"order","source_id":"u1"}')


def letter(number: int) -> Letter:
    """Return a letter of the one user of these tests."""
    header = Header(
        delivery=f"m{number}:track-event", user="user-hash", content="c", reason="unknown", token=1
    )
    return Letter(header=header, action="trackEvent", request=REQUEST, event=b'{"type":"track"}')


@pytest.fixture
def stack(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """Give a stack with three rejected messages and a foreign one in its parking lot."""
    sign_in(monkeypatch, clients.address)
    moto_backend.install(max_wait=0)
    made = deploy(clients)
    parked = [
        letter(number).for_parking("rejected", "400 no such event [/red]") for number in range(3)
    ]
    foreign = Outgoing(group="g", dedupe="d", body="hello", attributes={"reason": "x"})
    assert all(SqsQueue(clients.sqs, made.parking_lot_url).send([*parked, foreign]))
    yield made
    moto_backend.install()


def waiting(clients: Clients, url: str) -> list[dict[str, str]]:
    """Return group and attributes of a queue's visible messages, and leave them visible."""
    answer = clients.sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        VisibilityTimeout=0,
        MessageSystemAttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    return [
        {
            "group": message["Attributes"]["MessageGroupId"],
            **{
                name: value["StringValue"]
                for name, value in message.get("MessageAttributes", {}).items()
            },
        }
        for message in answer.get("Messages", [])
    ]


def test_listing_changes_nothing(stack: Deployed) -> None:
    """The list has each message with its reason, foreign ones too, and is the same again."""
    for _ in range(2):
        result = stack.run("failures list", "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        counts, *rows = [json.loads(line) for line in result.stdout.splitlines()]
        assert (counts["messages"], counts["unread"]) == (4, {"parked": 0, "waiting": 0})
        assert [each["messages"] for each in counts["counts"]] == [3, 1]
        assert sorted(row["reason"] for row in rows) == ["rejected"] * 3 + ["unreadable"]
        assert {row["detail"] for row in rows if row["delivery"]} == {"400 no such event [/red]"}


def test_a_person_sees_a_table_and_a_pipe_gets_columns(stack: Deployed) -> None:
    """A terminal gets a table and a pipe tab-separated columns; Rehook's text is unchanged."""
    command = "failures list --reason rejected"
    piped = stack.run(command)
    code, shown = stack.run_on_terminal(command)
    assert (piped.exit_code, code) == (0, 0)
    for text in (piped.stdout, shown):
        assert "m1:track-event" in text
        assert "[/red]" in text
        assert "unreadable" not in text
    assert "m1:track-event\trejected\t" in piped.stdout
    assert "m1:track-event\trejected\t" not in shown
    _, heading, row, *_ = (line.split("\t") for line in piped.stdout.splitlines()[1:])
    assert re.fullmatch(r"[0-9]+ (minutes?|seconds?)( [0-9]+ seconds?)?", row[heading.index("for")])


def test_what_is_sent_back_goes_to_its_users_group(clients: Clients, stack: Deployed) -> None:
    """Messages are sent in the order of parking, with their epoch; a foreign one stays."""
    result = stack.run("failures redrive", "--yes")
    assert result.exit_code == 0
    assert result.stdout == "sent back: 3, left: 1\n"
    assert result.stderr.splitlines() == [
        f"stack {stack.name}, account {ACCOUNT}, region {REGION}",
        "segment-rehook: left, because this bridge did not write them: 1",
    ]

    sent = waiting(clients, stack.dead_letter_queue_url)
    assert [each["delivery"] for each in sent] == [f"m{number}:track-event" for number in range(3)]
    assert {each["group"] for each in sent} == {"user-hash"}
    assert {each["epoch"] for each in sent} == {"1"}
    assert all("send" not in each for each in sent)
    assert [each.get("delivery") for each in waiting(clients, stack.parking_lot_url)] == [None]


def test_one_delivery_can_be_chosen_and_sent_as_stored(clients: Clients, stack: Deployed) -> None:
    """With --delivery one message is sent without a question; the others stay visible."""
    result = stack.run("failures redrive", "--yes", "--delivery", "m1:track-event", "--stored")
    assert (result.exit_code, result.stdout) == (0, "sent back: 1, left: 3\n")

    [sent] = waiting(clients, stack.dead_letter_queue_url)
    assert (sent["delivery"], sent["send"]) == ("m1:track-event", "stored")
    assert len(waiting(clients, stack.parking_lot_url)) == 3


def test_a_delivery_that_is_not_there_is_told(clients: Clients, stack: Deployed) -> None:
    """If the parking lot has no such delivery, the exit code is 1 and nothing is sent."""
    result = stack.run("failures redrive", "--yes", "--delivery", "m9:track-event")
    assert (result.exit_code, result.stdout) == (1, "sent back: 0, left: 4\n")
    assert "no such delivery" in result.stderr
    assert len(waiting(clients, stack.parking_lot_url)) == 4


def test_a_reason_chooses(clients: Clients, stack: Deployed) -> None:
    """With a reason for which nothing was parked, the command succeeds and sends nothing."""
    result = stack.run("failures redrive", "--yes", "--reason", "gave_up")
    assert (result.exit_code, result.stdout) == (0, "sent back: 0, left: 4\n")
    assert len(waiting(clients, stack.parking_lot_url)) == 4


def test_everything_is_sent_back_only_when_that_is_meant(clients: Clients, stack: Deployed) -> None:
    """To send all messages it needs --yes, or a person's consent, told about how many."""
    result = stack.run("failures redrive")
    assert result.exit_code == 2
    assert "--yes" in result.stderr

    question = "Send 4 parked messages back? [y/N]: "
    code, shown = stack.run_on_terminal("failures redrive", (question, "n"))
    assert code == 1
    assert "sent back: 0" in shown
    assert len(waiting(clients, stack.parking_lot_url)) == 4

    code, shown = stack.run_on_terminal("failures redrive", (question, "y"))
    assert code == 0
    assert "sent back: 3, left: 1" in shown


@pytest.mark.parametrize("command", ["failures list", "failures redrive --yes"])
def test_a_queue_that_is_gone_is_one_line(clients: Clients, stack: Deployed, command: str) -> None:
    """If the queue was deleted, the command prints one line and exits with code 3."""
    clients.sqs.delete_queue(QueueUrl=stack.parking_lot_url)
    result = stack.run(command)
    assert result.exit_code == 3
    assert "the queue does not exist" in result.stderr.splitlines()[-1]


def test_a_dead_letter_queue_that_is_gone_leaves_everything_parked(
    clients: Clients, stack: Deployed
) -> None:
    """If the dead-letter queue was deleted, all messages stay, and one line has their number."""
    clients.sqs.delete_queue(QueueUrl=stack.dead_letter_queue_url)
    result = stack.run("failures redrive", "--yes")
    assert (result.exit_code, result.stdout) == (3, "sent back: 0, left: 4\n")
    assert "the queue does not exist" in result.stderr
    assert "not sent back: 3" in result.stderr
    assert len(waiting(clients, stack.parking_lot_url)) == 4


@pytest.mark.parametrize("kind", ["parking lot", "dead-letter queue"])
def test_what_a_deleted_stack_left_goes_to_the_new_one(
    clients: Clients, stack: Deployed, kind: str
) -> None:
    """With --from-queue and --yes, messages of either old queue are sent unchanged, in order."""
    old = deploy(clients)
    url, reason = old.dead_letter_queue_url, "unknown"
    letters = [letter(number).for_dead_letters(ordered=True) for number in range(10, 14)]
    if kind == "parking lot":
        url, reason = old.parking_lot_url, "gave_up"
        letters = [letter(number).for_parking(reason, "") for number in range(10, 14)]
    SqsQueue(clients.sqs, url).send(letters)

    result = stack.run("failures redrive", "--from-queue", url, "--reason", reason)
    assert (result.exit_code, result.stdout) == (2, "")
    result = stack.run("failures redrive", "--from-queue", url, "--yes")
    assert (result.exit_code, result.stdout) == (0, "sent back: 4, left: 0\n")
    sent = waiting(clients, stack.dead_letter_queue_url)
    assert sent == [{**each.attributes, "group": "user-hash"} for each in letters]


def test_an_old_queue_can_be_looked_at_first(clients: Clients, stack: Deployed) -> None:
    """`failures list --from-queue` lists the deliveries of a deleted stack's queue."""
    old = deploy(clients)
    parked = [letter(number).for_parking("gave_up", "") for number in range(20, 23)]
    SqsQueue(clients.sqs, old.parking_lot_url).send(parked)
    listed = stack.run("failures list", "--from-queue", old.parking_lot_url, "--json")
    assert [json.loads(line)["delivery"] for line in listed.stdout.splitlines()[1:]] == [
        f"m{number}:track-event" for number in range(20, 23)
    ]


def test_the_risk_of_an_old_queue_is_named_in_the_question(
    clients: Clients, stack: Deployed
) -> None:
    """With --from-queue the question warns that events can be delivered again."""
    old = deploy(clients)
    command = f"failures redrive --from-queue {old.parking_lot_url}"
    code, shown = stack.run_on_terminal(command, ("can be delivered again", "n"))
    assert code == 1
    assert "sent back: 0" in shown


@pytest.mark.parametrize(
    "url",
    ["old-parking-lot.fifo", "https://sqs.eu-west-1.amazonaws.com/1/standard", "own"],
)
def test_what_is_no_other_fifo_queue_is_refused(stack: Deployed, url: str) -> None:
    """--from-queue refuses a name, a standard queue, and the stack's own dead-letter queue."""
    given = stack.dead_letter_queue_url if url == "own" else url
    result = stack.run("failures redrive", "--from-queue", given, "--yes")
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("command", "lines"), [("failures list --json", 5), ("failures redrive --yes", 1)]
)
def test_ctrl_c_shows_what_was_done_and_hides_nothing(
    clients: Clients,
    stack: Deployed,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    lines: int,
) -> None:
    """After Ctrl-C it prints what was done, exits with code 130, and leaves nothing hidden."""
    read = QueueReader.portions

    def pressed(reader: QueueReader) -> Iterator[list[FailedMessage]]:
        yield from itertools.islice(read(reader), 1)
        raise KeyboardInterrupt

    monkeypatch.setattr(QueueReader, "portions", pressed)
    result = stack.run(command)
    assert result.exit_code == 130
    assert result.stderr.splitlines().count("segment-rehook: interrupted") == 1
    assert len(result.stdout.splitlines()) == lines
    left = len(waiting(clients, stack.parking_lot_url))
    assert left == (4 if "list" in command else 1)


@pytest.mark.parametrize("command", ["failures list", "failures redrive --yes"])
def test_what_somebody_else_holds_is_told(clients: Clients, stack: Deployed, command: str) -> None:
    """Messages that somebody else has hidden are counted, and the exit code is 1."""
    clients.sqs.receive_message(
        QueueUrl=stack.parking_lot_url, MaxNumberOfMessages=2, VisibilityTimeout=600
    )
    result = stack.run(command)
    assert result.exit_code == 1
    assert "not read: about 2; a console or another run holds them" in result.stderr


@pytest.mark.parametrize("wanted", ["", " "])
def test_an_empty_id_is_refused_at_once(
    stack: Deployed, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    """`failures show ""`, as of a variable that is not set, asks AWS for nothing: exit code 2."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    result = stack.run("failures show", wanted)
    assert result.exit_code == 2
    assert "it is empty" in result.stderr
