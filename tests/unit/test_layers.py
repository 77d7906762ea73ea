"""The shape of the package: imports point down only, and only wiring reaches for the world."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Container
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers" / "bridge" / "segment_rehook"
LAYERS = ("segment", "mapping", "rehook", "delivery", "aws", "wiring")
MODULES = sorted(
    path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] != "__init__.py"
)
# Who may use which library: a port's real side belongs to its adapter.
LIBRARIES: dict[str, set[str]] = {
    "aws_lambda_powertools": {"aws"},
    # Not in the layer: docs/decisions/aws-client.md.
    "boto3": set(),
    "botocore": set(),
    "urllib3": set(),
}


# Within delivery, the highest first. What stands on one line does not know of its neighbours.
DELIVERY = (
    {"assembly", "version_check"},
    {"ingest", "redrive"},
    {"caller", "after_call", "delivery", "outcome_metrics"},
    {"ledger", "pacing"},
    {"queues"},
    {"ids", "outcome_line", "outcomes", "ports", "settings", "stack_parameters"},
)


def layer_of(path: Path) -> str:
    """The layer that a module belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Every module that a file names in an import, at its top or anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    """Each layer imports only what is below it, and only libraries that belong to it."""
    height = LAYERS.index(layer_of(path))
    for name in imports_of(path):
        top, *rest = name.split(".")
        assert top not in {"segment_rehook_cli", "tools", "tests"}, name
        if top == "segment_rehook" and rest and rest[0] in LAYERS:
            assert LAYERS.index(rest[0]) <= height, f"{path.name} imports {name}"
        assert layer_of(path) in LIBRARIES.get(top, {*LAYERS}), f"{path.name} imports {name}"


def test_no_two_modules_need_each_other() -> None:
    """Imports make no circle, not even those for types: a module can be read before its users."""
    names = {module_name(path): path for path in MODULES}
    needs = {
        name: {found for each in imports_of(path) if (found := named_in(each, names)) != name}
        for name, path in names.items()
    }
    list(TopologicalSorter(needs).static_order())


def module_name(path: Path) -> str:
    """The name that a module is imported by."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def named_in(imported: str, modules: Container[str]) -> str:
    """The module of the package that an import names, or names something of; empty if none."""
    while imported and imported not in modules:
        imported = imported.rpartition(".")[0]
    return imported


def imported_at_run_time(path: Path) -> set[str]:
    """What a file's own level imports, without what is there for types alone."""
    tree = ast.parse(path.read_text())
    found = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module]
    return {f"{node.module}.{alias.name}" for node in found for alias in node.names}


@pytest.mark.parametrize(
    "path",
    [each for each in MODULES if layer_of(each) == "delivery" and each.stem != "__init__"],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_within_delivery_imports_point_down(path: Path) -> None:
    """Within delivery imports point down; ingest and redrive never import each other."""
    own = path.relative_to(PACKAGE / "delivery").parts[0].removesuffix(".py")
    height = next(place for place, line in enumerate(DELIVERY) if own in line)
    for name in imported_at_run_time(path):
        if name.startswith("segment_rehook.delivery."):
            other = name.split(".")[2]
            below = next(place for place, line in enumerate(DELIVERY) if other in line)
            assert other == own or below > height, f"{own} imports {name}"


@pytest.mark.parametrize("function", ["ingest", "redrive"])
def test_a_handler_only_asks_wiring(function: str) -> None:
    """A function's own file imports wiring and holds no logic."""
    path = ROOT / "functions" / function / "app.py"
    assert imports_of(path) == {"segment_rehook.wiring"}
    assert len(ast.parse(path.read_text()).body) <= 3


# What of tools a folder of it may need.
OF_TOOLS = {"tools/fakes": {"fakes", "sqs"}, "tools/sqs": {"sqs"}, "tools/dynamodb": {"dynamodb"}}


@pytest.mark.parametrize(
    ("folder", "barred"),
    [
        ("cli", {"tests", "tools"}),
        ("tools", {"tests"}),
        ("tools/fakes", {"tests", "segment_rehook_cli"}),
        ("tools/sqs", {"tests", "segment_rehook_cli"}),
        ("tools/dynamodb", {"tests", "segment_rehook_cli"}),
    ],
)
def test_what_is_not_deployed_has_layers_too(folder: str, barred: set[str]) -> None:
    """Tests, tools, command line and segment_rehook import only what is below them.

    The fakes stand beside the command line, and need nothing else of tools but the queue in memory.
    """
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    for path in files:
        for name in imports_of(path):
            top, _, rest = name.partition(".")
            assert top not in barred, f"{path.relative_to(ROOT)} imports {name}"
            if folder in OF_TOOLS and top == "tools":
                assert rest.split(".")[0] in OF_TOOLS[folder], f"{path.name} imports {name}"


@pytest.mark.parametrize(
    "path",
    sorted(path for folder in ("layers", "cli", "tools") for path in (ROOT / folder).rglob("*.py")),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_a_module_is_short_enough_for_one_idea(path: Path) -> None:
    """A module of the layers, the command line or the tools has fewer than 250 lines."""
    lines = path.read_text().count("\n")

    assert lines < 250


def test_importing_touches_nothing() -> None:
    """Every module can be imported with an empty environment and no way to open a socket."""
    names = [
        ".".join(["segment_rehook", *path.relative_to(PACKAGE).with_suffix("").parts])
        for path in MODULES
    ]
    script = (
        "import socket, importlib, sys\n"
        "def refuse(*_args, **_options): raise AssertionError('a socket was opened')\n"
        "socket.socket.connect = refuse\n"
        f"for name in {names!r}: importlib.import_module(name.removesuffix('.__init__'))\n"
    )
    search = f"{PACKAGE.parent}"
    subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", script],
        check=True,
        env={"PYTHONPATH": search},
        cwd="/",
    )
