"""A stack's mode as the command line sets it and the functions read it, against moto's SSM."""

from __future__ import annotations

import boto3
import pytest
from typer.testing import CliRunner

from segment_rehook.aws.ssm import SsmSecretStore
from tests.contract.conftest import Clients
from tests.fakes.surroundings import FakeClock, FakeTelemetry
from tools.cli.main import app
from tools.cli.mode import Mode, set_mode

PATH = "/segment-rehook/modes"


@pytest.fixture
def stack(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> str:
    """A stack with its secrets, and a command line that reaches the moto server."""
    for name in ("rehook/api-key", "rehook/api-secret", "segment/shared-secrets"):
        clients.ssm.put_parameter(
            Name=f"{PATH}/{name}", Value="x", Type="SecureString", Overwrite=True
        )
    monkeypatch.setattr(boto3, "client", lambda _service, **_options: clients.ssm)
    return "modes"


def test_what_the_command_sets_the_functions_read(clients: Clients, stack: str) -> None:
    """Each word of the command line is one that the functions know."""
    for wanted in Mode:
        result = CliRunner().invoke(app, ["mode", "--stack", stack, wanted.value])
        assert result.exit_code == 0, result.output
        store = SsmSecretStore(clients.ssm, PATH, FakeClock(), FakeTelemetry())
        assert store.read().mode == wanted.value
        shown = CliRunner().invoke(app, ["mode", "--stack", stack])
        assert shown.stdout.strip() == wanted.value


@pytest.mark.usefixtures("stack")
def test_a_stack_without_a_mode_delivers() -> None:
    """Nothing set means normal work."""
    shown = CliRunner().invoke(app, ["mode", "--stack", "another"])
    assert shown.stdout.strip() == "deliver"


@pytest.mark.usefixtures("stack")
def test_another_word_is_refused(clients: Clients) -> None:
    """A slip of the hand changes nothing, and the words that there are are named."""
    set_mode(clients.ssm, "slip", Mode.PAUSE)
    result = CliRunner().invoke(app, ["mode", "--stack", "slip", "dryrun"])
    assert result.exit_code == 2
    assert "dry-run" in result.output
    assert CliRunner().invoke(app, ["mode", "--stack", "slip"]).stdout.strip() == "pause"
