"""What the template has CloudWatch watch and show: alarms, the dashboard's widgets, saved queries.

A dashboard is a text in JSON with CloudFormation's variables in it. Here a parameter stands for its
default, `AWS::…` for a sample stack's value, and a resource for its logical id.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from samtranslator.yaml_helper import yaml_parse

TEMPLATE: Final = Path(__file__).parents[2] / "template.yaml"
SAMPLE: Final = {"AWS::StackName": "segment-rehook", "AWS::Region": "eu-west-1"}
OURS: Final = f"SegmentRehook/{SAMPLE['AWS::StackName']}"
ALARM: Final = "AWS::CloudWatch::Alarm"
DASHBOARD: Final = "AWS::CloudWatch::Dashboard"
QUERY: Final = "AWS::Logs::QueryDefinition"

_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_SEARCH = re.compile(
    r"""SEARCH\('\{"?(?P<namespace>[^",]+)"?,(?P<dimensions>[\w,]+)\}\s+MetricName="(?P<name>\w+)"(?P<rest>[^']*)'"""
)
_CHOSEN = re.compile(r'(\w+)="(\w+)"')

Tree = dict[str, Any]


class Metric(msgspec.Struct, frozen=True):
    """One metric. `dimensions`: pairs of name and value, in order; None is any value."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str | None], ...]

    @property
    def dimension_names(self) -> tuple[str, ...]:
        """The names of its dimensions, in order."""
        return tuple(name for name, _ in self.dimensions)


@cache
def template() -> Tree:
    """The template; tags such as !Ref come as {"Ref": …}. Do not change it."""
    parsed: Tree = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    return parsed


def resources(kind: str) -> dict[str, Tree]:
    """Properties of all resources of a type, by logical id."""
    return {
        name: whole["Properties"]
        for name, whole in template()["Resources"].items()
        if whole["Type"] == kind
    }


def permanent_alarms() -> dict[str, Tree]:
    """Properties of the alarms that each stack has; others belong to deployments in steps."""
    conditional = {name for name, whole in template()["Resources"].items() if "Condition" in whole}
    return {name: said for name, said in resources(ALARM).items() if name not in conditional}


def text(value: Any) -> str:
    """Resolve a text of the template, with what stands for a variable here."""
    match value:
        case str():
            return value
        case {"Fn::Sub": [str(body), dict(variables)]}:
            known = {name: text(each) for name, each in variables.items()}
            return _VARIABLE.sub(lambda found: known.get(found[1]) or _stand_in(found[1]), body)
        case {"Fn::Sub": str(body)}:
            return _VARIABLE.sub(lambda found: _stand_in(found[1]), body)
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"{name}.{attribute}"
        case {"Ref": str(name)}:
            return _stand_in(name)
    raise ValueError(f"a text of the template is made in a way unknown here: {value}")


def _stand_in(name: str) -> str:
    parameter = template()["Parameters"].get(name)
    return str(parameter["Default"]) if parameter else SAMPLE.get(name, name)


def number(value: Any) -> float:
    """Resolve a number of the template: itself, or a parameter's default."""
    return float(text(value)) if isinstance(value, dict) else float(value)


def metrics_of_alarm(alarm: Tree) -> list[Metric]:
    """The metrics that an alarm looks at: one, or those of its expression."""
    parts = [
        each["MetricStat"]["Metric"] for each in alarm.get("Metrics", ()) if "MetricStat" in each
    ]
    return [
        Metric(
            text(each["Namespace"]),
            each["MetricName"],
            tuple((pair["Name"], text(pair["Value"])) for pair in each["Dimensions"]),
        )
        for each in parts or [alarm]
    ]


def widgets() -> list[Tree]:
    """The dashboard's widgets, in order."""
    (dashboard,) = resources(DASHBOARD).values()
    read: list[Tree] = json.loads(text(dashboard["DashboardBody"]))["widgets"]
    return read


class Entry(msgspec.Struct, frozen=True):
    """One entry of a metric widget: a metric or an expression, and how it is shown."""

    metric: Metric | None
    expression: str | None
    options: dict[str, Any]


def entries(widget: Tree) -> list[Entry]:
    """The entries of a metric widget."""
    return [_entry(written) for written in widget["properties"].get("metrics", [])]


def _entry(written: list[Any]) -> Entry:
    options = written[-1] if isinstance(written[-1], dict) else {}
    if "expression" in options:
        return Entry(None, options["expression"], options)
    namespace, name, *pairs = [each for each in written if isinstance(each, str)]
    metric = Metric(namespace, name, tuple(zip(pairs[::2], pairs[1::2], strict=True)))
    return Entry(metric, None, options)


def metrics_of_widget(widget: Tree) -> list[Metric]:
    """The metrics that a widget shows, those that it searches for included."""
    found = []
    for entry in entries(widget):
        if entry.metric:
            found.append(entry.metric)
        elif searched := search(entry.expression or ""):
            found.append(searched)
    return found


def search(expression: str) -> Metric | None:
    """The metrics that a SEARCH finds, or None if the expression is none."""
    if (match := _SEARCH.match(expression)) is None:
        return None
    chosen = dict(_CHOSEN.findall(match["rest"]))
    names = match["dimensions"].split(",")
    return Metric(
        match["namespace"], match["name"], tuple((each, chosen.get(each)) for each in names)
    )
