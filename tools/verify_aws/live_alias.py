"""Checks that the alias `live` of each function runs with the stack's parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.verify_aws.check import Check, skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_lambda import LambdaClient

    from tools.verify_aws.stack import DeployedStack


def live_alias(client: LambdaClient, stack: DeployedStack) -> Iterator[Check]:
    """Check the version behind each alias: that it is one, and that it is the one deployed.

    Compared are its description, environment, memory, time-out and architecture.

    If a changed parameter does not lead to a new version, the stack shows the new value, and the
    API and the queue still call the old version.
    """
    if not stack.template:
        text = "the aliases `live` run with what the stack's parameters say"
        yield skipped(text, "CloudFormation, or a stand-in for AWS, did not give the template")
        return
    for name in stack.with_alias():
        properties = _compared(stack.template["Resources"][name]["Properties"])
        wanted = _flat(stack.resolve(properties | {"Description": stack.description(name)}))
        live = client.get_function_configuration(
            FunctionName=stack.physical[name], Qualifier="live"
        )
        number = live.get("Version", "")
        yield Check(
            f"{name}'s alias `live` leads to a published version",
            holds=number.isdecimal(),
            seen=f"version {number}",
        )
        found = _flat(live)
        differing = sorted(key for key in wanted | found if wanted.get(key) != found.get(key))
        yield Check(
            f"{name}'s alias `live` runs with what the stack's parameters say",
            holds=not differing,
            seen="; ".join(
                f"{key} is {found.get(key)}, deployed was {wanted.get(key)}" for key in differing
            ),
        )


def _compared(properties: dict[str, Any]) -> dict[str, Any]:
    names = ("Architectures", "Description", "Environment", "MemorySize", "Timeout")
    return {name: properties[name] for name in names if name in properties}


def _flat(configuration: Any) -> dict[str, str]:
    """Give the values by the name of the variable or property. No variable holds a secret."""
    compared = _compared(configuration)
    variables = compared.pop("Environment", {}).get("Variables", {})
    if "Architectures" in compared:
        compared["Architectures"] = ",".join(compared["Architectures"])
    return {name: str(value) for name, value in (compared | variables).items()}
