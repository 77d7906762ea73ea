"""Each port twice: its in-memory fake, and the real adapter against a moto server in this process.

moto's SQS asks the machine for the time; here it asks the test's clock, so that nothing sleeps.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import boto3
import moto.sqs.models
import pytest
from moto.server import ThreadedMotoServer
from mypy_boto3_cloudformation import CloudFormationClient
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_sqs import SQSClient
from mypy_boto3_ssm import SSMClient

from segment_rehook.aws.dynamodb import DynamoBreakerStore, DynamoLedger, DynamoUserMarks, Table
from segment_rehook.delivery.ports import BreakerStore, Ledger, LedgerUnavailable, UserMarks
from tests.contract.queues import FakeBench, MotoBench, QueueBench
from tools.fakes.faults import Faults
from tools.fakes.surroundings import FakeClock
from tools.fakes.table import FakeBreakerStore, FakeLedger, FakeUserMarks

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Clients:
    """Clients of the moto server, with the library's check of arguments left on; its address."""

    address: str
    cloudformation: CloudFormationClient
    dynamodb: DynamoDBClient
    sqs: SQSClient
    ssm: SSMClient


@dataclass(frozen=True)
class Stores:
    """What lies in the ledger's table."""

    ledger: Ledger
    marks: UserMarks
    breaker: BreakerStore


@pytest.fixture(scope="session")
def clients() -> Iterator[Clients]:
    """A moto server on a free port of this machine, and clients for it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    session = boto3.Session("made-up", "made-up", region_name="eu-west-1")
    address = f"http://{host}:{port}"
    made = Clients(
        address,
        session.client("cloudformation", endpoint_url=address),
        session.client("dynamodb", endpoint_url=address),
        session.client("sqs", endpoint_url=address),
        session.client("ssm", endpoint_url=address),
    )
    yield made
    for each in (made.cloudformation, made.dynamodb, made.sqs, made.ssm):
        each.close()
    server.stop()


@pytest.fixture
def clock() -> FakeClock:
    """The test's time."""
    return FakeClock()


@pytest.fixture
def table(clients: Clients, clock: FakeClock) -> Table:
    """A new table, made as the template makes it."""
    name = f"ledger-{next(_numbers)}"
    clients.dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    return Table(clients.dynamodb, name, clock)


@pytest.fixture(params=["fake", "dynamodb"])
def stores(request: pytest.FixtureRequest, clock: FakeClock) -> Stores:
    """Ledger, marks and breaker in one empty table."""
    if request.param == "fake":
        faults = Faults(LedgerUnavailable)
        return Stores(FakeLedger(faults), FakeUserMarks(faults), FakeBreakerStore(faults))
    table = request.getfixturevalue("table")
    return Stores(
        DynamoLedger(table), DynamoUserMarks(table, clock, keep=86_400), DynamoBreakerStore(table)
    )


@pytest.fixture(params=["fake", "sqs"])
def bench(
    request: pytest.FixtureRequest, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> QueueBench:
    """A FIFO queue, with a parking queue behind it that takes what was received three times."""
    if request.param == "fake":
        return FakeBench.made(clock)
    monkeypatch.setattr(moto.sqs.models, "unix_time_millis", lambda: clock.now() * 1000)
    return MotoBench.made(request.getfixturevalue("clients").sqs, clock, next(_numbers))


@pytest.fixture
def moto_differs(request: pytest.FixtureRequest, bench: QueueBench) -> Callable[[str], None]:
    """Say where AWS and moto part ways: the test must fail on moto, so that a mend is noticed."""

    def differs(why: str) -> None:
        if isinstance(bench, MotoBench):
            request.applymarker(pytest.mark.xfail(strict=True, reason=f"moto {why}"))

    return differs
