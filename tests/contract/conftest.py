"""Each port twice: its in-memory fake, and the real adapter against a moto server in this process.

The server's SQS is the sandbox's. Here it goes by the test's clock, so that nothing sleeps.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import boto3
import pytest
from moto.server import ThreadedMotoServer
from mypy_boto3_cloudformation import CloudFormationClient
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_sqs import SQSClient
from mypy_boto3_ssm import SSMClient

from segment_rehook.aws.access import Access
from segment_rehook.aws.clients import Clients as MakesClients
from segment_rehook.aws.dynamodb import DynamoBreakerStore, DynamoLedger, DynamoUserMarks
from segment_rehook.aws.system import SystemClock, SystemRandomness
from segment_rehook.aws.table import Table
from segment_rehook.delivery.ports import BreakerStore, Ledger, LedgerUnavailable, UserMarks
from segment_rehook_cli.failures.ledger_client import table_of
from tests.contract.ledgers import Sharing
from tests.contract.queues import FakeBench, FakeClientBench, QueueBench, ServerBench
from tools.dynamodb import moto_statements
from tools.fakes.faults import Faults
from tools.fakes.surroundings import FakeClock, FakeTelemetry
from tools.fakes.table import FakeBreakerStore, FakeLedger, FakeUserMarks
from tools.sqs import moto_backend

_numbers = itertools.count(1)


@dataclass(frozen=True)
class FunctionsClients:
    """The functions' own clients."""

    dynamodb: DynamoDBClient
    sqs: SQSClient
    ssm: SSMClient


@dataclass(frozen=True)
class Clients:
    """Clients of the moto server, and its address. `functions`: the functions' own clients.

    The others are the library's, with its check of arguments left on.
    """

    address: str
    functions: FunctionsClients
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
    moto_backend.install()
    moto_statements.install()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    session = boto3.Session("made-up", "made-up", region_name="eu-west-1")
    address = f"http://{host}:{port}"
    made = Clients(
        address,
        _functions_clients(address),
        session.client("cloudformation", endpoint_url=address),
        session.client("dynamodb", endpoint_url=address),
        session.client("sqs", endpoint_url=address),
        session.client("ssm", endpoint_url=address),
    )
    yield made
    for each in (made.cloudformation, made.dynamodb, made.sqs, made.ssm):
        each.close()
    for own in (made.functions.dynamodb, made.functions.sqs, made.functions.ssm):
        own.close()
    server.stop()


def _functions_clients(address: str) -> FunctionsClients:
    environment = {
        "AWS_ENDPOINT_URL": address,
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
    }
    access = Access.read(environment, "amazonaws.com")
    makes = MakesClients(access, SystemClock(), SystemRandomness())
    return FunctionsClients(
        makes.dynamodb(connections=8), makes.sqs(connections=8), makes.ssm(connections=8)
    )


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
    return Table(clients.functions.dynamodb, name, clock, FakeTelemetry())


@pytest.fixture(
    params=[
        "fake",
        "fake, shared calls",
        "dynamodb",
        "dynamodb, shared calls",
        "command line",
        "command line, shared calls",
    ]
)
def stores(request: pytest.FixtureRequest, clock: FakeClock) -> Stores:
    """Ledger, marks and breaker in one empty table.

    A change of the ledger goes another way alone than in a call that it shares with another one.
    """
    store, _, shared = request.param.partition(", ")
    if store == "fake":
        faults = Faults(LedgerUnavailable)
        users = FakeUserMarks(faults)
        made = Stores(FakeLedger(faults, users), users, FakeBreakerStore(faults))
    else:
        table = request.getfixturevalue("table")
        if store == "command line":
            clients: Clients = request.getfixturevalue("clients")
            table = table_of(clients.dynamodb, table.name, clock)
        marks = DynamoUserMarks(table, clock, keep=86_400)
        made = Stores(DynamoLedger(table), marks, DynamoBreakerStore(table))
    return replace(made, ledger=Sharing(made.ledger)) if shared else made


@pytest.fixture(params=["fake", "fake client", "sqs"])
def bench(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[QueueBench]:
    """A FIFO queue, with a parking queue behind it that takes what was received three times.

    Three ways to it: the port's fake, the adapter on the fake of the library's client, and the
    adapter on the library's own client and the sandbox's server.
    """
    if request.param == "fake":
        yield FakeBench.made(clock)
    elif request.param == "fake client":
        yield FakeClientBench.made(clock)
    else:
        clients: Clients = request.getfixturevalue("clients")
        moto_backend.install(clock.now)
        yield ServerBench.made(clients.functions.sqs, clients.sqs, clock, next(_numbers))
        moto_backend.install()
