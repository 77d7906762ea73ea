"""A deployed stack as CloudFormation describes it: outputs, parameters, resources, its template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader
from samtranslator.yaml_helper import yaml_parse

from tools.sandbox.intrinsics import Resolver, Unresolved

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


@dataclass(frozen=True, slots=True)
class Stack:
    """``parameters``: their values in force, defaults included. ``physical``: by logical id.

    ``template``: what CloudFormation made of the stack's template, without SAM's shorthand.
    """

    stack_id: str
    outputs: dict[str, str]
    parameters: dict[str, str]
    physical: dict[str, str]
    kinds: dict[str, str]
    template: dict[str, Any]

    def of_kind(self, kind: str) -> list[str]:
        """Logical ids of all resources of a type."""
        return [name for name, each in self.kinds.items() if each == kind]

    def resolve(self, value: Any) -> Any:
        """A value of the template with parameters and names put in. Raises Unresolved."""
        _, partition, _, region, account, name = self.stack_id.split(":", 5)
        pseudo = {
            "AWS::AccountId": account,
            "AWS::Partition": partition,
            "AWS::Region": region,
            "AWS::StackId": self.stack_id,
            "AWS::StackName": name.split("/")[1],
            "AWS::URLSuffix": _url_suffix(partition),
        }
        conditions = self.template.get("Conditions", {})
        return Resolver(pseudo | self.parameters, conditions, self._ref).resolve(value)

    def _ref(self, logical_id: str, attribute: str | None) -> str:
        if attribute is None and logical_id in self.physical:
            return self.physical[logical_id]
        raise Unresolved(f"{logical_id}.{attribute} is not known here")


def _url_suffix(partition: str) -> str:
    """The end of AWS's host names in a partition."""
    known = Loader().load_data("partitions")["partitions"]
    return next(each["outputs"]["dnsSuffix"] for each in known if each["id"] == partition)


def read_stack(client: CloudFormationClient, name: str) -> Stack:
    """Ask for all of a stack. Raises botocore's ClientError where there is none."""
    [described] = client.describe_stacks(StackName=name)["Stacks"]
    resources = [
        each
        for page in client.get_paginator("list_stack_resources").paginate(StackName=name)
        for each in page["StackResourceSummaries"]
    ]
    body: Any = client.get_template(StackName=name, TemplateStage="Processed")["TemplateBody"]
    return Stack(
        stack_id=described["StackId"],
        outputs={each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])},
        parameters={
            each["ParameterKey"]: each.get("ResolvedValue", each["ParameterValue"])
            for each in described.get("Parameters", [])
        },
        physical={each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources},
        kinds={each["LogicalResourceId"]: each["ResourceType"] for each in resources},
        template=yaml_parse(body) if isinstance(body, str) else body,
    )
