"""Names that are made of the stack's name: how long that may be, before anything is deployed."""

from __future__ import annotations

import pytest

from tests.template.deployed import REGION, Deployed, schema, translated
from tests.template.stack import ROOT, template

LONGEST = 49
"""Characters of a stack's name, as the README, samconfig.toml and the template say."""

LIMITS = {
    "QueueName": 80,  # SQS: "Queue names: up to 80 characters, .fifo included"
    "LayerName": 140,
    "LogGroupName": 512,
    "TableName": 255,
    "RoleName": 64,
}
API_NAME = 128


@pytest.fixture(scope="module")
def stack() -> Deployed:
    """A stack with a name of one character, by default parameters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        return Deployed(translated(), **{"AWS::StackName": "s"})


def test_the_longest_stack_name_is_what_is_written(stack: Deployed) -> None:
    """The longest stack name of the guide fits every name, and one character more does not."""
    room = [
        LIMITS[name.rpartition(".")[2]] - len(value) + 1 for name, value in stack.names().items()
    ]
    assert min(room) == LONGEST
    assert LONGEST <= API_NAME, "an HTTP API is named after the stack"


def test_limits_are_those_that_cloudformation_knows() -> None:
    """The limits of names are those of CloudFormation's schemas, where a schema has one."""
    for kind, name in (("Lambda::LayerVersion", "LayerName"), ("Logs::LogGroup", "LogGroupName")):
        assert schema(f"AWS::{kind}")["properties"][name]["maxLength"] == LIMITS[name]


@pytest.mark.parametrize("page", ["README.md", "samconfig.toml", "template.yaml"])
def test_the_limit_is_said_where_the_name_is_chosen(page: str) -> None:
    """The guide and the template's description give the limit of the stack's name."""
    text = template()["Description"] if page == "template.yaml" else (ROOT / page).read_text()
    assert f"{LONGEST} characters" in text
