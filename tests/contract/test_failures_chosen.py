"""Tests of `failures try`, `show`, `export`, `discard` and of resumed redrives, against moto."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segment_rehook.aws import items
from segment_rehook.aws.dynamodb import DynamoLedger
from segment_rehook.aws.sqs import SqsQueue
from segment_rehook.delivery import ids
from segment_rehook.delivery.ledger.record import Record, State
from segment_rehook.delivery.queues.message import Header, Letter
from segment_rehook.rehook.plan import Request
from segment_rehook_cli.failures.ledger_client import table_of
from segment_rehook_cli.failures.settling import DISCARDED
from tests.contract.conftest import Clients
from tests.contract.ledgers import swap
from tests.contract.stacks import Deployed, deploy, sign_in
from tools.sqs import moto_backend

REQUEST = Request("POST", "/events/invoke", b'{"event_name":"order","source_id":"u1"}')
DESTINATION = {
    "subscriptions": [
        {
            "id": "track-event",
            "actionSlug": "trackEvent",
            "trigger": 'type = "track"',
            "settings": {
                "event_name": {"@path": "$.event"},
                "source_id": {"@path": "$.userId"},
            },
        }
    ]
}


def event(number: int, **members: Any) -> bytes:
    """Return a track event."""
    made = {"type": "track", "event": "order", "messageId": f"m{number}", "userId": f"u{number}"}
    return json.dumps(made | members).encode()


def letter(number: int, *, user: str = "", reason: str = "unavailable", **members: Any) -> Letter:
    """Return a letter; its event has the given members too."""
    header = Header(
        delivery=f"m{number}:track-event",
        user=ids.user_hash(user or f"u{number}"),
        content="c",
        reason=reason,
        token=1,
        nonce=f"nonce-{number}",
    )
    return Letter(
        header=header, action="trackEvent", request=REQUEST, event=event(number, **members)
    )


@pytest.fixture
def stack(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """Give a stack with a ledger, four parked messages and three waiting ones."""
    sign_in(monkeypatch, clients.address)
    moto_backend.install(max_wait=0)
    made = deploy(clients, ledger=True)
    parked = [letter(number).for_parking("rejected", "400 no such event") for number in range(2)]
    parked.append(letter(2, userId=None).for_parking("not_mapped", "no userId"))
    parked.append(letter(3).for_parking("gave_up", "429 last try: throttled"))
    assert all(SqsQueue(clients.sqs, made.parking_lot_url).send(parked))
    waiting = [letter(number, user="ann").for_dead_letters(ordered=True) for number in (10, 11, 12)]
    assert all(SqsQueue(clients.sqs, made.dead_letter_queue_url).send(waiting))
    yield made
    moto_backend.install()


@pytest.fixture
def ledger(clients: Clients, stack: Deployed) -> DynamoLedger:
    """Give the stack's ledger, in which the waiting deliveries are queued."""
    made = DynamoLedger(table_of(clients.dynamodb, stack.ledger_table))
    for number in (10, 11, 12):
        swap(made, record(number), None)
    return made


def record(number: int, state: State = State.QUEUED) -> Record:
    """Return the record of a delivery."""
    return Record(
        id=f"m{number}:track-event",
        state=state,
        token=1,
        nonce=f"nonce-{number}",
        content="c",
        expires_at=4_000_000_000,
        in_queue=True,
    )


def found(clients: Clients, stack: Deployed, number: int) -> Record:
    """Return the record that the table has of a delivery."""
    key = f"delivery#m{number}:track-event"
    item = clients.dynamodb.get_item(TableName=stack.ledger_table, Key={"id": {"S": key}})
    return items.record_of(item["Item"])


def left(clients: Clients, url: str) -> list[str]:
    """Return the deliveries of a queue's messages, and leave them visible."""
    answer = clients.sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"]
    )
    return [
        each["MessageAttributes"]["delivery"]["StringValue"] for each in answer.get("Messages", [])
    ]


def entries(stack: Deployed, command: str, *arguments: str) -> list[dict[str, Any]]:
    """Run a command with --json; return its entries, without the line of counts."""
    result = stack.run(command, "--json", *arguments)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return [each for each in lines if "counts" not in each]


def test_a_list_has_both_queues_and_counts_first(stack: Deployed) -> None:
    """The first line has the counts by queue, reason, code and subscription; then the messages."""
    result = stack.run("failures list", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    first, *rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert first["messages"] == 7
    assert first["unread"] == {"parked": 0, "waiting": 0}
    assert first["counts"][0] == {
        "queue": "waiting",
        "reason": "unavailable",
        "code": None,
        "subscription": "track-event",
        "messages": 3,
    }
    assert [row["queue"] for row in rows].count("waiting") == 3
    assert {row["class"] for row in rows} == {"rejected", "throttled", "unavailable", None}
    assert all(row["receives"] == 1 for row in rows)


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ("--queue parked", [0, 1, 2, 3]),
        ("--queue waiting", [10, 11, 12]),
        ("--code 429", [3]),
        ("--class throttled", [3]),
        ("--class rejected --code 400", [0, 1]),
        ("--user ann", [10, 11, 12]),
        ("--user u1", [1]),
        ("--subscription other", []),
        ("--newer-than 1h --reason not_mapped", [2]),
        ("--older-than 1h", []),
        ("--delivery m11:track-event", [11]),
    ],
)
def test_each_option_chooses(stack: Deployed, options: str, numbers: list[int]) -> None:
    """Each option leaves out what does not have its value; several must all hold."""
    rows = entries(stack, f"failures list {options}")
    assert sorted(int(row["delivery"].split(":")[0][1:]) for row in rows) == numbers


def test_a_user_is_never_printed(stack: Deployed) -> None:
    """Neither the id that is asked for nor its hash is in the output of the list."""
    result = stack.run("failures list --user ann")
    assert "ann" not in result.output
    assert ids.user_hash("ann") not in result.output


@pytest.mark.parametrize(
    "options",
    [
        "--older-than soon",
        "--queue all",
        "--class bad",
        "--newer-than -1h",
        "--older-than 1h --newer-than 60m",
    ],
)
def test_what_is_no_filter_is_refused(stack: Deployed, options: str) -> None:
    """A value that an option does not take ends the command with exit code 2."""
    assert stack.run(f"failures list {options}").exit_code == 2


def test_try_says_what_a_candidate_makes_of_everything(stack: Deployed, tmp_path: Path) -> None:
    """Parked events are mapped again, waiting ones sent as stored; exit code 1 if some fail."""
    file = tmp_path / "new.json"
    file.write_text(json.dumps(DESTINATION))
    result = stack.run("failures try", "--destination", str(file), "--json")
    first, *rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert (first["map"], first["messages"]) == (6, 7)
    [bad] = [row for row in rows if not row["maps"]]
    assert (bad["delivery"], bad["parkedAs"]) == ("m2:track-event", "not_mapped")
    assert [row["mappedAnew"] for row in rows if row["queue"] == "waiting"] == [False] * 3
    people = stack.run("failures try", "--destination", str(file)).stdout
    assert people.startswith("6 of 7 would be sent to Rehook; 1 parked as not_mapped: ")
    good = stack.run("failures try --reason rejected", "--destination", str(file))
    assert good.exit_code == 0
    assert good.stdout.startswith("2 of 2 would be sent to Rehook\n")


def test_try_knows_a_subscription_that_is_gone(stack: Deployed, tmp_path: Path) -> None:
    """Without the subscription, all messages would be parked, waiting ones too."""
    file = tmp_path / "new.json"
    file.write_text('{"subscriptions": []}')
    rows = entries(stack, "failures try", "--destination", str(file))
    assert {row["parkedAs"] for row in rows} == {"subscription_gone"}


def test_a_destination_with_mistakes_is_not_tried(stack: Deployed, tmp_path: Path) -> None:
    """A file that is missing or has mistakes ends the command with exit code 2."""
    assert stack.run("failures try", "--destination", str(tmp_path / "no.json")).exit_code == 2
    file = tmp_path / "new.json"
    file.write_text('{"subscriptions": 7}')
    result = stack.run("failures try", "--destination", str(file))
    assert result.exit_code == 2
    assert "subscriptions" in result.stderr


@pytest.mark.parametrize("wanted", ["m1:track-event", "m1"])
def test_one_event_is_shown_whole(stack: Deployed, wanted: str) -> None:
    """By delivery or messageId: event, request, Rehook's answer and receives."""
    [entry] = entries(stack, "failures show", wanted)
    assert entry["event"] == json.loads(event(1))
    assert entry["request"]["body"] == json.loads(REQUEST.body)
    assert (entry["detail"], entry["receives"]) == ("400 no such event", 1)
    people = stack.run("failures show", wanted)
    assert people.exit_code == 0
    assert '"messageId": "m1"' in people.stdout
    assert "detail: 400 no such event" in people.stdout
    assert "{'" not in people.stdout  # no member is printed as Python writes it


def test_what_is_not_there_is_not_shown(stack: Deployed) -> None:
    """An id of no message ends the command with exit code 1 and one line."""
    result = stack.run("failures show", "m99")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no message that can be read has this id" in result.stderr


def test_an_export_has_everything_and_deletes_nothing(
    clients: Clients, stack: Deployed, tmp_path: Path
) -> None:
    """Each line has event, request and all attributes; the file is its owner's; all stays."""
    file = tmp_path / "out.ndjson"
    result = stack.run("failures export", "--output", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "exported: 7, not read: 0" in result.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    by_id = {each["delivery"]: each for each in lines}
    assert by_id["m3:track-event"]["event"] == json.loads(event(3))
    assert by_id["m3:track-event"]["attributes"]["epoch"] == "1"
    assert by_id["m10:track-event"]["request"]["path"] == "/events/invoke"
    assert len(left(clients, stack.parking_lot_url)) == 4
    assert len(left(clients, stack.dead_letter_queue_url)) == 3
    assert [each.name for each in tmp_path.iterdir()] == ["out.ndjson"]

    again = stack.run("failures export", "--output", str(file))
    assert again.exit_code == 2
    assert "give another name, or --replace" in again.stderr
    stack.run("failures export --reason gave_up --replace", "--output", str(file))
    assert len(file.read_text().splitlines()) == 1


def test_an_export_goes_to_standard_output_too(stack: Deployed) -> None:
    """Without --output the lines are on standard output, and the summary is not."""
    result = stack.run("failures export --queue parked")
    assert len([json.loads(line) for line in result.stdout.splitlines()]) == 4


def test_a_file_that_cannot_be_written_is_one_line(stack: Deployed, tmp_path: Path) -> None:
    """A folder that does not exist ends the export with one line, as any unusable input."""
    file = tmp_path / "none" / "out.ndjson"
    result = stack.run("failures export", "--output", str(file))
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(f"segment-rehook: {file}: ")


def test_parked_messages_are_discarded_after_the_name_was_typed(
    clients: Clients, stack: Deployed
) -> None:
    """Counts come first; another word than the stack's name discards nothing."""
    command = "failures discard --reason rejected"
    assert stack.run(command).exit_code == 2
    question = "Delete 2 messages for good? Type"
    code, shown = stack.run_on_terminal(command, (question, "yes"))
    assert (code, "discarded: 0" in shown) == (1, True)
    assert len(left(clients, stack.parking_lot_url)) == 4
    code, shown = stack.run_on_terminal(command, (question, stack.name))
    assert (code, "discarded: 2" in shown) == (0, True)
    assert left(clients, stack.parking_lot_url) == ["m2:track-event", "m3:track-event"]
    assert len(left(clients, stack.dead_letter_queue_url)) == 3


def test_waiting_deliveries_are_ended_before_their_messages_are_deleted(
    clients: Clients, stack: Deployed, ledger: DynamoLedger
) -> None:
    """The ledger has them as parked with the reason `discarded`, under a new token."""
    del ledger
    result = stack.run("failures discard --queue waiting --yes --delivery m11:track-event")
    assert (result.exit_code, result.stdout) == (0, "discarded: 1\n")
    ended = found(clients, stack, 11)
    assert (ended.state, ended.reason, ended.token) == (State.PARKED, DISCARDED, 2)
    assert found(clients, stack, 10).state is State.QUEUED
    assert left(clients, stack.dead_letter_queue_url) == ["m10:track-event", "m12:track-event"]

    result = stack.run("failures discard --queue both --yes")
    assert (result.exit_code, result.stdout) == (0, "discarded: 6\n")
    assert left(clients, stack.dead_letter_queue_url) == []
    assert found(clients, stack, 12).reason == DISCARDED


def test_a_ledger_that_is_gone_keeps_waiting_messages(clients: Clients, stack: Deployed) -> None:
    """If the table refuses, nothing is deleted, and one line says why."""
    clients.dynamodb.delete_table(TableName=stack.ledger_table)
    result = stack.run("failures discard --queue waiting --yes")
    assert (result.exit_code, result.stdout) == (3, "discarded: 0\n")
    assert "left, because the ledger gave no answer (BatchExecuteStatement" in result.stderr
    assert len(left(clients, stack.dead_letter_queue_url)) == 3


def test_waiting_messages_are_not_redriven(clients: Clients, stack: Deployed) -> None:
    """--queue waiting sends nothing and says why; with both, the parked ones are sent."""
    result = stack.run("failures redrive --queue waiting --yes")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "waiting messages are not sent again by a command" in result.stderr
    result = stack.run("failures redrive --queue both --yes")
    assert (result.exit_code, result.stdout) == (0, "sent back: 4, left: 0\n")
    assert len(left(clients, stack.dead_letter_queue_url)) == 7


def test_a_job_takes_only_what_was_parked_before_it_began(
    clients: Clients, stack: Deployed, tmp_path: Path
) -> None:
    """A job that is resumed has its own filters, and leaves what was parked after its start."""
    file = tmp_path / "job.json"
    first = stack.run("failures redrive --yes --reason rejected", "--job", str(file))
    assert (first.exit_code, first.stdout) == (0, "sent back: 2, left: 2\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    job = json.loads(file.read_text())
    assert (job["sent"], job["ended"]) == (2, True)

    done = stack.run("failures redrive --yes", "--job", str(file))
    assert (done.exit_code, done.stdout) == (0, "")
    assert "this job has ended; it sent back 2" in done.stderr

    file.write_text(json.dumps(job | {"ended": False, "started_at": job["started_at"] - 3_600}))
    late = letter(7).for_parking("rejected", "400 again")
    SqsQueue(clients.sqs, stack.parking_lot_url).send([late])
    resumed = stack.run("failures redrive --yes", "--job", str(file))
    assert (resumed.exit_code, resumed.stdout) == (0, "sent back: 0, left: 3\n")
    assert "left, because they were parked after this command began: 1" in resumed.stderr


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("[]", "", "it is not a job file"),
        ("{", "", "it is not a job file"),
        ('{"version": 2}', "", "another version"),
        (None, "--reason gave_up", "the job has other options"),
        (None, "--stored", "the job has other options"),
        ({"stack": "other"}, "", "it is a job of the stack other"),
    ],
)
def test_a_job_file_that_does_not_fit_is_refused(
    stack: Deployed, tmp_path: Path, content: str | dict[str, Any] | None, options: str, said: str
) -> None:
    """A file that is no job, or another one's, sends nothing and ends with exit code 2."""
    file = tmp_path / "job.json"
    stack.run("failures redrive --yes --delivery m0:track-event", "--job", str(file))
    if isinstance(content, dict):
        file.write_text(json.dumps(json.loads(file.read_text()) | content))
    elif content is not None:
        file.write_text(content)
    result = stack.run(f"failures redrive --yes {options}", "--job", str(file))
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_sqs_moves_the_whole_parking_lot(clients: Clients, stack: Deployed) -> None:
    """--by move-task starts SQS's own task and reports its end; filters are refused."""
    result = stack.run("failures redrive --by move-task --yes --reason rejected")
    assert result.exit_code == 2
    result = stack.run("failures redrive --by move-task --yes --rate 0.5")
    assert result.exit_code == 2
    result = stack.run("failures redrive --by move-task --yes --rate 500")
    assert (result.exit_code, result.stdout) == (0, "moved: 4, completed\n")
    assert left(clients, stack.parking_lot_url) == []
