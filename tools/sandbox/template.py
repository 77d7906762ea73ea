"""The stack as the built template describes it: functions, routes, event sources, queues, tables.

The template is read after SAM's translation (``tools.sandbox.translation``). Code and layers are
folders beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.sandbox.aws_stacks import Output
from tools.sandbox.intrinsics import Unresolved
from tools.sandbox.stack_resources import StackResources
from tools.sandbox.translation import translate

if TYPE_CHECKING:
    from pathlib import Path

STACK_NAME = "segment-rehook-sandbox"

_FUNCTION_OF_URI = re.compile(r":function:([^:/]+)")


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A function. ``timeout``: seconds. ``reserved``: its reserved concurrency, or None."""

    name: str
    code: Path
    layers: tuple[Path, ...]
    handler: str
    timeout: float
    memory: int
    environment: dict[str, str]
    reserved: int | None
    json_logs: bool


@dataclass(frozen=True, slots=True)
class Route:
    """One method and path of the HTTP API. ``timeout``: the integration's, in seconds."""

    method: str
    path: str
    function: str
    timeout: float


@dataclass(frozen=True, slots=True)
class EventSource:
    """A queue that a function consumes."""

    queue: str
    function: str
    batch_size: int
    partial_responses: bool
    maximum_concurrency: int


@dataclass(frozen=True, slots=True)
class Resource:
    """A queue, table or parameter to create. ``name``: its physical name."""

    logical_id: str
    name: str
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stack:
    """The parts of a template that the sandbox runs, by logical id.

    ``parameters``: the SSM parameters to create. ``values``: the values of the template's
    parameters, with ``****`` for each NoEcho parameter. ``resources``: all that the template makes.
    """

    id: str
    name: str
    description: str
    values: dict[str, str]
    outputs: dict[str, Output]
    resources: StackResources

    functions: dict[str, FunctionSpec]
    layers: dict[str, Path]
    routes: tuple[Route, ...]
    event_sources: tuple[EventSource, ...]
    queues: dict[str, Resource]
    tables: dict[str, Resource]
    parameters: dict[str, Resource]


def read(built: Path, aws_url: str, overrides: dict[str, str]) -> Stack:
    """Read a built template. Raises Unresolved.

    ``aws_url``: the beginning of queue URLs. ``overrides``: values of template parameters.
    """
    translated, values = translate(built, overrides, STACK_NAME)
    return _Reading(translated, values, aws_url, built.parent).stack()


class _Reading:
    """One translated template being read."""

    def __init__(
        self, template: dict[str, Any], values: dict[str, str], aws_url: str, folder: Path
    ) -> None:
        self._folder = folder
        self._template = template
        self._values = values
        self._resources = StackResources(template, values, aws_url)

    def stack(self) -> Stack:
        return Stack(
            id=self._values["AWS::StackId"],
            name=STACK_NAME,
            description=str(self._template.get("Description", "")),
            values=self._shown_values(),
            outputs=self._outputs(),
            resources=self._resources,
            functions={
                name: self._function(name) for name in self._resources.ids("AWS::Lambda::Function")
            },
            layers=self._layers(),
            routes=tuple(
                route
                for name in self._resources.ids("AWS::ApiGatewayV2::Api")
                for route in self._routes(name)
            ),
            event_sources=tuple(
                self._event_source(name)
                for name in self._resources.ids("AWS::Lambda::EventSourceMapping")
            ),
            queues=self._made("AWS::SQS::Queue"),
            tables=self._made("AWS::DynamoDB::Table"),
            parameters=self._made("AWS::SSM::Parameter"),
        )

    def _shown_values(self) -> dict[str, str]:
        return {
            name: "****" if spec.get("NoEcho") else self._values.get(name, "")
            for name, spec in self._template.get("Parameters", {}).items()
        }

    def _outputs(self) -> dict[str, Output]:
        return {
            name: Output(
                str(self._resources.resolver.resolve(each["Value"])), each.get("Description", "")
            )
            for name, each in self._template.get("Outputs", {}).items()
            if "Condition" not in each or self._resources.resolver.condition(each["Condition"])
        }

    def _made(self, kind: str) -> dict[str, Resource]:
        return {
            name: Resource(name, self._resources.name(name), self._resources.properties(name))
            for name in self._resources.ids(kind)
        }

    def _layers(self) -> dict[str, Path]:
        return {
            name: self._folder / self._resources.properties(name)["Content"]["S3Key"]
            for name in self._resources.ids("AWS::Lambda::LayerVersion")
        }

    def _function(self, logical_id: str) -> FunctionSpec:
        properties = self._resources.properties(logical_id)
        layers = {
            self._resources.attribute(name, None): folder for name, folder in self._layers().items()
        }
        variables = properties.get("Environment", {}).get("Variables", {})
        return FunctionSpec(
            name=logical_id,
            code=self._folder / properties["Code"]["S3Key"],
            layers=tuple(layers[layer] for layer in properties.get("Layers", [])),
            handler=properties["Handler"],
            timeout=float(properties.get("Timeout", 3)),
            memory=int(properties.get("MemorySize", 128)),
            environment={name: str(value) for name, value in variables.items()},
            reserved=properties.get("ReservedConcurrentExecutions"),
            json_logs=properties.get("LoggingConfig", {}).get("LogFormat") == "JSON",
        )

    def _routes(self, logical_id: str) -> list[Route]:
        routes = []
        for path, methods in self._resources.properties(logical_id)["Body"]["paths"].items():
            for method, operation in methods.items():
                integration = operation["x-amazon-apigateway-integration"]
                if "{" in path or path == "/$default" or method.startswith("x-"):
                    raise Unresolved(f"the sandbox serves plain routes only, not {method} {path}")
                routes.append(
                    Route(
                        method=method.upper(),
                        path=path,
                        function=self._function_named(integration["uri"]),
                        timeout=integration.get("timeoutInMillis", 30_000) / 1000,
                    )
                )
        return routes

    def _event_source(self, logical_id: str) -> EventSource:
        properties = self._resources.properties(logical_id)
        arn = properties["EventSourceArn"]
        scaling = properties.get("ScalingConfig", {})
        return EventSource(
            queue=next(
                q
                for q in self._resources.ids("AWS::SQS::Queue")
                if self._resources.attribute(q, "Arn") == arn
            ),
            function=self._function_named(properties["FunctionName"]),
            batch_size=int(properties.get("BatchSize", 10)),
            partial_responses="ReportBatchItemFailures"
            in properties.get("FunctionResponseTypes", []),
            maximum_concurrency=int(scaling.get("MaximumConcurrency", 5)),
        )

    def _function_named(self, reference: str) -> str:
        match = _FUNCTION_OF_URI.search(reference)
        name = match.group(1) if match else reference
        return next(
            f
            for f in self._resources.ids("AWS::Lambda::Function")
            if self._resources.name(f) == name
        )
