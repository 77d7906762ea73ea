"""Checks that the alias `live` of each function runs with the stack's parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.verify_aws.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_lambda import LambdaClient

    from tools.verify_aws.stack import DeployedStack


def live_alias(client: LambdaClient, stack: DeployedStack) -> Iterator[Check]:
    """Check environment, memory, time-out and architecture of the version behind each alias.

    If a changed parameter does not lead to a new version, the stack shows the new value, and the
    API and the queue still call the old version.
    """
    for alias in stack.of_kind("AWS::Lambda::Alias"):
        # The check before traffic, a third function, has no alias.
        name = stack.template["Resources"][alias]["Properties"]["FunctionName"]["Ref"]
        wanted = _flat(stack.resolve(_compared(stack.template["Resources"][name]["Properties"])))
        found = _flat(
            client.get_function_configuration(FunctionName=stack.physical[name], Qualifier="live")
        )
        differing = sorted(key for key in wanted | found if wanted.get(key) != found.get(key))
        yield Check(
            f"{name}'s alias `live` runs with what the stack's parameters say",
            holds=not differing,
            seen="; ".join(
                f"{key} is {found.get(key)}, deployed was {wanted.get(key)}" for key in differing
            ),
        )


def _compared(properties: dict[str, Any]) -> dict[str, Any]:
    names = ("Architectures", "Environment", "MemorySize", "Timeout")
    return {name: properties[name] for name in names if name in properties}


def _flat(configuration: Any) -> dict[str, str]:
    """Give the values by the name of the variable or property. No variable holds a secret."""
    compared = _compared(configuration)
    variables = compared.pop("Environment", {}).get("Variables", {})
    if "Architectures" in compared:
        compared["Architectures"] = ",".join(compared["Architectures"])
    return {name: str(value) for name, value in (compared | variables).items()}
