"""`segment-rehook secrets put`: what is put, from where, and that nothing is shown."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from typer.testing import CliRunner, Result

from tools.cli import secrets
from tools.cli.main import app

SECRET = "s3cr3t-value"


class Parameters:
    """Stands in for SSM: keeps what is put, or refuses it."""

    def __init__(self) -> None:
        self.put: dict[str, dict[str, Any]] = {}
        self.refusal: Exception | None = None

    def put_parameter(self, **parameter: Any) -> None:
        """Keep a parameter under its name."""
        if self.refusal is not None:
            raise self.refusal
        self.put[parameter["Name"]] = parameter

    @property
    def values(self) -> dict[str, str]:
        """What was put, by name."""
        return {name: parameter["Value"] for name, parameter in self.put.items()}


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Parameters:
    """Put nothing to AWS."""
    parameters = Parameters()
    monkeypatch.setattr(boto3, "client", lambda *_, **__: parameters)
    return parameters


def run(*arguments: str, text: str = "") -> Result:
    """Run `secrets put` for the stack prod; nothing secret may ever be shown."""
    result = CliRunner().invoke(app, ["secrets", "put", "--stack", "prod", *arguments], input=text)
    assert SECRET not in result.output
    return result


def test_a_secret_from_standard_input_is_put_as_secure_string(ssm: Parameters) -> None:
    """Under the stack's path, encrypted, replacing what was there; blanks around it go."""
    result = run("rehook/api-key", text=f"  {SECRET}\n")
    assert result.exit_code == 0, result.output
    parameter = ssm.put["/segment-rehook/prod/rehook/api-key"]
    assert parameter["Value"] == SECRET
    assert parameter["Type"] == "SecureString"
    assert parameter["Overwrite"] is True
    assert result.stdout == "put /segment-rehook/prod/rehook/api-key\n"


def test_a_list_of_secrets_keeps_its_lines(ssm: Parameters) -> None:
    """Two live shared secrets make a rotation safe: one a line, empty lines left out."""
    assert run("segment/shared-secrets", text=f"{SECRET}\r\n\n other \n").exit_code == 0
    assert ssm.values == {"/segment-rehook/prod/segment/shared-secrets": f"{SECRET}\nother"}


@pytest.mark.parametrize(
    ("arguments", "text", "said"),
    [
        (["rehook/api-key"], "", "nothing was given"),
        (["rehook/api-key"], " \n", "nothing was given"),
        (["rehook/api-key"], f"{SECRET}\nx", "one line is wanted, not 2"),
        ([], SECRET, "name it"),
        (["rehook/api-key", "segment/tokens"], SECRET, "name it"),
        (["rehook/password"], SECRET, "rehook/password"),
        (["--stack", "../prod", "rehook/api-key"], SECRET, "letters"),
    ],
    ids=repr,
)
def test_what_can_not_be_put_is_refused(
    ssm: Parameters, arguments: list[str], text: str, said: str
) -> None:
    """Exit code 2, nothing put, and a line that says what is wanted."""
    result = run(*arguments, text=text)
    assert result.exit_code == 2
    assert said in result.stderr
    assert ssm.put == {}


def test_on_a_terminal_each_secret_is_asked_for_hidden(
    ssm: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rehook's pair and the shared secrets, the latter until Enter alone is pressed."""
    answers = iter(["key", SECRET, "one", "two", ""])
    asked = []

    def prompt(text: str, **options: Any) -> str:
        assert options["hide_input"] is True
        asked.append(text)
        return next(answers)

    monkeypatch.setattr(secrets, "_is_piped", lambda: False)
    monkeypatch.setattr("typer.prompt", prompt)
    assert run().exit_code == 0
    assert asked[:3] == ["Rehook's API key", "Rehook's API secret", "Segment's shared secrets"]
    assert ssm.values == {
        "/segment-rehook/prod/rehook/api-key": "key",
        "/segment-rehook/prod/rehook/api-secret": SECRET,
        "/segment-rehook/prod/segment/shared-secrets": "one\ntwo",
    }


@pytest.mark.parametrize(
    "refusal",
    [
        NoCredentialsError(),
        ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutParameter"),
    ],
    ids=repr,
)
def test_what_aws_says_is_told(ssm: Parameters, refusal: Exception) -> None:
    """Exit code 1 and AWS's own words, without a traceback."""
    ssm.refusal = refusal
    result = run("rehook/api-key", text=SECRET)
    assert result.exit_code == 1
    assert "AWS did not take it" in result.stderr
