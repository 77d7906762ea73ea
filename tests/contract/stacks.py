"""A stack as the commands see it: queues, parameters and outputs, by moto's CloudFormation."""

from __future__ import annotations

import itertools
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from segment_rehook_cli.main import app
from tests.contract.conftest import Clients

REGION, ACCOUNT = "eu-west-1", "123456789012"

_numbers = itertools.count(1)
_OUTPUTS = {
    "SecretsPath": {"Value": {"Fn::Sub": "/segment-rehook/${AWS::StackName}"}},
    "DeadLetterQueueUrl": {"Value": {"Ref": "DeadLetterQueue"}},
    "ParkingLotUrl": {"Value": {"Ref": "ParkingLot"}},
}


def _add_ledger(template: dict[str, Any]) -> None:
    template["Resources"]["Ledger"] = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        },
    }
    template["Outputs"]["LedgerTable"] = {"Value": {"Ref": "Ledger"}}
    template["Resources"]["DeadLetterQueue"]["Properties"]["RedrivePolicy"] = {
        "deadLetterTargetArn": {"Fn::GetAtt": ["ParkingLot", "Arn"]},
        "maxReceiveCount": 1_000,
    }


@dataclass(frozen=True)
class Deployed:
    """A stack's name and the URLs of its queues."""

    name: str
    dead_letter_queue_url: str
    parking_lot_url: str
    ledger_table: str = ""

    def run(self, command: str, *arguments: str, given: str | bytes = "") -> Result:
        """Run a command for this stack; `given` is its standard input."""
        words = [*command.split(), "--stack", self.name, *arguments]
        return CliRunner().invoke(app, words, input=given)

    def run_on_terminal(self, command: str, *given: tuple[str, str]) -> tuple[int, str]:
        """Run a command on a terminal; return its exit code, and all that the terminal shows.

        `given`: texts to wait for, in this order, and what is then typed. The last blank of a
        question is shown when it is read for; what is typed before that is lost.
        """
        screen, program = pty.openpty()
        command_line = [sys.executable, "-m", "segment_rehook_cli", *command.split()]
        with subprocess.Popen(
            [*command_line, "--stack", self.name],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200"},
            stdin=program,
            stdout=program,
            stderr=program,
            start_new_session=True,
        ) as process:
            os.close(program)
            try:
                shown = _converse(screen, given)
            except BaseException:
                process.kill()
                raise
        os.close(screen)
        return process.returncode, shown


def _converse(screen: int, given: Iterable[tuple[str, str]]) -> str:
    """Answer each question when it is shown; return all that is shown until the program ends."""
    shown = ""
    for question, answer in given:
        seen = len(shown)
        while question not in shown[seen:] and (more := _read(screen)):
            shown += more
        os.write(screen, f"{answer}\n".encode())
    while more := _read(screen):
        shown += more
    return shown


def _read(screen: int) -> str:
    """Return what is shown next, and nothing when the program has ended."""
    try:
        return os.read(screen, 65_536).decode()
    except OSError:  # Linux: EIO
        return ""


def sign_in(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Have the AWS library reach the moto server, whatever the machine is configured for."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


def deploy(clients: Clients, *, key: str = "", without: str = "", ledger: bool = False) -> Deployed:
    """Make a stack. `key`: its parameter SecretsKeyArn. `without`: an output to leave out.

    `ledger`: with a table, and the parking lot as target of the dead-letter queue's redrive policy.
    """
    name = f"stack-{next(_numbers)}"
    template: dict[str, Any] = {
        "Parameters": {"SecretsKeyArn": {"Type": "String", "Default": ""}},
        "Resources": {
            logical: {
                "Type": "AWS::SQS::Queue",
                "Properties": {"QueueName": f"{name}-{logical}.fifo", "FifoQueue": True},
            }
            for logical in ("DeadLetterQueue", "ParkingLot")
        },
        "Outputs": {each: value for each, value in _OUTPUTS.items() if each != without},
    }
    if ledger:
        _add_ledger(template)
    clients.cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": "SecretsKeyArn", "ParameterValue": key}],
    )
    [described] = clients.cloudformation.describe_stacks(StackName=name)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
    return Deployed(
        name,
        outputs.get("DeadLetterQueueUrl", ""),
        outputs.get("ParkingLotUrl", ""),
        outputs.get("LedgerTable", ""),
    )
