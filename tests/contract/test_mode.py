"""Tests of `mode`, against moto: the functions read what the command line sets."""

from __future__ import annotations

import json
import re

import pytest

from segment_rehook.aws.ssm import SsmSecretStore
from segment_rehook.delivery.pacing import backoff
from segment_rehook_cli.stack.mode import Mode
from tests.contract.conftest import Clients
from tests.contract.stacks import ACCOUNT, REGION, Deployed, deploy, sign_in
from tools.fakes.surroundings import FakeClock, FakeTelemetry


@pytest.fixture
def stack(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """Return a stack with its secrets."""
    sign_in(monkeypatch, clients.address)
    made = deploy(clients)
    for name in ("rehook/api-key", "rehook/api-secret", "segment/shared-secrets"):
        clients.ssm.put_parameter(
            Name=f"/segment-rehook/{made.name}/{name}", Value="x", Type="SecureString"
        )
    return made


def test_what_the_command_sets_the_functions_read(clients: Clients, stack: Deployed) -> None:
    """The functions read each mode that the command line can set."""
    path = f"/segment-rehook/{stack.name}"
    for wanted in Mode:
        result = stack.run("mode", wanted.value)
        assert result.exit_code == 0, result.output
        store = SsmSecretStore(clients.functions.ssm, path, FakeClock(), FakeTelemetry())
        assert store.read().mode == wanted.value
        assert stack.run("mode").stdout.strip() == wanted.value


def test_a_stack_without_a_mode_delivers(stack: Deployed) -> None:
    """Without a parameter the mode is deliver; showing it does not print the stack."""
    shown = stack.run("mode")
    assert shown.stdout.strip() == "deliver"
    assert shown.stderr == "segment-rehook: never set; 0 events wait\n"


def test_since_when_and_how_many_wait_is_said(clients: Clients, stack: Deployed) -> None:
    """Standard output has the mode alone, and with --json all figures in one line."""
    stack.run("mode", "pause")
    clients.sqs.send_message(
        QueueUrl=stack.dead_letter_queue_url,
        MessageBody="x",
        MessageGroupId="g",
        MessageDeduplicationId="d",
    )
    shown = stack.run("mode")
    assert shown.stdout == "pause\n"
    assert re.search(r"since 20\S+ \S+ UTC \(\d+ seconds?\); 1 event waits; 0 stored", shown.stderr)
    row = json.loads(stack.run("mode", "--json").stdout)
    assert (row["mode"], row["waiting"], row["stored"], row["cutover"]) == ("pause", 1, 0, None)


def test_who_delivers_under_a_cutover_is_told(clients: Clients, stack: Deployed) -> None:
    """Setting the mode to deliver says that a cut-over is set, and showing the mode does too."""
    name = f"/segment-rehook/{stack.name}/cutover"
    clients.ssm.put_parameter(Name=name, Value="2026-01-15T12:00:00Z", Type="String")
    assert "a cut-over at 2026-01-15T12:00:00Z is set" in stack.run("mode", "deliver").stderr
    assert "cut-over at 2026-01-15T12:00:00Z" in stack.run("mode").stderr


def test_a_cutover_needs_the_stacks_name_to_be_typed(clients: Clients, stack: Deployed) -> None:
    """On a terminal another word changes nothing."""
    name = f"/segment-rehook/{stack.name}/cutover"
    clients.ssm.put_parameter(Name=name, Value="2026-01-15T12:00:00Z", Type="String")
    question = f"Type {stack.name} to go on"
    code, shown = stack.run_on_terminal("cutover --cancel", (question, "yes"))
    assert (code, "nothing was changed" in shown) == (1, True)
    assert clients.ssm.get_parameter(Name=name)["Parameter"]["Version"] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["cutover"],
        ["cutover", "--show", "--cancel"],
        ["cutover", "--dry-run"],
        ["cutover", "--at", "noon"],
        ["cutover", "--at", "2026-01-15T12:00:00"],
    ],
    ids=" ".join,
)
def test_a_cutover_must_be_told_what_to_do(stack: Deployed, arguments: list[str]) -> None:
    """None or two of the options, or a time without its zone, are refused in one line."""
    result = stack.run(*arguments)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_the_same_mode_is_not_put_again(clients: Clients, stack: Deployed) -> None:
    """Setting the mode that is set changes nothing, so that `since` stays true."""
    assert "within a minute" in stack.run("mode", "pause").stdout
    assert stack.run("mode", "pause").stdout == f"{stack.name}: pause (as before)\n"
    name = f"/segment-rehook/{stack.name}/mode"
    assert clients.ssm.get_parameter(Name=name)["Parameter"]["Version"] == 1


def test_a_word_that_the_functions_do_not_know_is_shown_as_what_it_does(
    clients: Clients, stack: Deployed
) -> None:
    """A value that is no mode is shown as pause, which is its effect, with a warning."""
    clients.ssm.put_parameter(Name=f"/segment-rehook/{stack.name}/mode", Value="off", Type="String")
    shown = stack.run("mode")
    assert shown.stdout.strip() == "pause"
    assert "mode is none of deliver, pause, dry-run" in shown.stderr


def test_another_word_is_refused(stack: Deployed) -> None:
    """A word that is no mode is refused with the list of modes, and changes nothing."""
    stack.run("mode", "pause")
    result = stack.run("mode", "dryrun")
    assert result.exit_code == 2
    assert "dry-run" in result.output
    assert stack.run("mode").stdout.strip() == "pause"


def test_a_change_names_account_and_region(stack: Deployed) -> None:
    """Setting the mode prints the stack's account and region on standard error."""
    result = stack.run("mode", "pause")
    assert result.stderr == f"stack {stack.name}, account {ACCOUNT}, region {REGION}\n"


class _Extreme:
    """Randomness that always gives the lowest or the highest number."""

    def __init__(self, *, highest: bool) -> None:
        self._highest = highest

    def nonce(self) -> str:
        """Return nothing: no nonce is needed."""
        return ""

    def uniform(self, low: float, high: float) -> float:
        """Return one end of the range."""
        return high if self._highest else low


def test_when_stored_events_come_back_is_said_as_it_is(stack: Deployed) -> None:
    """`mode deliver` says for how long at least and at most redrive hides a message in a pause."""
    said = stack.run("mode", "deliver").stdout
    found = re.search(r"delivered (\d+) minutes to (\d+) hours after", said)
    assert found is not None, said
    least = backoff.while_paused(age=0.0, randomness=_Extreme(highest=False))
    most = backoff.while_paused(age=864_000.0, randomness=_Extreme(highest=True))
    assert (int(found[1]) * 60, int(found[2]) * 3600) == (least, most)


@pytest.mark.parametrize("arguments", [["mode"], ["mode", "pause"]], ids=" ".join)
def test_a_stack_that_nobody_deployed_has_no_mode(
    clients: Clients, stack: Deployed, arguments: list[str]
) -> None:
    """A stack that does not exist in the region gives one line, and no parameter is put."""
    unknown = Deployed(f"{stack.name}x", "", "")
    result = unknown.run(*arguments)
    assert result.exit_code == 3
    assert f"there is no stack {unknown.name} in {REGION}" in result.stderr
    elsewhere = stack.run(*arguments, "--region", "eu-central-1")
    assert elsewhere.exit_code == 3
    assert f"there is no stack {stack.name} in eu-central-1" in elsewhere.stderr
    path = f"/segment-rehook/{unknown.name}"
    assert clients.ssm.get_parameters_by_path(Path=path, Recursive=True)["Parameters"] == []


def test_an_unknown_mode_is_mended_with_this_command(clients: Clients, stack: Deployed) -> None:
    """A text that is no mode counts as pause; the advice is a command of this command line."""
    name = f"/segment-rehook/{stack.name}/mode"
    clients.ssm.put_parameter(Name=name, Value="delliver", Type="String")
    shown = stack.run("mode")
    assert shown.stdout == "pause\n"
    assert f"`segment-rehook mode --stack {stack.name} deliver`" in shown.stderr
