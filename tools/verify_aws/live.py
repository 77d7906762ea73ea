"""Whether what is called is what was deployed: the alias ``live``, and the stack's parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.verify_aws.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_lambda import LambdaClient

    from tools.verify_aws.stack import Stack


def live(client: LambdaClient, stack: Stack) -> Iterator[Check]:
    """Environment, memory and architecture behind each function's alias.

    A parameter can be changed without a version being published: the stack then says one thing,
    and what API and queue call does another.
    """
    for name in stack.of_kind("AWS::Lambda::Function"):
        wanted = _flat(stack.resolve(_looked_at(stack.template["Resources"][name]["Properties"])))
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


def _looked_at(properties: dict[str, Any]) -> dict[str, Any]:
    names = ("Architectures", "Environment", "MemorySize", "Timeout")
    return {name: properties[name] for name in names if name in properties}


def _flat(configuration: Any) -> dict[str, str]:
    """By variable's or property's name; no variable holds a secret."""
    looked_at = _looked_at(configuration)
    variables = looked_at.pop("Environment", {}).get("Variables", {})
    if "Architectures" in looked_at:
        looked_at["Architectures"] = ",".join(looked_at["Architectures"])
    return {name: str(value) for name, value in (looked_at | variables).items()}
