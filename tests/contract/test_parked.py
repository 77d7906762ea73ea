"""The command line's way into the parking lot and back, against moto's SQS."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from segment_rehook.aws.sqs import SqsQueue
from segment_rehook.delivery.queues.message import Header, Letter
from segment_rehook.delivery.ports import Outgoing
from segment_rehook.rehook.plan import Request
from tests.contract.conftest import Clients
from tools.cli import parked
from tools.cli.main import app

_numbers = itertools.count(1)
REQUEST = Request("POST", "/events/invoke", b'{"event_name":"order","source_id":"u1"}')


def letter(number: int, reason: str = "rejected") -> Outgoing:
    """A parked message of one user."""
    header = Header(
        delivery=f"m{number}:track-event", user="user-hash", content="c", reason=reason, token=1
    )
    made = Letter(header=header, action="trackEvent", request=REQUEST, event=b'{"type":"track"}')
    return made.for_parking(reason, "400 no such event")


@pytest.fixture
def lot(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> parked.Lot:
    """A parking lot with three rejected messages and one of somebody else's."""
    urls = [
        clients.sqs.create_queue(
            QueueName=f"sent-back-{name}-{next(_numbers)}.fifo", Attributes={"FifoQueue": "true"}
        )["QueueUrl"]
        for name in ("parking", "dead")
    ]
    made = parked.Lot(clients.sqs, *urls)
    foreign = Outgoing(group="g", dedupe="d", body="hello", attributes={"reason": "x"})
    SqsQueue(clients.sqs, urls[0]).send([*(letter(number) for number in range(3)), foreign])
    monkeypatch.setattr(parked, "_lot", lambda _stack, _region: made)
    return made


def dead_letters(clients: Clients, lot: parked.Lot) -> list[dict[str, str]]:
    """Group and attributes of what is in the dead-letter queue."""
    answer = clients.sqs.receive_message(
        QueueUrl=lot._dead_letters._url,
        MaxNumberOfMessages=10,
        MessageSystemAttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    return [
        {
            "group": message["Attributes"]["MessageGroupId"],
            **{name: value["StringValue"] for name, value in message["MessageAttributes"].items()},
        }
        for message in answer.get("Messages", [])
    ]


@pytest.mark.usefixtures("lot")
def test_listing_changes_nothing() -> None:
    """Everything is shown with its reason, foreign messages too, and can be shown again."""
    for _ in range(2):
        result = CliRunner().invoke(app, ["parked", "list", "--stack", "s", "--json"])
        assert result.exit_code == 0
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        assert sorted(row["reason"] for row in rows) == ["rejected"] * 3 + ["unreadable"]
        assert {row["detail"] for row in rows if row["delivery"]} == {"400 no such event"}


@pytest.mark.usefixtures("lot")
def test_a_person_sees_a_table() -> None:
    """Without --json the deliveries stand in a table."""
    result = CliRunner().invoke(app, ["parked", "list", "--stack", "s"])
    assert result.exit_code == 0
    assert "m1:track-event" in result.stdout


def test_what_is_sent_back_goes_to_its_users_group(clients: Clients, lot: parked.Lot) -> None:
    """In the order of parking, with its epoch; the foreign message stays."""
    result = CliRunner().invoke(app, ["parked", "redrive", "--stack", "s"])
    assert result.exit_code == 0
    assert "sent back: 3, left: 1" in result.stdout

    sent = dead_letters(clients, lot)
    assert [each["delivery"] for each in sent] == [f"m{number}:track-event" for number in range(3)]
    assert {each["group"] for each in sent} == {"user-hash"}
    assert {each["epoch"] for each in sent} == {"1"}
    assert all("send" not in each for each in sent)
    assert [each.header for each in lot.messages()] == [None]


def test_one_delivery_can_be_chosen_and_sent_as_stored(clients: Clients, lot: parked.Lot) -> None:
    """The others stay, and can be seen at once."""
    arguments = ["parked", "redrive", "--stack", "s", "--delivery", "m1:track-event", "--stored"]
    result = CliRunner().invoke(app, arguments)
    assert "sent back: 1, left: 3" in result.stdout

    [sent] = dead_letters(clients, lot)
    assert (sent["delivery"], sent["send"]) == ("m1:track-event", "stored")
    assert len(lot.messages()) == 3


def test_a_reason_chooses(lot: parked.Lot) -> None:
    """Nothing was parked for this one."""
    result = CliRunner().invoke(app, ["parked", "redrive", "--stack", "s", "--reason", "gave_up"])
    assert "sent back: 0, left: 4" in result.stdout
    assert len(lot.messages()) == 4


def test_what_sqs_does_not_take_is_not_deleted(
    lot: parked.Lot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The send comes first: a message that was not sent stays where it is."""
    monkeypatch.setattr(SqsQueue, "send", lambda _self, messages: [False for _ in messages])
    [first, *_] = lot.messages()
    assert not lot.send_back(first, stored=False)
    assert not lot.send_back(replace(first, header=None), stored=False)
    lot.show_again([first])
    assert first.message.message_id in {each.message.message_id for each in lot.messages()}
