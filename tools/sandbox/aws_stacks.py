"""CloudFormation's descriptions of the one stack that the sandbox runs.

moto's own would create the stack's resources a second time, and give the stack another id.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tools.sandbox.aws_answers import Refused, page

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.sandbox.published import Published

MAX_RESOURCES: Final = 100
NAMESPACE: Final = "http://cloudformation.amazonaws.com/doc/2010-05-15/"


class Output(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An output, with its value resolved."""

    value: str
    description: str = ""


class ResourceRecord(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A resource. ``id``: its physical id."""

    logical_id: str
    id: str
    type: str


class FunctionRecord(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A function. ``version_description``: of each version. ``layers``: their names, in order."""

    logical_id: str
    name: str
    description: str
    version_description: str
    runtime: str
    handler: str
    memory: int
    timeout: int
    architectures: list[str]
    role: str
    log_group: str
    environment: dict[str, str]
    code: str
    layers: list[str]


class LayerRecord(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A layer. ``folder``: where its files are. ``runtimes``, ``architectures``: as declared."""

    logical_id: str
    name: str
    description: str
    folder: str
    runtimes: list[str]
    architectures: list[str]


class StackRecord(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A stack as AWS describes it.

    ``id``: its ARN. ``parameters``: current values. ``log_groups``: days of retention by the names,
    None for ever. ``alarms``: the properties of each, by name. ``topics``: the protocol and
    endpoint of each subscription, by the topic's ARN. ``files``: the texts that stand in place of
    files of a layer. ``control``: the address of the sandbox's control API.
    """

    name: str
    id: str
    description: str
    parameters: dict[str, str]
    outputs: dict[str, Output]
    resources: list[ResourceRecord] = []
    functions: list[FunctionRecord] = []
    layers: list[LayerRecord] = []
    event_sources: list[dict[str, Any]] = []
    log_groups: dict[str, int | None] = {}
    alarms: dict[str, dict[str, Any]] = {}
    topics: dict[str, list[tuple[str, str]]] = {}
    files: dict[str, str] = {}
    control: str = ""


class Stacks:
    """The recorded stacks; there is none at first. ``published``: the versions of the layers."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self._recorded: dict[str, dict[str, Any]] = {}
        self._made: dict[str, list[ResourceRecord]] = {}

    def record(self, stack: StackRecord) -> None:
        """Describe a stack from now on, as one that was just created."""
        self._made[stack.id] = stack.resources
        earlier = self._recorded.get(stack.name, {}).get("CreationTime")
        self._recorded[stack.name] = {
            "StackId": stack.id,
            "StackName": stack.name,
            "Description": stack.description,
            "CreationTime": earlier or datetime.now(UTC).isoformat(timespec="milliseconds"),
            "StackStatus": "CREATE_COMPLETE",
            "DisableRollback": False,
            "EnableTerminationProtection": False,
            "Capabilities": ["CAPABILITY_IAM"],
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in stack.parameters.items()
            ],
            "Outputs": [
                {
                    "OutputKey": key,
                    "OutputValue": output.value,
                    **({"Description": output.description} if output.description else {}),
                }
                for key, output in stack.outputs.items()
            ],
            "Tags": [],
        }

    def operations(self, region: str) -> dict[str, Callable[[dict[str, str]], dict[str, Any]]]:
        """The operations by their names, for calls that are signed for a region."""
        return {
            "DescribeStacks": lambda form: self._describe(region, form),
            "DescribeStackResources": lambda form: self._resources(region, form),
            "ListStackResources": lambda form: self._list(region, form),
        }

    def _describe(self, region: str, form: dict[str, str]) -> dict[str, Any]:
        there = [
            stack for stack in self._recorded.values() if stack["StackId"].split(":")[3] == region
        ]
        wanted = form.get("StackName")
        if wanted is not None:
            there = [each for each in there if wanted in {each["StackName"], each["StackId"]}]
            if not there:
                raise Refused("ValidationError", f"Stack with id {wanted} does not exist")
        return {"Stacks": there}

    def _named(self, region: str, form: dict[str, str]) -> dict[str, Any]:
        if not form.get("StackName"):
            raise Refused("ValidationError", "StackName must be given")
        try:
            [stack] = self._describe(region, form)["Stacks"]
        except Refused:
            name = form["StackName"]
            raise Refused("ValidationError", f"Stack '{name}' does not exist") from None
        return dict(stack)

    def _resources(self, region: str, form: dict[str, str]) -> dict[str, Any]:
        stack = self._named(region, form)
        wanted = form.get("LogicalResourceId")
        of_stack = {"StackName": stack["StackName"], "StackId": stack["StackId"]}
        found = [
            of_stack | self._shown(each) | {"Timestamp": stack["CreationTime"]}
            for each in self._made[stack["StackId"]]
            if wanted in {None, each.logical_id}
        ]
        if wanted is not None and not found:
            raise Refused(
                "ValidationError", f"Resource {wanted} does not exist for stack {form['StackName']}"
            )
        # At most 100 are described; ListStackResources has them all, in pages.
        return {"StackResources": found[:MAX_RESOURCES]}

    def _list(self, region: str, form: dict[str, str]) -> dict[str, Any]:
        stack = self._named(region, form)
        wrong = Refused("ValidationError", "NextToken is not one that was given")
        made = self._made[stack["StackId"]]
        shown, token = page(made, MAX_RESOURCES, form.get("NextToken"), wrong)
        found = [
            self._shown(each) | {"LastUpdatedTimestamp": stack["CreationTime"]} for each in shown
        ]
        return {"StackResourceSummaries": found, **({"NextToken": token} if token else {})}

    def _shown(self, resource: ResourceRecord) -> dict[str, Any]:
        return {
            "LogicalResourceId": resource.logical_id,
            "PhysicalResourceId": self._published.layer_arn(resource.logical_id) or resource.id,
            "ResourceType": resource.type,
            "ResourceStatus": "CREATE_COMPLETE",
        }
