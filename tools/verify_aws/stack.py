"""Reads a deployed stack from CloudFormation: outputs, parameters, resources, template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader
from samtranslator.yaml_helper import yaml_parse

from tools.sandbox.intrinsics import Resolver, Unresolved
from tools.verify_aws.accepted import accepted

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack. `parameters`: the values in force, defaults included.

    `physical` and `kinds`: the id and the type of each resource, by its logical id. `template`: the
    template as CloudFormation has processed it, without SAM's resource types; empty if it was not
    given.
    """

    stack_id: str
    outputs: dict[str, str]
    parameters: dict[str, str]
    physical: dict[str, str]
    kinds: dict[str, str]
    template: dict[str, Any]

    def of_kind(self, kind: str) -> list[str]:
        """Give the logical ids of all resources of a type."""
        return [name for name, each in self.kinds.items() if each == kind]

    def with_alias(self) -> list[str]:
        """Give the logical ids of the functions with an alias: not the check before traffic."""
        by_function = {self.physical[name]: name for name in self.of_kind("AWS::Lambda::Function")}
        arns = [self.physical[name] for name in self.of_kind("AWS::Lambda::Alias")]
        return [by_function[arn.split(":")[-2]] for arn in arns]

    def description(self, function: str) -> Any:
        """Give the description of a function's version, unresolved. `function`: its logical id."""
        [found] = [
            self.template["Resources"][name]["Properties"]
            for name in self.of_kind("AWS::Lambda::Version")
            if self.template["Resources"][name]["Properties"]["FunctionName"]["Ref"] == function
        ]
        return found["Description"]

    def resolve(self, value: Any) -> Any:
        """Replace references in a value of the template. Raises Unresolved."""
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
    """Give the end of AWS's host names in a partition."""
    known = Loader().load_data("partitions")["partitions"]
    return str(next(each["outputs"]["dnsSuffix"] for each in known if each["id"] == partition))


def read_stack(client: CloudFormationClient, name: str) -> DeployedStack:
    """Read a stack. Raises botocore's ClientError if there is none of that name."""
    [described] = client.describe_stacks(StackName=name)["Stacks"]
    resources = [
        each
        for page in client.get_paginator("list_stack_resources").paginate(StackName=name)
        for each in page["StackResourceSummaries"]
    ]
    answer, _ = accepted(
        client,
        "CloudFormation gives the template",
        lambda: client.get_template(StackName=name, TemplateStage="Processed"),
    )
    body: Any = answer["TemplateBody"] if answer else {}
    return DeployedStack(
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
