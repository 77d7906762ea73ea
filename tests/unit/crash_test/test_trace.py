"""How the crash test reads the requests of the functions and the answers that they get."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.faults.relay import RelayedAnswer, RelayedRequest
from tools.faults.trace import STATEMENT_FAILED, Trace, TraceEntry, Write, classify

INSERT = "INSERT INTO \"the-ledger\" VALUE {'id': ?, 'state': ?, 'nonce': ?}"
UPDATES = (
    'UPDATE "the-ledger" SET "state"=? SET "nonce"=? WHERE "id"=? AND "nonce"=?',
    "UPDATE the-ledger SET state = ?, nonce = ? REMOVE lease WHERE id = ? AND nonce = ?",
)


def aws(operation: str, body: dict[str, Any]) -> RelayedRequest:
    """Give a request to DynamoDB or SQS as boto3 sends it."""
    headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    return RelayedRequest("POST", "/", headers, json.dumps(body).encode(), (0, 0))


def texts(*values: str) -> list[dict[str, str]]:
    """Give the parameters of a statement."""
    return [{"S": value} for value in values]


def claims(*deliveries: str) -> RelayedRequest:
    """Give a request that claims these deliveries together."""
    parameters = [texts(f"delivery#{each}", "claimed", f"nonce of {each}") for each in deliveries]
    statements = [{"Statement": INSERT, "Parameters": each} for each in parameters]
    return aws("BatchExecuteStatement", {"Statements": statements})


def entries_of(request: RelayedRequest) -> list[TraceEntry]:
    """Give the entries that a request of process 7 has in the trace."""
    classified = classify(request)
    return [
        TraceEntry(*write, pid=7, function="IngestFunction", shared=classified.shared)
        for write in classified.writes
    ]


def answer(status: int | None, body: dict[str, Any]) -> RelayedAnswer:
    """Give an answer with this body."""
    return RelayedAnswer(b"", status, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (
            RelayedRequest("POST", "/events/invoke", {}, b'{"event_name": "t-1"}', (0, 0)),
            Write("call", ("t-1",)),
        ),
        (RelayedRequest("GET", "/check-auth", {}, b"", (0, 0)), Write("check-auth", ("None",))),
        (
            aws(
                "PutItem",
                {
                    "Item": {
                        "id": {"S": "delivery#d"},
                        "state": {"S": "claimed"},
                        "nonce": {"S": "n"},
                    }
                },
            ),
            Write("claim", ("d",), "n"),
        ),
        (
            aws("PutItem", {"Item": {"id": {"S": "delivery#d"}, "state": {"S": "parked"}}}),
            Write("settle parked", ("d",)),
        ),
        (
            aws("PutItem", {"Item": {"id": {"S": "breaker#rehook"}, "nonce": {"S": "n"}}}),
            Write("breaker", (), "n"),
        ),
        (
            aws(
                "UpdateItem",
                {
                    "Key": {"id": {"S": "delivery#d"}},
                    "ExpressionAttributeValues": {":nonce": {"S": "n"}},
                },
            ),
            Write("claim", ("d",), "n"),
        ),
        (aws("DeleteItem", {"Key": {"id": {"S": "user#u"}}}), Write("unmark", ("u",))),
        (aws("BatchGetItem", {}), Write("read marks")),
        (
            aws(
                "SendMessageBatch",
                {
                    "QueueUrl": "http://sqs/the-parking-lot.fifo",
                    "Entries": [{"MessageAttributes": {"delivery": {"StringValue": "d"}}}],
                },
            ),
            Write("park", ("d",)),
        ),
        (aws("ChangeMessageVisibilityBatch", {}), Write("hide")),
        (aws("GetParametersByPath", {}), Write("read secrets")),
    ],
)
def test_a_request_is_named_by_its_step(request_: RelayedRequest, expected: Write) -> None:
    """A request that no others share has one write, with the step and the keys of the request."""
    classified = classify(request_)

    assert classified.writes == (expected,)
    assert classified.step == expected.step
    assert not classified.shared


def test_claims_that_share_a_request_are_one_entry_each() -> None:
    """Each statement of a shared claim has an entry with its own delivery and nonce."""
    classified = classify(claims("d1", "d2"))

    assert classified.step == "shared claim"
    assert classified.shared
    assert classified.writes == (
        Write("claim", ("d1",), "nonce of d1"),
        Write("claim", ("d2",), "nonce of d2"),
    )


@pytest.mark.parametrize("update", UPDATES)
def test_a_settlement_is_named_by_the_state_and_the_nonce_that_it_writes(update: str) -> None:
    """The old nonce, which the condition compares, is not taken for the new one."""
    statements = [
        {"Statement": update, "Parameters": texts(state, "new", f"delivery#{state}", "old")}
        for state in ("delivered", "parked")
    ]
    classified = classify(aws("BatchExecuteStatement", {"Statements": statements}))

    assert classified.step == "shared settle"
    assert classified.writes == (
        Write("settle delivered", ("delivered",), "new"),
        Write("settle parked", ("parked",), "new"),
    )


def test_a_settlement_and_a_cleared_mark_are_one_entry_each() -> None:
    """What redrive writes in one call at the end of a delivery has an entry for each part."""
    cleared = 'DELETE FROM "the-ledger" WHERE "id"=? AND "last"=?'
    statements = [
        {"Statement": UPDATES[0], "Parameters": texts("delivered", "new", "delivery#d", "old")},
        {"Statement": cleared, "Parameters": texts("user#u", "mark")},
    ]
    classified = classify(aws("BatchExecuteStatement", {"Statements": statements}))

    assert classified.step == "shared settle"
    assert classified.writes == (
        Write("settle delivered", ("d",), "new"),
        Write("unmark", ("u",)),
    )


@pytest.mark.parametrize("code", ["ConditionalCheckFailed", "DuplicateItem"])
def test_each_statement_has_its_own_result(code: str) -> None:
    """Where one claim of a shared request is refused, only the other one counts as open."""
    trace, entries = Trace(), entries_of(claims("d1", "d2"))
    trace.begin(*entries)
    trace.end(entries, answer(200, {"Responses": [{"Error": {"Code": code}}, {}]}))

    assert [each.refused for each in entries] == [True, False]
    assert [each.status for each in entries] == [STATEMENT_FAILED, 200]
    assert trace.open_claims() == [entries[1]]


def test_a_statement_that_fails_for_another_reason_may_have_been_written() -> None:
    """A claim that DynamoDB did not refuse counts as open, whatever else went wrong."""
    trace, entries = Trace(), entries_of(claims("d1"))
    trace.begin(*entries)
    trace.end(entries, answer(200, {"Responses": [{"Error": {"Code": "InternalServerError"}}]}))

    assert not entries[0].succeeded
    assert trace.open_claims() == entries


@pytest.mark.parametrize("status", [500, None])
def test_a_shared_request_without_a_good_answer_leaves_all_its_claims_open(
    status: int | None,
) -> None:
    """After an error or a reset, each claim of the request may have been written."""
    trace, entries = Trace(), entries_of(claims("d1", "d2"))
    trace.begin(*entries)
    trace.end(entries, answer(status, {}))

    assert [each.status for each in entries] == [status, status]
    assert trace.open_claims() == entries


def test_a_settlement_ends_the_claim_of_its_delivery() -> None:
    """A claim is open until its delivery is settled."""
    trace = Trace()
    claimed = entries_of(claims("d1", "d2"))
    trace.end(claimed, answer(200, {"Responses": [{}, {}]}))
    item = {"id": {"S": "delivery#d1"}, "state": {"S": "delivered"}}
    trace.end(entries_of(aws("PutItem", {"Item": item})), answer(200, {}))

    assert trace.open_claims() == [claimed[1]]


def test_the_trace_gives_the_entries_of_a_step() -> None:
    """Entries are in the order in which they began, and a step selects among them."""
    trace = Trace()
    call = entries_of(RelayedRequest("POST", "/", {}, b'{"event_name": "t-1"}', (0, 0)))
    trace.begin(*entries_of(claims("d1", "d2")))
    trace.begin(*call)

    assert [each.step for each in trace.all()] == ["claim", "claim", "call"]
    assert list(trace.of("call", "park")) == call
