"""Tests of `secrets status` and `secrets rotate`, against moto's SSM and CloudWatch."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import Any

import boto3
import pytest
from moto.cloudwatch.models import cloudwatch_backends
from moto.ssm.models import ssm_backends

from segment_rehook.aws.parameters import SecretName
from segment_rehook_cli.secrets.guarded_put import ChangedMeanwhile, put_lines
from segment_rehook_cli.secrets.parameter_store import read_versions
from segment_rehook_cli.stack.stack import Location, look_up
from tests.contract.conftest import Clients
from tests.contract.stacks import ACCOUNT, REGION, Deployed, deploy, sign_in

OLD, NEW, THIRD = "old-s3cret-1", "new-s3cret-2", "third-s3cret"
HOUR = 3_600
NAME = "segment/shared-secrets"
USER_KEY = "logs/user-key"


@pytest.fixture
def stack(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """Return a stack with a key pair, one shared secret and the key of the log's hashes."""
    sign_in(monkeypatch, clients.address)
    cloudwatch_backends[ACCOUNT][REGION].metric_data.clear()  # moto does not ask for the namespace
    made = deploy(clients)
    pair = {"rehook/api-key": "key", "rehook/api-secret": "pair"}
    for name, value in {**pair, NAME: OLD, USER_KEY: "k" * 32}.items():
        put(clients, made, name, value)
    return made


def put(clients: Clients, stack: Deployed, name: str, value: str, **more: Any) -> None:
    """Put a parameter as somebody else does."""
    asked = {"Type": "SecureString", **more}
    clients.ssm.put_parameter(
        Name=f"/segment-rehook/{stack.name}/{name}", Value=value, Overwrite=True, **asked
    )


def value(clients: Clients, stack: Deployed, name: str = NAME) -> str:
    """Return a parameter's value."""
    path = f"/segment-rehook/{stack.name}/{name}"
    return clients.ssm.get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"]


def matched(clients: Clients, stack: Deployed, credential: str, ago: float) -> None:
    """Count one request that a credential matched, so many seconds ago."""
    cloudwatch: Any = boto3.client("cloudwatch", endpoint_url=clients.address)
    cloudwatch.put_metric_data(
        Namespace=f"SegmentRehook/{stack.name}",
        MetricData=[
            {
                "MetricName": "AccessMatched",
                "Dimensions": [
                    {"Name": "service", "Value": "ingest"},
                    {"Name": "credential", "Value": credential},
                ],
                "Timestamp": dt.datetime.fromtimestamp(time.time() - ago, dt.UTC),
                "Value": 1.0,
            }
        ],
    )


def pass_time(stack: Deployed, seconds: float) -> None:
    """Let what has happened be so much longer ago: puts and matches."""
    path, span = f"/segment-rehook/{stack.name}/{NAME}", dt.timedelta(seconds=seconds)
    for version in ssm_backends[ACCOUNT][REGION]._parameters[path]:  # noqa: SLF001 — moto's time of a put can't be set otherwise
        version.last_modified_date -= span
    for counted in cloudwatch_backends[ACCOUNT][REGION].metric_data:
        counted.timestamp -= dt.timedelta(seconds=seconds)


def rows(printed: str) -> dict[str, dict[str, Any]]:
    """Return the lines of `secrets status --json` by their parameter."""
    found = [json.loads(line) for line in printed.splitlines()]
    return {each["parameter"]: each for each in found}


def test_status_says_age_key_and_what_matched_and_no_value(
    clients: Clients, stack: Deployed
) -> None:
    """Of two live secrets it says which was matched and when; nothing is found to be wrong."""
    put(clients, stack, NAME, f"{OLD}\n{NEW}\n{OLD}")
    matched(clients, stack, "secret-2", ago=-60)  # the next minute: not that of the put
    result = stack.run("secrets status", "--json")
    assert result.exit_code == 0, result.output
    found = rows(result.stdout)
    assert found[NAME]["live"] == 2
    first, second = found[NAME]["credentials"]
    assert (first["credential"], first["lastMatchedAt"]) == ("secret-1", None)
    assert second["lastMatchedAt"] is not None
    assert found[NAME]["type"] == "SecureString"
    assert found[NAME]["key"] == "alias/aws/ssm"
    assert found[NAME]["ageSeconds"] < HOUR
    assert found["segment/tokens"]["present"] is False
    for text in (OLD, NEW, "pair"):
        assert text not in result.output
    table = stack.run("secrets status")
    assert "lines that occur again: 1" in table.stderr


def test_status_finds_what_is_wrong(clients: Clients, stack: Deployed) -> None:
    """A missing secret, a placeholder, plain text, a foreign key and a misspelt name: code 1."""
    put(clients, stack, NAME, "<secret>")
    clients.ssm.delete_parameter(Name=f"/segment-rehook/{stack.name}/rehook/api-key")
    clients.ssm.delete_parameter(Name=f"/segment-rehook/{stack.name}/rehook/api-secret")
    put(clients, stack, "rehook/api-secret", "in-the-clear", Type="String")
    foreign = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
    put(clients, stack, "segment/tokens", "t0ken-value", KeyId=foreign)
    put(clients, stack, "segment/token", "x")
    for name, value in {"mode": "pause", "cutover": "2026-01-15T12:00:00Z"}.items():
        put(clients, stack, name, value, Type="String")
    result = stack.run("secrets status", "--json")
    assert result.exit_code == 1
    findings = {name: " ".join(each["findings"]) for name, each in rows(result.stdout).items()}
    assert findings["rehook/api-key"] == "is missing"
    assert "of type String" in findings["rehook/api-secret"]
    assert findings[NAME] == "holds a placeholder in line 1"
    assert f"encrypted with {foreign}" in findings["segment/tokens"]
    assert "misspelt" in findings["segment/token"]
    # Who removed the cut-over because of a finding would have everything delivered twice.
    assert not {"mode", "cutover"} & {*findings}
    assert "in-the-clear" not in result.output


def test_a_missing_key_of_the_log_is_found(clients: Clients, stack: Deployed) -> None:
    """Without the key by which the log names users there is a finding, as `doctor` has it."""
    clients.ssm.delete_parameter(Name=f"/segment-rehook/{stack.name}/{USER_KEY}")
    result = stack.run("secrets status", "--json")
    assert result.exit_code == 1
    found = rows(result.stdout)
    [lack] = found[USER_KEY]["findings"]
    assert lack == "is missing, so the log names no users"
    assert [name for name, each in found.items() if each["findings"]] == [USER_KEY]


def test_a_secret_that_is_new_is_not_blamed_for_two_weeks(
    clients: Clients, stack: Deployed
) -> None:
    """Of one that no request has matched it says since when that can be known, or 14 days."""
    pass_time(stack, 15 * 24 * HOUR)
    put(clients, stack, NAME, f"{OLD}\n{NEW}")
    pass_time(stack, 12 * 60)
    said = stack.run("secrets status").stderr
    assert "secret-1 was not matched by any request in 14 days" in said
    assert "secret-2 was not matched by any request since it was put 12 minutes" in said


def test_a_rotation_step_by_step(clients: Clients, stack: Deployed) -> None:
    """Add, wait for the change in Segment, wait for the retries, remove: each in a run of its own.

    Each run knows the state from SSM and the metric alone.
    """
    added = stack.run("secrets rotate", given=NEW)
    assert added.exit_code == 1, added.output
    assert "2 are live now" in added.stdout
    assert value(clients, stack) == f"{OLD}\n{NEW}"

    waiting = stack.run("secrets rotate")
    assert waiting.exit_code == 1
    assert "no request has matched the new one yet" in waiting.stderr

    matched(clients, stack, "secret-2", ago=-60)  # the next minute: not that of the put
    early = stack.run("secrets rotate", "--yes")
    assert early.exit_code == 1
    assert "an old one may be removed from" in early.stderr
    assert value(clients, stack) == f"{OLD}\n{NEW}"

    pass_time(stack, 6 * HOUR)
    matched(clients, stack, "secret-1", ago=HOUR)
    used = stack.run("secrets rotate", "--yes")
    assert (used.exit_code, value(clients, stack)) == (1, f"{OLD}\n{NEW}")
    pass_time(stack, 4 * HOUR)
    unasked = stack.run("secrets rotate")
    assert (unasked.exit_code, value(clients, stack)) == (2, f"{OLD}\n{NEW}")
    removed = stack.run("secrets rotate", "--yes")
    assert (removed.exit_code, value(clients, stack)) == (0, NEW), removed.output
    for each in (added, waiting, early, used, unasked, removed):
        assert not [text for text in (OLD, NEW) if text in each.output]


def test_the_old_one_may_be_removed_early_by_who_insists(clients: Clients, stack: Deployed) -> None:
    """With --early the stack's name must be typed; without a terminal --yes is needed."""
    put(clients, stack, NAME, f"{OLD}\n{NEW}")
    assert stack.run("secrets rotate", "--early").exit_code == 2
    code, shown = stack.run_on_terminal("secrets rotate --early", ("to go on: ", "no"))
    assert (code, value(clients, stack)) == (1, f"{OLD}\n{NEW}")
    assert "are lost" in " ".join(shown.split())
    code, shown = stack.run_on_terminal("secrets rotate --early", ("to go on: ", stack.name))
    assert (code, value(clients, stack)) == (0, NEW), shown


def test_a_further_one_is_added_only_when_asked_for(clients: Clients, stack: Deployed) -> None:
    """Two may be live for good; --add puts a third, and one that is live is refused."""
    put(clients, stack, NAME, f"{OLD}\n{NEW}")
    refused = stack.run("secrets rotate", "--add", given=NEW)
    assert refused.exit_code == 2
    assert "live already" in refused.stderr
    for bad, said in (("<secret>", "placeholder"), ("a\nb", "one line"), ("", "empty")):
        result = stack.run("secrets rotate", "--add", given=bad)
        assert (result.exit_code, said in result.stderr) == (2, True), result.output
    assert stack.run("secrets rotate", "--add", given=THIRD).exit_code == 1
    assert value(clients, stack) == f"{OLD}\n{NEW}\n{THIRD}"


def test_a_change_by_somebody_else_is_not_overwritten(clients: Clients, stack: Deployed) -> None:
    """If the parameter is put between the reading and the writing, nothing is put."""
    there = look_up(stack.name, Location())
    [was] = read_versions(clients.ssm, there, SecretName.SHARED_SECRETS)
    put(clients, stack, NAME, THIRD)
    with pytest.raises(ChangedMeanwhile, match="nothing was put"):
        put_lines(clients.ssm, there, SecretName.SHARED_SECRETS, was, [OLD, NEW])
    assert value(clients, stack) == THIRD


def test_a_change_at_the_same_moment_is_told(clients: Clients, stack: Deployed) -> None:
    """A put just before ours is overwritten, since SSM has no conditional put; it is said so."""
    there = look_up(stack.name, Location())
    [was] = read_versions(clients.ssm, there, SecretName.SHARED_SECRETS)
    ours: Any = boto3.client("ssm", endpoint_url=clients.address)
    ours.meta.events.register(
        "before-call.ssm.PutParameter", lambda **_: put(clients, stack, NAME, THIRD)
    )
    with pytest.raises(ChangedMeanwhile, match="version 2 was overwritten") as raised:
        put_lines(ours, there, SecretName.SHARED_SECRETS, was, [OLD, NEW])
    assert value(clients, stack) == f"{OLD}\n{NEW}"
    assert THIRD not in str(raised.value)


@pytest.mark.parametrize("name", ["rehook/api-key", "rehook/api-secret", "logs/user-key"])
def test_what_can_not_be_rotated_is_told(stack: Deployed, name: str) -> None:
    """Rehook's pair and the log's key have one value at a time: the command says what to run."""
    result = stack.run("secrets rotate", name)
    assert result.exit_code == 2
    assert f"segment-rehook secrets put --stack {stack.name}" in result.stderr


def test_a_list_that_is_not_there_is_told(stack: Deployed) -> None:
    """Without a first token there is nothing to rotate."""
    result = stack.run("secrets rotate", "segment/tokens", given="x")
    assert result.exit_code == 2
    assert "put the first one with" in result.stderr


def test_waiting_ends_in_time(clients: Clients, stack: Deployed) -> None:
    """With --wait the command ends after that time if no request has matched, with code 1."""
    put(clients, stack, NAME, f"{OLD}\n{NEW}")
    result = stack.run("secrets rotate", "--wait", "0.1s")
    assert result.exit_code == 1
    assert "no request has matched the new one in this time" in result.stderr
