"""Tests of the fake Rehook and the AWS server over the network: faults, as a client sees them."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import NewConnectionError, ProtocolError, ReadTimeoutError

from tools.sandbox import Fault, Kind, Sandbox
from tools.sandbox.services import API_KEY, API_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NUMBERS = itertools.count()


@pytest.fixture
def call(box: Sandbox) -> Iterator[Callable[[str], urllib3.BaseHTTPResponse]]:
    """Give a function that sends a customer's event to Rehook, as the bridge does."""
    http = urllib3.PoolManager(
        retries=False,
        timeout=0.6,
        headers=urllib3.make_headers(basic_auth=f"{API_KEY}:{API_SECRET}"),
    )

    def send(customer: str) -> urllib3.BaseHTTPResponse:
        body = {"event_name": "order", "source_id": customer}
        return http.request("POST", f"{box.rehook_url}/events/invoke", json=body)

    yield send
    http.clear()


@pytest.fixture
def letters(box: Sandbox) -> Iterator[str]:
    """Give the URL of a queue that no function reads; it is empty before and after the test."""
    box.pollers["Consume"].pause()
    queue = box.queue("Letters")
    yield queue.url
    queue.empty()
    box.pollers["Consume"].resume()


def rewards(box: Sandbox, customer: str) -> int:
    """Count the customer's orders on which Rehook has acted."""
    return box.rehook.rewards().get((customer, "order"), 0)


def entry(group: str, dedupe: str = "") -> Any:
    """Make an entry of SendMessageBatch."""
    return {
        "Id": str(next(NUMBERS)),
        "MessageBody": "{}",
        "MessageGroupId": group,
        "MessageDeduplicationId": dedupe or str(next(NUMBERS)),
    }


@pytest.mark.parametrize("acted", [True, False])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (Kind.RESET, ProtocolError),
        (Kind.SILENCE, ReadTimeoutError),
        (Kind.GARBAGE, ProtocolError),
        (Kind.TRUNCATE, ProtocolError),
    ],
)
def test_a_call_goes_wrong_before_or_after_it_was_carried_out(
    box: Sandbox,
    call: Callable[[str], urllib3.BaseHTTPResponse],
    kind: Kind,
    error: type[Exception],
    acted: bool,
) -> None:
    """A call fails before or after Rehook acts on it; a truncated answer is always after."""
    customer = f"{kind}-{acted}"
    box.rehook.fault(Fault(kind=kind, acted=acted, match={"customer": customer}))
    with pytest.raises(error):
        call(customer)
    assert rewards(box, customer) == (1 if acted or kind is Kind.TRUNCATE else 0)
    assert call(customer).status == 200


def test_answers_to_order(box: Sandbox, call: Callable[[str], urllib3.BaseHTTPResponse]) -> None:
    """One answer for a path and a customer is replaced by the status, headers and body ordered."""
    headers = {"Retry-After": "7"}
    match = {"path": "/events/invoke", "customer": "answered"}
    box.rehook.fault(
        Fault(kind=Kind.ANSWER, status=429, headers=headers, body="slow down", match=match)
    )
    assert call("another").status == 200
    answer = call("answered")
    assert (answer.status, answer.headers["retry-after"], answer.data) == (429, "7", b"slow down")
    assert call("answered").status == 200
    assert rewards(box, "answered") == 1


def test_a_late_answer(box: Sandbox, call: Callable[[str], urllib3.BaseHTTPResponse]) -> None:
    """A delayed call is answered as usual if the client waits long enough."""
    box.rehook.fault(Fault(kind=Kind.DELAY, seconds=0.2))
    assert call("late").status == 200


def test_a_held_call(box: Sandbox, call: Callable[[str], urllib3.BaseHTTPResponse]) -> None:
    """A held call waits until it is released; with `acted` Rehook has acted on it before."""
    box.rehook.fault(Fault(kind=Kind.HOLD, acted=True))
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(call, "held")
        box.wait_until(box.rehook.held)
        assert rewards(box, "held") == 1
        box.rehook.release()
        assert answer.result(5).status == 200
    assert rewards(box, "held") == 1


def test_switched_off_it_refuses_connections(
    box: Sandbox, call: Callable[[str], urllib3.BaseHTTPResponse]
) -> None:
    """Switched off, Rehook refuses new and open connections; switched on, it has all it had."""
    assert call("loyal").status == 200
    box.rehook.switch(on=False)
    for _ in range(2):
        with pytest.raises((NewConnectionError, ProtocolError)):
            call("loyal")
    box.rehook.switch(on=True)
    assert call("loyal").status == 200
    assert rewards(box, "loyal") == 2


def test_a_rate_limit(box: Sandbox, call: Callable[[str], urllib3.BaseHTTPResponse]) -> None:
    """Calls over the rate limit are answered with 429, and Rehook does not act on them."""
    box.rehook.limit(2)
    statuses = [call("busy").status for _ in range(5)]
    box.rehook.limit(None)
    assert statuses.count(429) >= 2
    assert rewards(box, "busy") == statuses.count(200)


def test_every_call_is_remembered(
    box: Sandbox, call: Callable[[str], urllib3.BaseHTTPResponse]
) -> None:
    """All calls are listed in the order of arrival, with status, fault and whether Rehook acted."""
    since = len(box.rehook.calls())
    box.rehook.answer(503, customer="remembered")
    call("remembered")
    call("remembered")
    first, second = box.rehook.calls(since)
    assert (first.status, first.acted, first.fault) == (503, False, "answer")
    assert (second.status, second.acted, second.source_id) == (200, True, "remembered")
    assert first.number + 1 == second.number
    assert first.at <= second.at


def test_a_dedupe_id_counts_for_five_minutes_in_its_group(box: Sandbox, letters: str) -> None:
    """A deduplication id counts within its group, and after the first message is deleted."""
    box.sqs.send_message_batch(QueueUrl=letters, Entries=[entry("g", "d1"), entry("h", "d1")])
    received = box.sqs.receive_message(QueueUrl=letters, MaxNumberOfMessages=10)["Messages"]
    assert len(received) == 2
    for message in received:
        box.sqs.delete_message(QueueUrl=letters, ReceiptHandle=message["ReceiptHandle"])
    box.sqs.send_message_batch(QueueUrl=letters, Entries=[entry("g", "d1"), entry("g", "d2")])
    [left] = box.queue("Letters").messages()
    assert left.dedupe == "d2"


def test_four_thousand_messages_take_seconds(box: Sandbox, letters: str) -> None:
    """A queue takes the 4,000 messages of a largest request within the tests' time-out."""
    for _ in range(400):
        box.sqs.send_message_batch(
            QueueUrl=letters, Entries=[entry(f"g{next(NUMBERS) % 500}") for _ in range(10)]
        )
    assert len(box.queue("Letters").messages()) == 4000


def test_some_entries_of_a_batch_fail(box: Sandbox, letters: str) -> None:
    """The entries that are ordered to fail are reported as failed; the others are stored."""
    box.aws.fault(Fault(kind=Kind.PARTIAL, entries=[0, 2], match={"operation": "SendMessageBatch"}))
    entries = [entry("part") for _ in range(3)]
    answer = box.sqs.send_message_batch(QueueUrl=letters, Entries=entries)
    assert [each["Id"] for each in answer["Failed"]] == [entries[0]["Id"], entries[2]["Id"]]
    assert [each["Id"] for each in answer["Successful"]] == [entries[1]["Id"]]
    assert len(box.queue("Letters").messages()) == 1


@pytest.mark.parametrize("acted", [True, False])
def test_an_entry_fails_before_or_after_it_was_stored(
    box: Sandbox, letters: str, acted: bool
) -> None:
    """With `acted` an entry's message is stored, although the entry is reported as failed."""
    match = {"operation": "SendMessageBatch"}
    box.aws.fault(Fault(kind=Kind.PARTIAL, entries=[1], acted=acted, code="Busy", match=match))
    entries = [entry("part") for _ in range(2)]
    answer = box.sqs.send_message_batch(QueueUrl=letters, Entries=entries)
    assert [(each["Id"], each["Code"]) for each in answer["Failed"]] == [(entries[1]["Id"], "Busy")]
    assert [each["Id"] for each in answer["Successful"]] == [entries[0]["Id"]]
    assert len(box.queue("Letters").messages()) == 1 + acted


@pytest.mark.parametrize("acted", [True, False])
def test_a_statement_fails_before_or_after_it_was_carried_out(box: Sandbox, acted: bool) -> None:
    """One statement fails, before or after it is executed; the others succeed, in their order."""
    table = box.stack.tables["Notes"].name
    keys = [f"statement-{acted}-{number}" for number in range(3)]
    match = {"operation": "BatchExecuteStatement"}
    code = "ThrottlingError"
    box.aws.fault(Fault(kind=Kind.PARTIAL, entries=[1], acted=acted, code=code, match=match))
    answer = box.dynamodb.batch_execute_statement(
        Statements=[
            {"Statement": f"INSERT INTO \"{table}\" VALUE {{'id': ?}}", "Parameters": [{"S": key}]}
            for key in keys
        ]
    )
    codes = [each.get("Error", {}).get("Code") for each in answer["Responses"]]
    assert codes == [None, code, None]
    stored = [key for key in keys if {"id": {"S": key}} in box.ledger()]
    assert stored == (keys if acted else [keys[0], keys[2]])


def test_every_statement_of_a_batch_fails(box: Sandbox) -> None:
    """A statement that fails without a given code fails with InternalServerError."""
    table = box.stack.tables["Notes"].name
    match = {"operation": "BatchExecuteStatement"}
    box.aws.fault(Fault(kind=Kind.PARTIAL, entries=[0, 5], match=match))
    statement = f"INSERT INTO \"{table}\" VALUE {{'id': 'all fail'}}"
    answer = box.dynamodb.batch_execute_statement(Statements=[{"Statement": statement}])
    assert [each["Error"]["Code"] for each in answer["Responses"]] == ["InternalServerError"]
    assert {"id": {"S": "all fail"}} not in box.ledger()


@pytest.mark.parametrize(("kind", "entries"), [(Kind.ANSWER, []), (Kind.PARTIAL, [0])])
def test_an_answer_that_a_fault_makes_has_a_length(
    box: Sandbox, letters: str, kind: Kind, entries: list[int]
) -> None:
    """AWS sends no chunks, so a relay between function and stand-in need not read them."""
    box.aws.fault(Fault(kind=kind, entries=entries, match={"operation": "DeleteMessageBatch"}))
    try:
        answer = box.sqs.delete_message_batch(
            QueueUrl=letters, Entries=[{"Id": "1", "ReceiptHandle": "none"}]
        )
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
    except ClientError as error:
        headers = error.response["ResponseMetadata"]["HTTPHeaders"]
    assert int(headers["content-length"])
    assert "transfer-encoding" not in headers


@pytest.mark.parametrize("acted", [True, False])
@pytest.mark.parametrize("kind", [Kind.ANSWER, Kind.RESET])
def test_a_write_goes_wrong_before_or_after_it_was_made(
    box: Sandbox, kind: Kind, acted: bool
) -> None:
    """A fault for one caller, known by its key id, fails before or after the write."""
    session = boto3.Session(
        aws_access_key_id="Echo", aws_secret_access_key="x", region_name="us-east-1"
    )
    config = Config(retries={"total_max_attempts": 1})
    client = session.client("dynamodb", endpoint_url=box.aws.api_url, config=config)
    item: Any = {"id": {"S": f"{kind}-{acted}"}}
    table = box.stack.tables["Notes"].name
    box.aws.fault(Fault(kind=kind, acted=acted, match={"caller": "Echo", "operation": "PutItem"}))
    with pytest.raises((BotoCoreError, ClientError)):
        client.put_item(TableName=table, Item=item)
    client.close()
    assert (item in box.ledger()) is acted
    box.dynamodb.put_item(TableName=table, Item=item)
    assert box.aws.operations("Echo")["dynamodb:PutItem"] >= 1


def test_of_many_conditional_writes_one_succeeds(box: Sandbox) -> None:
    """Of many concurrent conditional writes of one item exactly one succeeds."""

    def claim(_: int) -> bool:
        try:
            box.dynamodb.put_item(
                TableName=box.stack.tables["Notes"].name,
                Item={"id": {"S": "contested"}},
                ConditionExpression="attribute_not_exists(id)",
            )
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(40))) == 1
