"""What is deployed goes live: a change of a layer alone reaches the alias that the API calls."""

from __future__ import annotations

import pytest
from samtranslator.translator.transform import transform

from tests.template.stack import Tree, properties, template


class NoManagedPolicies:
    """The translator asks for AWS's managed policies by name; this template names none."""

    def load(self) -> dict[str, str]:
        """None at all."""
        return {}


@pytest.fixture(autouse=True)
def _in_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


def translated(**packages: str) -> Tree:
    """The plain CloudFormation that is deployed when resources were packaged at these addresses."""
    written = template()
    for logical_id, resource in written["Resources"].items():
        for key in {"CodeUri", "ContentUri"} & set(resource.get("Properties", {})):
            resource["Properties"][key] = packages.get(logical_id, "s3://bucket/unchanged")
    made: Tree = transform(written, {}, NoManagedPolicies())["Resources"]
    return made


def versions(made: Tree) -> dict[str, str]:
    """The version's logical id by function; a new id is a new version."""
    return {
        resource["Properties"]["FunctionName"]["Ref"]: logical_id
        for logical_id, resource in made.items()
        if resource["Type"] == "AWS::Lambda::Version"
    }


def test_what_is_unchanged_publishes_no_version() -> None:
    """Else the next test would hold for the wrong reason."""
    assert versions(translated()) == versions(translated())


@pytest.mark.parametrize("changed", ["BridgeLayer", "DestinationLayer"])
def test_a_layer_only_change_publishes_a_version_of_both_functions(changed: str) -> None:
    """All code and every mapping lie in layers: without this an edited mapping never goes live."""
    before = versions(translated())
    after = versions(translated(**{changed: "s3://bucket/changed"}))
    assert set(before) == set(after) == {"IngestFunction", "RedriveFunction"}
    for function, version in before.items():
        assert after[function] != version


def test_queue_and_api_call_the_alias() -> None:
    """Not the function itself, which would be its newest state and no version."""
    made = translated()
    (mapping,) = [r for r in made.values() if r["Type"] == "AWS::Lambda::EventSourceMapping"]
    assert mapping["Properties"]["FunctionName"] == {"Ref": "RedriveFunctionAliaslive"}
    paths = made["HttpApi"]["Properties"]["Body"]["paths"]
    for methods in paths.values():
        for operation in methods.values():
            uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            assert "${IngestFunctionAliaslive}" in uri


@pytest.mark.parametrize("layer", ["BridgeLayer", "DestinationLayer"])
def test_layers_are_built_by_make(layer: str) -> None:
    """SAM's own builder would want Python 3.13 on the machine that builds."""
    assert template()["Resources"][layer]["Metadata"]["BuildMethod"] == "makefile"
    assert properties(layer)["CompatibleRuntimes"] == ["python3.13"]


def test_functions_run_where_their_layer_was_built_for() -> None:
    """One parameter decides both."""
    shared = template()["Globals"]["Function"]
    assert shared["Runtime"] == "python3.13"
    assert shared["Architectures"] == [{"Ref": "Architecture"}]
    assert properties("BridgeLayer")["CompatibleArchitectures"] == [{"Ref": "Architecture"}]
