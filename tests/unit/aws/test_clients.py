"""Services are called as AWS describes them; importing the adapters loads no AWS library."""

from __future__ import annotations

import subprocess
import sys

import botocore.session
import pytest
from botocore import xform_name

from segment_rehook.aws.client import AwsClient
from segment_rehook.aws.clients import Clients, DynamoDb, Sqs, Ssm
from tests.unit.aws.access import access
from tools.fakes.surroundings import FakeClock, FakeRandomness

each_service = pytest.mark.parametrize("kind", [DynamoDb, Sqs, Ssm])


@each_service
def test_a_service_has_the_protocol_that_aws_describes(kind: type[AwsClient]) -> None:
    """Target prefix, version of JSON and signing name are those of AWS's service description."""
    service = kind.service
    model = botocore.session.get_session().get_service_model(service.name)
    assert "json" in model.metadata["protocols"]
    assert service.target == model.metadata["targetPrefix"]
    assert service.json_version == model.metadata["jsonVersion"]
    assert service.name == model.signing_name


@each_service
def test_a_method_calls_the_operation_of_its_name(kind: type[AwsClient]) -> None:
    """Each method is called as boto3's is, and its operation is one that the service has."""
    called: list[str] = []
    noting = type("Noting", (kind,), {"call": lambda _self, name, _: called.append(name)})
    client = noting(access(), FakeClock(), FakeRandomness(), connections=1)
    methods = [name for name in vars(kind) if name != "service" and not name.startswith("_")]
    for method in methods:
        getattr(client, method)()
    assert methods
    assert [xform_name(operation) for operation in called] == methods
    model = botocore.session.get_session().get_service_model(kind.service.name)
    assert set(called) <= set(model.operation_names)


def test_each_client_is_of_its_service() -> None:
    """Making one opens no socket."""
    made = Clients(access(), FakeClock(), FakeRandomness())
    clients = (made.dynamodb(connections=1), made.sqs(connections=1), made.ssm(connections=1))
    assert [type(each).__name__ for each in clients] == ["DynamoDb", "Sqs", "Ssm"]


def test_importing_the_functions_code_loads_no_aws_library() -> None:
    """boto3 takes longer to load than everything else together."""
    program = (
        "import sys\n"
        "import segment_rehook.aws.dynamodb, segment_rehook.aws.sqs, segment_rehook.aws.ssm\n"
        "import segment_rehook.aws.clients, segment_rehook.aws.gateway\n"
        "sys.exit(bool({'boto3', 'botocore', 'urllib3'} & set(sys.modules)))\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
