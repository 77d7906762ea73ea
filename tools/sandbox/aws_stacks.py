"""CloudFormation's ``DescribeStacks`` for the one stack that the sandbox runs.

moto's own would create the stack's resources a second time, and give the stack another id.
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMESPACE: Final = "http://cloudformation.amazonaws.com/doc/2010-05-15/"


class Output(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An output, with its value resolved."""

    value: str
    description: str = ""


class StackRecord(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A stack as CloudFormation describes it. ``id``: its ARN. ``parameters``: current values."""

    name: str
    id: str
    description: str
    parameters: dict[str, str]
    outputs: dict[str, Output]


class Stacks:
    """The recorded stacks; there is none at first."""

    def __init__(self) -> None:
        self._recorded: dict[str, dict[str, Any]] = {}

    def record(self, stack: StackRecord) -> None:
        """Describe a stack from now on, as one that was just created."""
        self._recorded[stack.name] = {
            "StackId": stack.id,
            "StackName": stack.name,
            "Description": stack.description,
            "CreationTime": datetime.now(UTC).isoformat(timespec="milliseconds"),
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

    def answer(self, region: str, form: Mapping[str, str]) -> tuple[HTTPStatus, bytes]:
        """Return status and XML for a call, from its form and its signature's region."""
        action = form.get("Action", "")
        if action != "DescribeStacks":
            known = "the sandbox answers DescribeStacks only"
            return _error("InvalidAction", f"Could not find operation {action}: {known}")
        there = [
            stack for stack in self._recorded.values() if stack["StackId"].split(":")[3] == region
        ]
        wanted = form.get("StackName")
        if wanted is not None:
            there = [each for each in there if wanted in {each["StackName"], each["StackId"]}]
            if not there:
                return _error("ValidationError", f"Stack with id {wanted} does not exist")
        answer = {"DescribeStacksResult": {"Stacks": there}, **_METADATA}
        return HTTPStatus.OK, _xml("DescribeStacksResponse", answer)


_METADATA: Final = {"ResponseMetadata": {"RequestId": "00000000-0000-4000-8000-000000000000"}}


def _error(code: str, message: str) -> tuple[HTTPStatus, bytes]:
    error = {"Error": {"Type": "Sender", "Code": code, "Message": message}}
    return HTTPStatus.BAD_REQUEST, _xml("ErrorResponse", error)


def _xml(name: str, value: dict[str, Any]) -> bytes:
    root = _element(name, value)
    root.set("xmlns", _NAMESPACE)
    return ET.tostring(root)


def _element(name: str, value: object) -> ET.Element:
    element = ET.Element(name)
    match value:
        case dict():
            element.extend(_element(str(key), member) for key, member in value.items())
        case list():
            element.extend(_element("member", member) for member in value)
        case bool():
            element.text = str(value).lower()
        case _:
            element.text = str(value)
    return element
