"""What is deployed goes live: each change reaches the alias that the API and the queue call."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.template.deployed import FUNCTIONS, REGION, Deployed, schema, translated, versions
from tests.template.stack import Tree, parameters, properties, template

MOST = 256  # characters of a version's description
FREE_TEXT = {
    "Destination": ["destination", "dev"],
    "RunbookUrl": ["docs/runbook.md", "https://example.com/runbook"],
    "RehookUrl": ["https://api.rehook.ai", "https://rehook.example.com"],
    "SecretsKeyArn": ["", "arn:aws:kms:eu-west-1:123456789012:key/0-1"],
    "AlarmEmail": ["", "somebody@example.com"],
    "AlarmTopicArn": ["", "arn:aws:sns:eu-west-1:123456789012:alarms"],
}


@pytest.fixture(autouse=True)
def _in_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.fixture(scope="module")
def made() -> Tree:
    """The template, translated once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        return translated()


def choices(parameter: str) -> list[str]:
    """Two values or more that a parameter may have."""
    said = parameters()[parameter]
    if parameter in FREE_TEXT:
        return FREE_TEXT[parameter]
    if "AllowedValues" in said:
        return [str(value) for value in said["AllowedValues"]]
    return [str(said["MinValue"]), str(said.get("MaxValue", said["MinValue"] + 1))]


def longest(parameter: str) -> str:
    """A value as long as the parameter may have."""
    values = [*choices(parameter), "x" * int(parameters()[parameter].get("MaxLength", 0))]
    return max(values, key=len)


def published(made: Tree) -> dict[str, str]:
    """The version's logical id by function; a new id is a new version."""
    return {function: version["logical_id"] for function, version in versions(made).items()}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("parameter", parameters())
@pytest.mark.parametrize("elsewhere", [0, -1], ids=["first", "last"])
def test_a_parameter_publishes_a_version_just_if_the_function_sees_it(
    made: Tree, function: str, parameter: str, elsewhere: int
) -> None:
    """A parameter that is changed publishes a version of the functions that see it, and no other.

    SAM gives a version its name before parameters are put in, so its description must tell. Without
    the parameter there, its change would never go live. With one that the function does not see,
    the update would fail: Lambda publishes no version of a function that is unchanged.
    """
    others = {name: choices(name)[elsewhere] for name in parameters()}
    for one, another in pairwise(choices(parameter)):
        before = Deployed(made, **{**others, parameter: one})
        after = Deployed(made, **{**others, parameter: another})
        changed = before.sees(function) != after.sees(function)
        assert (before.description(function) != after.description(function)) == changed


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_description_has_room_for_every_value(made: Tree, function: str) -> None:
    """A version's description has room for the longest value of each parameter."""
    worst = Deployed(made, **{name: longest(name) for name in parameters()})
    assert len(worst.description(function)) <= MOST


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_text_in_a_description_is_bounded(made: Tree, function: str) -> None:
    """Each parameter in a description that is a text has a greatest length."""
    text = versions(made)[function]["Properties"]["Description"]["Fn::Sub"]
    for name, said in parameters().items():
        if said["Type"] == "String" and "${" + name + "}" in text:
            assert {"AllowedValues", "MaxLength"} & set(said), name


def test_a_version_is_made_anew_when_its_description_changes() -> None:
    """CloudFormation makes a new version when the description changes, by its own schema."""
    known = schema("AWS::Lambda::Version")
    assert "/properties/Description" in known["createOnlyProperties"]
    assert known["properties"]["Description"]["maxLength"] == MOST


def test_what_is_unchanged_publishes_no_version() -> None:
    """The same template, parameters and packages publish no version."""
    assert published(translated()) == published(translated())


@pytest.mark.parametrize("changed", ["BridgeLayer", "DestinationLayer"])
def test_a_layer_only_change_publishes_a_version_of_both_functions(changed: str) -> None:
    """A change of a layer alone publishes a version of both functions."""
    before = published(translated())
    after = published(translated(**{changed: "s3://bucket/changed"}))
    assert set(before) == set(after) == set(FUNCTIONS)
    for function, version in before.items():
        assert after[function] != version


@pytest.mark.parametrize("changed", FUNCTIONS)
def test_a_handler_only_change_publishes_a_version_of_that_function(changed: str) -> None:
    """A change of a handler alone publishes a version of that function, not of the other."""
    before = published(translated())
    after = published(translated(**{changed: "s3://bucket/changed"}))
    assert {name for name in FUNCTIONS if before[name] != after[name]} == {changed}


def test_queue_and_api_call_the_alias(made: Tree) -> None:
    """Queue and API call the alias, not the function itself."""
    (mapping,) = [r for r in made.values() if r["Type"] == "AWS::Lambda::EventSourceMapping"]
    assert mapping["Properties"]["FunctionName"] == {"Ref": "RedriveFunctionAliaslive"}
    paths = made["HttpApi"]["Properties"]["Body"]["paths"]
    for methods in paths.values():
        for operation in methods.values():
            uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            assert "${IngestFunctionAliaslive}" in uri


@pytest.mark.parametrize("layer", ["BridgeLayer", "DestinationLayer"])
def test_a_layer_is_built_by_make_and_runs_on_both_architectures(layer: str) -> None:
    """Each layer is built by make, and is for both architectures."""
    assert template()["Resources"][layer]["Metadata"] == {"BuildMethod": "makefile"}
    assert properties(layer)["CompatibleRuntimes"] == ["python3.13"]
    assert properties(layer)["CompatibleArchitectures"] == choices("Architecture")


def test_functions_run_on_what_the_parameter_says() -> None:
    """Functions run on the architecture of the parameter, and on a runtime of the layers."""
    shared = template()["Globals"]["Function"]
    assert shared["Runtime"] == "python3.13"
    assert shared["Architectures"] == [{"Ref": "Architecture"}]
