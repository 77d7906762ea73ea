"""CloudFormation's intrinsic functions, for the values that the sandbox needs from a template.

A callable answers ``Ref`` and ``Fn::GetAtt`` of a resource, so this module knows nothing about
resources. aws-sam-cli and moto resolve some of them wrongly (docs/decisions/one-sqs.md).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REGION: Final = "us-east-1"
ACCOUNT: Final = "123456789012"

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_NO_VALUE: Final = object()


class Unresolved(Exception):
    """The sandbox cannot interpret a part of a template; the message names the part."""


def pseudo_parameters(stack_name: str) -> dict[str, str]:
    """The values of CloudFormation's pseudo-parameters (``AWS::…``) in the sandbox."""
    stack_id = "00000000-0000-4000-8000-5a4db0000000"
    return {
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::StackId": (
            f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{stack_name}/{stack_id}"
        ),
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": "amazonaws.com",
    }


class Resolver:
    """Resolves values of one template.

    ``values``: parameters and pseudo-parameters. ``attribute(logical_id, name)`` returns an
    attribute of a resource, or the value of ``Ref`` if ``name`` is None.
    """

    def __init__(
        self,
        values: Mapping[str, str],
        conditions: Mapping[str, Any],
        attribute: Callable[[str, str | None], str],
    ) -> None:
        self._values = values
        self._conditions = conditions
        self._attribute = attribute

    def resolve(self, value: Any) -> Any:
        """Return a value with every intrinsic function in it evaluated. Raises Unresolved."""
        match value:
            case {"Ref": str(name)} if len(value) == 1:
                return self._ref(name)
            case dict() if len(value) == 1 and next(iter(value)).startswith("Fn::"):
                [(function, argument)] = value.items()
                return self._call(function, argument)
            case dict():
                resolved = {name: self.resolve(member) for name, member in value.items()}
                return {
                    name: member for name, member in resolved.items() if member is not _NO_VALUE
                }
            case list():
                return [
                    member
                    for member in (self.resolve(each) for each in value)
                    if member is not _NO_VALUE
                ]
            case _:
                return value

    def condition(self, name: str) -> bool:
        """Return whether a condition of the template holds. Raises Unresolved."""
        if name not in self._conditions:
            raise Unresolved(f"there is no condition {name}")
        return self._holds(self._conditions[name])

    def _holds(self, value: Any) -> bool:
        match value:
            case {"Condition": str(name)}:
                return self.condition(name)
            case {"Fn::Equals": [left, right]}:
                return bool(self.resolve(left) == self.resolve(right))
            case {"Fn::Not": [other]}:
                return not self._holds(other)
            case {"Fn::And": [*others]}:
                return all(self._holds(other) for other in others)
            case {"Fn::Or": [*others]}:
                return any(self._holds(other) for other in others)
        raise Unresolved(f"a condition is written in an unknown way: {value}")

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._values:
            return self._values[name]
        return self._attribute(name, None)

    def _call(self, function: str, argument: Any) -> Any:
        match function, argument:
            case "Fn::GetAtt", [str(name), str(attribute)]:
                return self._attribute(name, attribute)
            case "Fn::GetAtt", str():
                return self._attribute(*argument.split(".", 1))
            case "Fn::Sub", [str(text), dict(variables)]:
                return self._sub(text, self.resolve(variables))
            case "Fn::Sub", str():
                return self._sub(argument, {})
            case "Fn::Join", [str(separator), parts]:
                return separator.join(str(part) for part in self.resolve(parts))
            case "Fn::Select", [index, parts]:
                return self.resolve(parts)[int(self.resolve(index))]
            case "Fn::Split", [str(separator), text]:
                return self.resolve(text).split(separator)
            case "Fn::If", [str(name), yes, no]:
                return self.resolve(yes if self.condition(name) else no)
        raise Unresolved(f"{function} is not known to the sandbox, or not with {argument}")

    def _sub(self, text: str, variables: Mapping[str, Any]) -> str:
        def replaced(match: re.Match[str]) -> str:
            name = match.group(1)
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in variables:
                return str(variables[name])
            if "." in name and name not in self._values:
                return self._attribute(*name.split(".", 1))
            return str(self._ref(name))

        return _VARIABLE.sub(replaced, text)
