"""Tests of `secrets put`, against moto's CloudFormation, KMS and SSM."""

from __future__ import annotations

import re
from typing import Any

import pytest

from segment_rehook.aws.parameters import SecretName, mistakes_in
from segment_rehook.aws.ssm import SsmSecretStore
from tests.contract.conftest import Clients
from tests.contract.stacks import ACCOUNT, REGION, Deployed, deploy, sign_in
from tools.fakes.surroundings import FakeClock, FakeTelemetry

SECRET = "s3cr3t-value"
USER_KEY = "k" * 32
ANOTHER = "another (press Enter if there is none): "
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"


@pytest.fixture
def stack(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """Return a stack without secrets."""
    sign_in(monkeypatch, clients.address)
    return deploy(clients)


def stored(clients: Clients, stack: Deployed) -> dict[str, str]:
    """Return the parameters under the stack's path, by the name below it."""
    path = f"/segment-rehook/{stack.name}"
    answer = clients.ssm.get_parameters_by_path(Path=path, Recursive=True, WithDecryption=True)
    return {each["Name"].removeprefix(f"{path}/"): each["Value"] for each in answer["Parameters"]}


def kept_with(clients: Clients, stack: Deployed) -> dict[str, Any]:
    """Return the metadata of the stack's only parameter."""
    answer = clients.ssm.describe_parameters(
        ParameterFilters=[
            {
                "Key": "Path",
                "Option": "Recursive",
                "Values": [f"/segment-rehook/{stack.name}"],
            }
        ]
    )
    [described] = answer["Parameters"]
    return dict(described)


def test_a_secret_from_standard_input_is_put_as_secure_string(
    clients: Clients, stack: Deployed
) -> None:
    """A value is put under the stack's path as a SecureString, replaces one, and is not shown."""
    assert stack.run("secrets put", "rehook/api-key", given="before").exit_code == 0
    result = stack.run("secrets put", "rehook/api-key", given=f"  {SECRET}\n")
    assert result.exit_code == 0, result.output
    assert stored(clients, stack) == {"rehook/api-key": SECRET}
    assert kept_with(clients, stack)["Type"] == "SecureString"
    assert result.stdout == f"put /segment-rehook/{stack.name}/rehook/api-key\n"
    assert result.stderr == f"stack {stack.name}, account {ACCOUNT}, region {REGION}\n"
    assert SECRET not in result.output


@pytest.mark.parametrize(("key", "kept"), [("", "alias/aws/ssm"), (KEY_ARN, KEY_ARN)])
def test_the_stacks_own_key_encrypts(
    clients: Clients, monkeypatch: pytest.MonkeyPatch, key: str, kept: str
) -> None:
    """The key of the parameter SecretsKeyArn encrypts: the functions' roles may use it."""
    sign_in(monkeypatch, clients.address)
    stack = deploy(clients, key=key)
    assert stack.run("secrets put", "rehook/api-key", given=SECRET).exit_code == 0
    assert kept_with(clients, stack)["KeyId"] == kept


def test_the_functions_read_what_was_put(clients: Clients, stack: Deployed) -> None:
    """The functions read the values that were put, without byte order marks, line by line."""
    for name, value in {
        "rehook/api-key": b"\xef\xbb\xbfkey\r\n",
        "rehook/api-secret": SECRET.encode(),
        "segment/shared-secrets": f"\ufeff{SECRET}\r\n\n other \n".encode(),
        "segment/tokens": b"X-Api-Key: abc",
        "logs/user-key": f"{USER_KEY}\n".encode(),
    }.items():
        assert stack.run("secrets put", name, given=value).exit_code == 0
    path = f"/segment-rehook/{stack.name}"
    read = SsmSecretStore(clients.functions.ssm, path, FakeClock(), FakeTelemetry()).read()
    assert (read.api_key, read.api_secret) == ("key", SECRET)
    assert (read.shared_secrets, read.tokens) == ((SECRET, "other"), ("X-Api-Key: abc",))
    assert read.user_key == USER_KEY.encode()


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (["rehook/api-key"], b"", "is empty"),
        (["rehook/api-key"], SECRET.encode("utf-16"), "UTF-16"),
        (["logs/user-key"], b"too-short", "fewer than 32 characters"),
        (["segment/tokens"], b"good\nX-Api-Key:" + SECRET.encode(), "line 2"),
        ([], SECRET.encode(), "name it"),
        (["rehook/api-key", "segment/tokens"], SECRET.encode(), "name it"),
        (["rehook/password"], SECRET.encode(), "rehook/password"),
    ],
    ids=repr,
)
def test_what_can_not_be_put_is_refused(
    clients: Clients, stack: Deployed, arguments: list[str], given: bytes, said: str
) -> None:
    """A refused value gives exit code 2 and one line without the secret; nothing is put."""
    result = stack.run("secrets put", *arguments, given=given)
    assert result.exit_code == 2
    assert said in result.stderr
    assert SECRET not in result.output
    assert stored(clients, stack) == {}


def test_on_a_terminal_each_secret_is_asked_for_hidden(clients: Clients, stack: Deployed) -> None:
    """On a terminal three secrets are asked for and not shown; shared ones until one is empty."""
    code, shown = stack.run_on_terminal(
        "secrets put",
        ("Rehook's API key: ", "a-key"),
        ("Rehook's API secret: ", SECRET),
        ("Segment's shared secrets: ", "a-first"),
        (ANOTHER, "a-second"),
        (ANOTHER, ""),
    )
    assert code == 0
    assert not [word for word in ("a-key", SECRET, "a-first", "a-second") if word in shown]
    put = stored(clients, stack)
    key = put.pop("logs/user-key")
    assert put == {
        "rehook/api-key": "a-key",
        "rehook/api-secret": SECRET,
        "segment/shared-secrets": "a-first\na-second",
    }
    assert re.fullmatch("[0-9a-f]{64}", key)
    assert "logs/user-key, a random one" in shown
    assert key not in shown


def test_the_key_of_the_log_is_not_replaced_by_chance(clients: Clients, stack: Deployed) -> None:
    """A key that is there stays, so that the log of before can still be asked for a user."""
    assert stack.run("secrets put", "logs/user-key", given=USER_KEY).exit_code == 0
    code, shown = stack.run_on_terminal(
        "secrets put",
        ("Rehook's API key: ", "a-key"),
        ("Rehook's API secret: ", SECRET),
        ("Segment's shared secrets: ", "a-first"),
        (ANOTHER, ""),
    )
    assert code == 0
    assert "a random one" not in shown
    assert stored(clients, stack)["logs/user-key"] == USER_KEY


def test_nothing_is_put_before_everything_is_checked(clients: Clients, stack: Deployed) -> None:
    """If the last of three values is refused, none of them is put."""
    code, shown = stack.run_on_terminal(
        "secrets put",
        ("Rehook's API key: ", "key"),
        ("Rehook's API secret: ", SECRET),
        ("Segment's shared secrets: ", "s\u200bcret"),
        (ANOTHER, ""),
    )
    assert code == 2
    assert "segment/shared-secrets: line 1 contains" in shown
    assert stored(clients, stack) == {}


def test_a_stack_that_nobody_deployed_gets_no_secret(clients: Clients, stack: Deployed) -> None:
    """If there is no such stack, nothing is asked for and nothing is put."""
    unknown = Deployed(f"{stack.name}x", "", "")
    result = unknown.run("secrets put", "rehook/api-key", given=SECRET)
    assert result.exit_code == 3
    assert "there is no stack" in result.stderr
    assert stored(clients, unknown) == {}


@pytest.mark.usefixtures("stack")
def test_what_is_no_stack_of_the_bridge_gets_no_secret(clients: Clients) -> None:
    """A stack without the outputs of segment-rehook gets no secret."""
    other = deploy(clients, without="SecretsPath")
    result = other.run("secrets put", "rehook/api-key", given=SECRET)
    assert result.exit_code == 3
    assert "has no output SecretsPath: it is not a stack of segment-rehook" in result.stderr


def test_a_user_key_that_is_named_alone_may_be_a_random_one(
    clients: Clients, stack: Deployed
) -> None:
    """Enter at the prompt puts a random key, which the functions accept."""
    code, shown = stack.run_on_terminal("secrets put logs/user-key", ("random one): ", ""))
    assert code == 0, shown
    path = f"/segment-rehook/{stack.name}/logs/user-key"
    value = clients.ssm.get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"]
    assert not mistakes_in(SecretName.USER_KEY, value)


@pytest.mark.parametrize("command", ["why --user u-42", "tail --for 1s --user u-42"])
def test_a_log_that_names_no_users_is_no_refusal_of_aws(stack: Deployed, command: str) -> None:
    """Without the key of the log's hashes a user can't be asked for: code 1, and what to run."""
    result = stack.run(command)
    assert result.exit_code == 1
    put = f"`segment-rehook secrets put logs/user-key --stack {stack.name} --region {REGION}`"
    assert put in result.stderr
    assert "u-42" not in result.output
