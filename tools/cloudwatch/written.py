"""What the layer writes: names and dimensions of its metrics, and fields of its log lines.

Both are read from the source. A metric is the constant that is given to one of the methods of the
port `Telemetry`, a value of a table in the module that does so by a variable, or an f-string of a
stem and an outcome (`Events{outcome.capitalize()}`). A field
is a member of the line's struct, a key of the line's dict, or a keyword of a warning.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from segment_rehook.delivery.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

LAYER: Final = Path(__file__).parents[2] / "layers" / "bridge" / "segment_rehook"
COUNTING: Final = {"count", "count_now", "observe"}
WARNING: Final = {"warn", "warn_once", "append_keys"}
SERVICE: Final = "service"
OF_POWERTOOLS: Final = {"level", "message", "timestamp", "service"}
"""Fields that Powertools gives each line: its Logger, "Standard structured keys"."""

INGEST, REDRIVE = "ingest", "redrive"
BOTH: Final = frozenset({INGEST, REDRIVE})
NEVER: Final = {"DeadLettersFailed", "DeadLettersIgnored"}
"""A dead letter is delivered, parked, a duplicate, dropped, or stays."""


class Written(msgspec.Struct, frozen=True):
    """A metric that is written: the names of its dimensions, and the services that write it."""

    dimensions: frozenset[str]
    services: frozenset[str]


_METRIC = re.compile(r"[A-Z]\w+")


@cache
def metrics(layer: Path = LAYER) -> dict[str, Written]:
    """The metrics that the functions write, by name."""
    found: dict[str, Written] = {}
    for path, node in _nodes(layer):
        match node:
            case ast.Call(func=ast.Attribute(attr=method), args=[first, *_]) if method in COUNTING:
                listed = _listed(layer / path) if isinstance(first, ast.Name) else set()
                names = _names(first) | listed
                given = {each.arg for each in node.keywords if each.arg} - {"value"}
            case ast.Call(func=ast.Name(id="single_metric"), keywords=keywords):
                values = {each.arg: each.value for each in keywords}
                names, given = _names(values["name"]), _keys(layer / path)
            case ast.JoinedStr():
                names, given = _names(node), set()
            case _:
                continue
        for name in names - NEVER:
            before = found.get(name, Written(frozenset(), frozenset()))
            found[name] = Written(
                before.dimensions | {SERVICE} | given, before.services | _services(path)
            )
    return found


def _keys(path: Path) -> set[str]:
    """The keys of a module's tables: the dimensions of its single metric, besides the service."""
    return {
        str(key.value)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    } - {SERVICE}


def _listed(path: Path) -> set[str]:
    """The names in a module's tables: one of them is counted where a variable has the name."""
    values = (
        value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Dict)
        for value in node.values
    )
    return {name for value in values for name in _names(value)}


def _services(path: Path) -> frozenset[str]:
    """The functions that run a module: one, if it stands in a folder of that name."""
    return frozenset(BOTH & set(path.parts)) or BOTH


@cache
def fields(layer: Path = LAYER) -> set[str]:
    """The fields that log lines of the functions may have."""
    found = set(OF_POWERTOOLS)
    for _, node in _nodes(layer):
        match node:
            case ast.Call(func=ast.Attribute(attr=method)) if method in WARNING:
                found |= {each.arg for each in node.keywords if each.arg}
            case ast.FunctionDef(name="line" | "_line"):
                keys = (
                    key
                    for each in ast.walk(node)
                    if isinstance(each, ast.Dict)
                    for key in each.keys
                )
                found |= {str(key.value) for key in keys if isinstance(key, ast.Constant)}
            case ast.ClassDef(name="OutcomeLine"):
                found |= {
                    each.target.id
                    for each in node.body
                    if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
                }
            case _:
                pass
    return found


def _nodes(layer: Path) -> Iterator[tuple[Path, ast.AST]]:
    for path in sorted(layer.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path.relative_to(layer), node


def _names(node: ast.expr) -> set[str]:
    """The names that an argument may have: a constant, either of two, or a stem and an outcome."""
    match node:
        case ast.Constant(value=str(name)) if _METRIC.fullmatch(name):
            return {name}
        case ast.IfExp(body=one, orelse=other):
            return _names(one) | _names(other)
        case ast.JoinedStr(
            values=[ast.Constant(value=str(stem)), ast.FormattedValue(value=ending)]
        ):
            if _METRIC.fullmatch(stem) and ast.unparse(ending).endswith(".capitalize()"):
                return {f"{stem}{outcome.capitalize()}" for outcome in Outcome}
    return set()
