"""A stack's mode as the command line sets it and the functions read it, against moto."""

from __future__ import annotations

import re

import pytest

from segment_rehook.aws.ssm import SsmSecretStore
from segment_rehook.delivery.pacing import backoff
from segment_rehook_cli.mode import Mode
from tests.contract.conftest import Clients
from tests.contract.stacks import ACCOUNT, REGION, Deployed, deploy, sign_in
from tools.fakes.surroundings import FakeClock, FakeTelemetry


@pytest.fixture
def stack(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """A stack with its secrets, and a command line that reaches the moto server."""
    sign_in(monkeypatch, clients.address)
    made = deploy(clients)
    for name in ("rehook/api-key", "rehook/api-secret", "segment/shared-secrets"):
        clients.ssm.put_parameter(
            Name=f"/segment-rehook/{made.name}/{name}", Value="x", Type="SecureString"
        )
    return made


def test_what_the_command_sets_the_functions_read(clients: Clients, stack: Deployed) -> None:
    """Each word of the command line is one that the functions know."""
    path = f"/segment-rehook/{stack.name}"
    for wanted in Mode:
        result = stack.run("mode", wanted.value)
        assert result.exit_code == 0, result.output
        store = SsmSecretStore(clients.ssm, path, FakeClock(), FakeTelemetry())
        assert store.read().mode == wanted.value
        assert stack.run("mode").stdout.strip() == wanted.value


def test_a_stack_without_a_mode_delivers(stack: Deployed) -> None:
    """Nothing set means normal work; showing it says nothing of account and region."""
    shown = stack.run("mode")
    assert shown.stdout.strip() == "deliver"
    assert shown.stderr == ""


def test_a_word_that_the_functions_do_not_know_is_shown_as_what_it_does(
    clients: Clients, stack: Deployed
) -> None:
    """Somebody put `off` by hand: the stack pauses, and the command says why."""
    clients.ssm.put_parameter(Name=f"/segment-rehook/{stack.name}/mode", Value="off", Type="String")
    shown = stack.run("mode")
    assert shown.stdout.strip() == "pause"
    assert "mode is none of deliver, pause, dry-run" in shown.stderr


def test_another_word_is_refused(stack: Deployed) -> None:
    """A slip of the hand changes nothing, and the words that there are are named."""
    stack.run("mode", "pause")
    result = stack.run("mode", "dryrun")
    assert result.exit_code == 2
    assert "dry-run" in result.output
    assert stack.run("mode").stdout.strip() == "pause"


def test_a_change_names_account_and_region(stack: Deployed) -> None:
    """On standard error, so that the wrong one is noticed."""
    result = stack.run("mode", "pause")
    assert result.stderr == f"stack {stack.name}, account {ACCOUNT}, region {REGION}\n"


class _Least:
    """Chance at its lowest, or its highest."""

    def __init__(self, *, highest: bool) -> None:
        self._highest = highest

    def nonce(self) -> str:
        """Not asked for."""
        return ""

    def uniform(self, low: float, high: float) -> float:
        """One of the two ends."""
        return high if self._highest else low


def test_when_stored_events_come_back_is_said_as_it_is(stack: Deployed) -> None:
    """`mode deliver` names the least and the most that redrive hides a message while it pauses."""
    said = stack.run("mode", "deliver").stdout
    found = re.search(r"tried again (\d+) minutes to (\d+) hours after", said)
    assert found is not None, said
    least = backoff.while_paused(age=0.0, randomness=_Least(highest=False))
    most = backoff.while_paused(age=864_000.0, randomness=_Least(highest=True))
    assert (int(found[1]) * 60, int(found[2]) * 3600) == (least, most)


@pytest.mark.parametrize("arguments", [["mode"], ["mode", "pause"]], ids=" ".join)
def test_a_stack_that_nobody_deployed_has_no_mode(
    clients: Clients, stack: Deployed, arguments: list[str]
) -> None:
    """A slip in the name, or another region: nothing is written, and the line says both."""
    unknown = Deployed(f"{stack.name}x", "", "")
    result = unknown.run(*arguments)
    assert result.exit_code == 1
    assert f"there is no stack {unknown.name} in {REGION}" in result.stderr
    elsewhere = stack.run(*arguments, "--region", "eu-central-1")
    assert elsewhere.exit_code == 1
    assert f"there is no stack {stack.name} in eu-central-1" in elsewhere.stderr
    path = f"/segment-rehook/{unknown.name}"
    assert clients.ssm.get_parameters_by_path(Path=path, Recursive=True)["Parameters"] == []
