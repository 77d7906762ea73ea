"""The functions' AWS client against a server that answers, refuses, breaks off and hangs."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, TypeVar

import pytest
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_sqs import SQSClient
from mypy_boto3_ssm import SSMClient

from segment_rehook.aws.access import Access
from segment_rehook.aws.client import MAX_ATTEMPTS, MAX_IDLE_SECONDS, MAX_PAUSE_SECONDS
from segment_rehook.aws.clients import Clients, DynamoDb, Sqs, Ssm
from segment_rehook.aws.errors import AwsError
from segment_rehook.aws.system import SystemClock
from tests.integration.client.server import Script, ScriptedServer, Wire, always, answer
from tools.fakes.surroundings import FakeClock, FakeRandomness

ITEM = {"id": {"S": "delivery#m1"}, "nonce": {"S": "n1"}}
REFUSED = "400 Bad Request"
OLDER = "x-amzn-query-error: AWS.Queue.Gone;Sender"

Closable = TypeVar("Closable", DynamoDBClient, SQSClient, SSMClient)


def refusal(code: str, status: str = REFUSED, *headers: str, **more: Any) -> bytes:
    """A service's refusal; its message quotes what was sent."""
    body = {"__type": f"com.amazonaws.x#{code}", "message": "of ann@example.com", **more}
    return answer(status, json.dumps(body).encode(), *headers)


@dataclass
class Bench:
    """Clients of one server, on a clock that pauses move."""

    stack: ExitStack
    clock: FakeClock = field(default_factory=FakeClock)

    def serve(self, *replies: bytes) -> ScriptedServer:
        """Answer each request with the next of these, and further ones with the last."""
        left = list(replies)

        def script(wire: Wire) -> None:
            while wire.request() is not None:
                wire.send(left.pop(0) if len(left) > 1 else left[0])

        return self.run(script)

    def run(self, script: Script) -> ScriptedServer:
        """Serve by a script."""
        return self.stack.enter_context(ScriptedServer(script))

    def clients(self, server: ScriptedServer) -> Clients:
        """Make what makes clients."""
        environment = {
            "AWS_ENDPOINT_URL": server.url,
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "made-up",
            "AWS_SECRET_ACCESS_KEY": "made-up",
        }
        access = Access.read(environment, "amazonaws.com")
        return Clients(access, self.clock, FakeRandomness())

    def dynamodb(self, server: ScriptedServer) -> DynamoDBClient:
        """Make a client, which is closed when the test ends."""
        return self._closed(self.clients(server).dynamodb(connections=2))

    def sqs(self, server: ScriptedServer) -> SQSClient:
        """Make a client, which is closed when the test ends."""
        return self._closed(self.clients(server).sqs(connections=2))

    def ssm(self, server: ScriptedServer) -> SSMClient:
        """Make a client, which is closed when the test ends."""
        return self._closed(self.clients(server).ssm(connections=2))

    def _closed(self, client: Closable) -> Closable:
        self.stack.callback(client.close)
        return client


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Servers and clients that are closed when the test ends."""
    with ExitStack() as stack:
        yield Bench(stack)


def put(client: DynamoDBClient) -> Any:
    """Put an item."""
    return client.put_item(TableName="ledger", Item=ITEM)


def refused(client: DynamoDBClient) -> AwsError:
    """Put an item; the error."""
    with pytest.raises(AwsError) as caught:
        put(client)
    return caught.value


def send(client: SQSClient) -> Any:
    """Send nothing."""
    return client.send_message_batch(QueueUrl="https://sqs/q", Entries=[])


CALLS: dict[str, Callable[[Bench, ScriptedServer], Any]] = {
    "DynamoDB_20120810.PutItem": lambda bench, server: put(bench.dynamodb(server)),
    "AmazonSQS.SendMessageBatch": lambda bench, server: send(bench.sqs(server)),
    "AmazonSSM.GetParametersByPath": lambda bench, server: bench.ssm(server).get_parameters_by_path(
        Path="/p"
    ),
}


@pytest.mark.parametrize("target", CALLS)
def test_a_call_names_its_operation_and_gives_the_answer(bench: Bench, target: str) -> None:
    """The service, its version and the operation stand in a header, the arguments in the body."""
    server = bench.serve(answer(body=b'{"Item": {"id": {"S": "\\u00e9"}}}'))
    assert CALLS[target](bench, server) == {"Item": {"id": {"S": "é"}}}
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert f"x-amz-target: {target}".encode() in head
    assert b"Credential=made-up/" in head
    assert isinstance(json.loads(body), dict)


def test_a_connection_is_used_again(bench: Bench) -> None:
    """Connecting costs several times what a call costs."""
    server = bench.serve(answer(body=b"{}"))
    client = bench.dynamodb(server)
    for _ in range(3):
        put(client)
    assert server.connections == 1
    bench.clock.advance(MAX_IDLE_SECONDS + 1)
    put(client)
    assert server.connections == 2


def test_a_refusal_has_the_services_code_and_answer_and_not_its_text(bench: Bench) -> None:
    """The answer may hold the item that stood in the way; the message may quote a value."""
    reply = refusal("ConditionalCheckFailedException", Item=ITEM)
    error = refused(bench.dynamodb(bench.serve(reply)))
    assert (str(error), error.code) == ("ConditionalCheckFailedException",) * 2
    assert error.answer["Item"] == ITEM


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (answer(REFUSED, b"{}", "x-amzn-ErrorType: Denied:http://x"), "Denied"),
        (
            refusal("QueueGone", REFUSED, OLDER),
            "AWS.Queue.Gone",
        ),
        (answer("403 Forbidden", b"<html>sign in</html>"), "403"),
        (answer("403 Forbidden", b"[]"), "403"),
    ],
    ids=["in a header", "an older code", "a page", "a list"],
)
def test_a_refusals_code_is_found_where_it_stands(bench: Bench, reply: bytes, code: str) -> None:
    """In the body, in a header or, of what is no answer of AWS's, the status."""
    assert refused(bench.dynamodb(bench.serve(reply))).code == code


@pytest.mark.parametrize(
    "reply",
    [
        refusal("ThrottlingException"),
        refusal("ProvisionedThroughputExceededException"),
        answer("503 Service Unavailable", b"busy"),
        refusal("InternalServerError", "500 Internal Server Error"),
        answer(body=b"<html>"),
        answer(body=b'{"Item": '),
        answer(body=b"[]"),
        answer("200 OK", b"{}", "x-amz-crc32: 1"),
    ],
)
def test_what_may_pass_is_tried_once_more_after_a_pause(bench: Bench, reply: bytes) -> None:
    """The second answer counts. The pause is up to a second long."""
    client = bench.dynamodb(bench.serve(reply, answer(body=b"{}")))
    before = bench.clock.monotonic()
    assert put(client) == {}
    assert 0 < bench.clock.monotonic() - before <= MAX_PAUSE_SECONDS


def test_what_does_not_pass_is_an_error_after_the_last_attempt(bench: Bench) -> None:
    """No call is made more often than MAX_ATTEMPTS times."""
    server = bench.serve(refusal("ThrottlingException"))
    assert refused(bench.dynamodb(server)).code == "ThrottlingException"
    assert len(server.requests) == MAX_ATTEMPTS


@pytest.mark.parametrize("code", ["ValidationException", "ConditionalCheckFailedException"])
def test_what_cannot_pass_is_not_tried_again(bench: Bench, code: str) -> None:
    """The same call would be refused in the same way."""
    server = bench.serve(refusal(code))
    refused(bench.dynamodb(server))
    assert len(server.requests) == 1


def test_a_connection_that_breaks_is_replaced(bench: Bench) -> None:
    """The call may have been acted on; it is made again all the same, since it may be repeated."""

    def script(wire: Wire) -> None:
        if wire.number == 1:
            wire.request()
            wire.reset()
        else:
            always(answer(body=b"{}"))(wire)

    assert put(bench.dynamodb(bench.run(script))) == {}


def test_an_answer_that_breaks_off_is_none(bench: Bench) -> None:
    """Half an answer is not read, and the error says how far the call came."""

    def script(wire: Wire) -> None:
        wire.request()
        wire.send(answer(body=b"{}")[:-1])

    assert refused(bench.dynamodb(bench.run(script))).code == "answer_failed"


def test_nobody_there_is_an_error_that_says_so(bench: Bench) -> None:
    """The port was closed before the call."""
    server = bench.serve(answer())
    bench.stack.close()
    assert refused(bench.dynamodb(server)).code == "connect_failed"


def test_a_service_that_hangs_costs_its_time_out_for_each_attempt(bench: Bench) -> None:
    """The time-out is one for the whole attempt, also where the answer drips in."""

    def script(wire: Wire) -> None:
        wire.request()
        wire.drip(answer(body=b"{}"), pause=0.2)

    clients = Clients(bench.clients(bench.run(script)).access, SystemClock(), NoPause())
    client = clients.dynamodb(connections=1)
    before = SystemClock.monotonic()
    assert refused(client).code == "answer_timeout"
    took = SystemClock.monotonic() - before
    assert (
        MAX_ATTEMPTS * DynamoDb.service.timeout
        <= took
        < MAX_ATTEMPTS * DynamoDb.service.timeout + 1
    )


class NoPause(FakeRandomness):
    """Always the least."""

    def uniform(self, low: float, high: float) -> float:  # noqa: ARG002 — the port's signature
        """The lower end."""
        return low


@pytest.mark.parametrize("kind", [DynamoDb, Sqs, Ssm])
def test_a_service_that_hangs_leaves_time_to_answer(kind: type[DynamoDb | Sqs | Ssm]) -> None:
    """Segment waits for five seconds, and what was not delivered must be stored in them."""
    assert MAX_ATTEMPTS * kind.service.timeout + MAX_PAUSE_SECONDS <= 5


def test_a_wrong_clock_is_put_right_by_the_services_date(bench: Bench) -> None:
    """A signature is good for five minutes: the next ones are made by the service's clock."""
    theirs = bench.clock.now() + 3600
    date = f"Date: {formatdate(theirs, usegmt=True)}"
    server = bench.serve(refusal("InvalidSignatureException", REFUSED, date), answer(body=b"{}"))
    client = bench.dynamodb(server)
    put(client)
    put(client)
    stamps = [request.partition(b"x-amz-date: ")[2][:16] for request in server.requests]
    assert stamps[0] != stamps[1]
    assert stamps[1][:11] == stamps[2][:11] != stamps[0][:11]


@pytest.mark.parametrize("date", ["", "yesterday", None])
def test_a_bad_signature_at_the_right_time_is_not_tried_again(
    bench: Bench, date: str | None
) -> None:
    """Then the keys are wrong, and a second call would be refused like the first."""
    date = formatdate(bench.clock.now(), usegmt=True) if date is None else date
    server = bench.serve(refusal("InvalidSignatureException", REFUSED, f"Date: {date}"))
    assert refused(bench.dynamodb(server)).code == "InvalidSignatureException"
    assert len(server.requests) == 1


def test_a_lone_surrogate_is_sent_for_the_service_to_judge(bench: Bench) -> None:
    """It is no UTF-8, but it has an escape in JSON; no event can break the call."""
    server = bench.serve(answer(body=b"{}"))
    bench.dynamodb(server).put_item(TableName="ledger", Item={"id": {"S": "\ud800"}})
    assert b'"\\ud800"' in server.requests[0]


def test_a_checksum_that_is_right_is_taken(bench: Bench) -> None:
    """DynamoDB sends one with each answer."""
    reply = answer("200 OK", b"{}", f"x-amz-crc32: {zlib.crc32(b'{}')}")
    server = bench.serve(reply)
    assert put(bench.dynamodb(server)) == {}
    assert len(server.requests) == 1


def test_a_large_answer_is_read_whole(bench: Bench) -> None:
    """BatchGetItem gives megabytes where a hundred items are large."""
    body = json.dumps({"Responses": {"ledger": [{"id": {"S": "x" * 3_000_000}}]}}).encode()
    answered = bench.dynamodb(bench.serve(answer(body=body))).batch_get_item(RequestItems={})
    assert len(answered["Responses"]["ledger"][0]["id"]["S"]) == 3_000_000
