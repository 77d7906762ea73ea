"""What AWS says about the sandbox's stack, from the template: the record for the AWS server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tools.sandbox.aws_stacks import (
    FunctionRecord,
    LayerRecord,
    Output,
    ResourceRecord,
    StackRecord,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.sandbox.stack_resources import StackResources
    from tools.sandbox.template import Stack

_API_ADDRESS = re.compile(r"https://[^/.]+\.execute-api\.[^/]+")


def stack_record(
    stack: Stack, *, api_url: str, rehook_url: str, control_url: str, files: Mapping[str, str]
) -> StackRecord:
    """The record, with the sandbox's own addresses in it.

    ``api_url``: the address of the HTTP API, without a path. ``files``: the texts that stand in
    place of files of the layers.
    """
    values = stack.values
    if "RehookUrl" in values:
        values = values | {"RehookUrl": rehook_url}
    resources = stack.resources
    return StackRecord(
        name=stack.name,
        id=stack.id,
        description=stack.description,
        parameters=values,
        outputs={
            name: Output(_API_ADDRESS.sub(api_url, output.value), output.description)
            for name, output in stack.outputs.items()
        },
        resources=[
            ResourceRecord(name, resources.attribute(name, None), kind)
            for name, kind in resources.types().items()
        ],
        functions=[_function(stack, name, rehook_url) for name in stack.functions],
        layers=[_layer(stack, name) for name in resources.ids("AWS::Lambda::LayerVersion")],
        event_sources=[
            resources.properties(name) for name in resources.ids("AWS::Lambda::EventSourceMapping")
        ],
        log_groups={
            resources.name(name): _retention(resources.properties(name))
            for name in resources.ids("AWS::Logs::LogGroup")
        }
        | {_log_group(resources, name): None for name in stack.functions if _own(resources, name)},
        alarms={
            resources.name(name): resources.properties(name)
            for name in resources.ids("AWS::CloudWatch::Alarm")
        },
        topics=_topics(resources),
        files=dict(files),
        control=control_url,
    )


def _retention(properties: dict[str, Any]) -> int | None:
    days = properties.get("RetentionInDays")
    return None if days is None else int(days)  # a parameter is text


def _own(resources: StackResources, function: str) -> bool:
    return "LogGroup" not in resources.properties(function).get("LoggingConfig", {})


def _log_group(resources: StackResources, function: str) -> str:
    logging: dict[str, Any] = resources.properties(function).get("LoggingConfig", {})
    return str(logging.get("LogGroup", f"/aws/lambda/{resources.name(function)}"))


def _function(stack: Stack, logical_id: str, rehook_url: str) -> FunctionRecord:
    resources = stack.resources
    properties = resources.properties(logical_id)
    spec = stack.functions[logical_id]
    variables = dict(spec.environment)
    if "REHOOK_URL" in variables:
        variables["REHOOK_URL"] = rehook_url
    return FunctionRecord(
        logical_id=logical_id,
        name=resources.name(logical_id),
        description=properties.get("Description", ""),
        version_description=_version_description(resources, logical_id),
        runtime=properties.get("Runtime", ""),
        handler=spec.handler,
        memory=spec.memory,
        timeout=int(spec.timeout),
        architectures=properties.get("Architectures", ["x86_64"]),
        role=str(properties.get("Role", "")),
        log_group=_log_group(resources, logical_id),
        environment=variables,
        code=str(spec.code),
        layers=[arn.rsplit(":", 2)[1] for arn in properties.get("Layers", [])],
    )


def _version_description(resources: StackResources, function: str) -> str:
    for name in resources.ids("AWS::Lambda::Version"):
        properties = resources.properties(name)
        if properties["FunctionName"] == resources.name(function):
            return str(properties.get("Description", ""))
    return ""


def _layer(stack: Stack, logical_id: str) -> LayerRecord:
    properties = stack.resources.properties(logical_id)
    return LayerRecord(
        logical_id=logical_id,
        name=stack.resources.name(logical_id),
        description=properties.get("Description", ""),
        folder=str(stack.layers[logical_id]),
        runtimes=properties.get("CompatibleRuntimes", []),
        architectures=properties.get("CompatibleArchitectures", []),
    )


def _topics(resources: StackResources) -> dict[str, list[tuple[str, str]]]:
    return {
        resources.attribute(name, None): [
            (str(each["Protocol"]), str(each["Endpoint"]))
            for each in resources.properties(name).get("Subscription", [])
        ]
        for name in resources.ids("AWS::SNS::Topic")
    }
