"""The template as CloudFormation is given it, and what its functions see for given parameters."""

from __future__ import annotations

import json
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from samtranslator.translator.transform import transform

from tests.template.stack import Tree, parameters, template
from tools.sandbox.intrinsics import Resolver, pseudo_parameters

REGION = "eu-west-1"
FUNCTIONS = ("IngestFunction", "RedriveFunction")


def schema(kind: str) -> Tree:
    """CloudFormation's own schema of a resource type."""
    found: Tree = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    return found


class NoManagedPolicies:
    """The translator asks for AWS's managed policies by name; this template names none."""

    def load(self) -> dict[str, str]:
        """None at all."""
        return {}


def translated(chosen: dict[str, str] | None = None, /, **packages: str) -> Tree:
    """The resources that are deployed when code and layers were packaged at these addresses.

    `chosen`: parameters that SAM itself must know, because it makes other resources for them.
    """
    written = template()
    for logical_id, resource in written["Resources"].items():
        for key in {"CodeUri", "ContentUri"} & set(resource.get("Properties", {})):
            resource["Properties"][key] = packages.get(logical_id, "s3://bucket/unchanged")
    made: Tree = transform(written, chosen or {}, NoManagedPolicies())["Resources"]
    return made


def versions(made: Tree) -> dict[str, Tree]:
    """The version that is published of each function: its resource, with its logical id."""
    return {
        resource["Properties"]["FunctionName"]["Ref"]: {"logical_id": logical_id, **resource}
        for logical_id, resource in made.items()
        if resource["Type"] == "AWS::Lambda::Version"
    }


class Deployed:
    """A stack with parameters as `chosen`, or by default; every value resolved.

    A resource stands for what gives it its physical id: properties that can't be changed without
    making it anew.
    """

    def __init__(self, made: Tree, **chosen: str) -> None:
        values = {name: str(said["Default"]) for name, said in parameters().items()}
        self.values = pseudo_parameters("bridge") | values | chosen
        self._made = made
        self._resolver = Resolver(self.values, template()["Conditions"], self._identity)

    def description(self, function: str) -> str:
        """The description of the function's version."""
        return str(
            self._resolver.resolve(versions(self._made)[function]["Properties"]["Description"])
        )

    def sees(self, function: str) -> Any:
        """The function's own properties."""
        return self._resolver.resolve(self._made[function]["Properties"])

    def names(self) -> dict[str, str]:
        """The names that the template gives: logical id and property, and the name."""
        return {
            f"{logical_id}.{key}": str(self._resolver.resolve(resource["Properties"][key]))
            for logical_id, resource in self._made.items()
            for key in ("QueueName", "LayerName", "LogGroupName", "TableName", "RoleName")
            if key in resource.get("Properties", {})
        }

    def _identity(self, logical_id: str, attribute: str | None) -> str:
        resource = self._made[logical_id]
        known = schema(resource["Type"])
        fixed = [
            *known.get("createOnlyProperties", []),
            *known.get("conditionalCreateOnlyProperties", []),
        ]
        names = {pointer.split("/")[2] for pointer in fixed}
        own = {k: v for k, v in resource.get("Properties", {}).items() if k in names}
        return json.dumps([logical_id, attribute, self._resolver.resolve(own)], sort_keys=True)
