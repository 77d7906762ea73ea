"""The resources of a translated template: their properties resolved, their names and ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tools.sandbox.intrinsics import ACCOUNT, REGION, Resolver, Unresolved

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES: Final = (
    "QueueName",
    "TableName",
    "FunctionName",
    "LogGroupName",
    "LayerName",
    "AlarmName",
    "TopicName",
    "RoleName",
    "Name",
)

_OF_A_FUNCTION: Final = frozenset({"AWS::Lambda::Alias", "AWS::Lambda::Version"})
_FORMS: Final = {
    ("AWS::SQS::Queue", None): "{url}/{account}/{name}",
    ("AWS::SQS::Queue", "Arn"): "arn:aws:sqs:{place}:{name}",
    ("AWS::DynamoDB::Table", "Arn"): "arn:aws:dynamodb:{place}:table/{name}",
    ("AWS::IAM::Role", "Arn"): "arn:aws:iam::{account}:role/{name}",
    ("AWS::Logs::LogGroup", "Arn"): "arn:aws:logs:{place}:log-group:{name}:*",
    ("AWS::SNS::Topic", None): "arn:aws:sns:{place}:{name}",
    ("AWS::SNS::Topic", "TopicArn"): "arn:aws:sns:{place}:{name}",
    ("AWS::Lambda::Function", "Arn"): "arn:aws:lambda:{place}:function:{name}",
    ("AWS::Lambda::LayerVersion", None): "arn:aws:lambda:{place}:layer:{name}:1",
    ("AWS::Lambda::Version", None): "arn:aws:lambda:{place}:function:{function}:1",
    ("AWS::Lambda::Alias", None): "arn:aws:lambda:{place}:function:{function}:{alias}",
}
"""The attributes of resources by type and name; None stands for ``Ref``."""


class StackResources:
    """The resources that the conditions allow, by logical id.

    ``values``: of parameters and pseudo-parameters. ``aws_url``: the beginning of queue URLs.
    """

    def __init__(
        self, template: Mapping[str, Any], values: Mapping[str, str], aws_url: str
    ) -> None:
        self._aws_url = aws_url
        self._stack = values["AWS::StackName"]
        self.resolver = Resolver(values, template.get("Conditions", {}), self.attribute)
        self._resources: dict[str, dict[str, Any]] = {
            name: resource
            for name, resource in template["Resources"].items()
            if "Condition" not in resource or self.resolver.condition(resource["Condition"])
        }

    def types(self) -> dict[str, str]:
        """The type of each resource."""
        return {name: str(each["Type"]) for name, each in self._resources.items()}

    def ids(self, kind: str) -> list[str]:
        """The logical ids of a type."""
        return [name for name, each in self._resources.items() if each["Type"] == kind]

    def properties(self, logical_id: str) -> dict[str, Any]:
        """The properties, resolved. Raises Unresolved."""
        resolved: dict[str, Any] = self.resolver.resolve(
            self._resources[logical_id].get("Properties", {})
        )
        return resolved

    def name(self, logical_id: str) -> str:
        """The name: the template's, or one of the sandbox's."""
        kind = self._resources[logical_id]["Type"]
        properties = self._resources[logical_id].get("Properties", {})
        for key in _NAMES:
            if key in properties and kind not in _OF_A_FUNCTION:
                return str(self.resolver.resolve(properties[key]))
        suffix = ".fifo" if properties.get("FifoQueue") else ""
        return f"{self._stack}-{logical_id}{suffix}"

    def attribute(self, logical_id: str, attribute: str | None) -> str:
        """What ``Fn::GetAtt`` returns; ``Ref``, the physical id, for None. Raises Unresolved."""
        if logical_id not in self._resources:
            raise Unresolved(f"there is no parameter or resource {logical_id}")
        name = self.name(logical_id)
        kind = self._resources[logical_id]["Type"]
        properties = self.properties(logical_id) if kind in _OF_A_FUNCTION else {}
        form = _FORMS.get((kind, attribute))
        if form is None:
            if attribute in {None, "QueueName"}:
                return name
            form = f"arn:aws:{kind.split('::')[1].lower()}:{{place}}:{{name}}"
        return form.format(
            url=self._aws_url,
            account=ACCOUNT,
            place=f"{REGION}:{ACCOUNT}",
            name=name,
            function=properties.get("FunctionName"),
            alias=properties.get("Name"),
        )
