"""The template as data, with what a fresh deployment would put for its parameters."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
Tree = dict[str, Any]

DAY = 86_400


def template() -> Tree:
    """A copy of one's own; tags such as !Ref come as {"Ref": …}."""
    return copy.deepcopy(_parsed())


@cache
def _parsed() -> Tree:
    parsed: Tree = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    return parsed


def properties(logical_id: str) -> Tree:
    """What the template says of one resource."""
    found: Tree = template()["Resources"][logical_id]["Properties"]
    return found


def resources(kind: str) -> dict[str, Tree]:
    """All resources of a type, whole, by logical id."""
    everything: dict[str, Tree] = template()["Resources"]
    return {name: whole for name, whole in everything.items() if whole["Type"] == kind}


def parameters() -> dict[str, Tree]:
    """The template's parameters by name."""
    found: dict[str, Tree] = template()["Parameters"]
    return found


def environment(function: str, **chosen: str) -> dict[str, str]:
    """What the function sees: parameters as `chosen` or by default, resources as made-up names."""
    variables = dict(template()["Globals"]["Function"]["Environment"]["Variables"])
    variables.update(properties(function)["Environment"]["Variables"])
    return {name: _value(value, chosen) for name, value in variables.items()}


def parameter_behind(function: str) -> dict[str, str]:
    """The parameter that a variable is taken from, by variable."""
    variables = dict(template()["Globals"]["Function"]["Environment"]["Variables"])
    variables.update(properties(function)["Environment"]["Variables"])
    return {
        name: value["Ref"]
        for name, value in variables.items()
        if isinstance(value, dict) and value.get("Ref") in parameters()
    }


def _value(value: str | Tree, chosen: dict[str, str]) -> str:
    match value:
        case str():
            return value
        case {"Fn::Sub": str(text)}:
            return text.replace("${AWS::StackName}", "bridge")
        case {"Ref": str(name)} if name in parameters():
            return str(chosen.get(name, parameters()[name].get("Default")))
        case {"Ref": "AWS::URLSuffix"}:
            return "amazonaws.com"
        case {"Ref": str(name)}:
            return f"https://sqs.eu-west-1.amazonaws.com/123456789012/{name}"
        case _:
            message = f"a variable is made in a way that this reader does not know: {value}"
            raise AssertionError(message)
