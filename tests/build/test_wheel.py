"""The command line as a package: what its wheel holds, and what it asks for."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
import zipfile
from email.parser import Parser
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from segment_rehook import __version__
from tests.template.stack import ROOT
from tools.wheel.build import build

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOTS = (ROOT / "cli", ROOT / "layers" / "bridge")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Declared and imported nowhere: the standard library's zoneinfo reads it.
DATA = {"tzdata"}
# Imported by name, and one with what is declared: each release of boto3 needs its own botocore.
BROUGHT = {"botocore": "boto3", "urllib3": "boto3"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel, built as `make wheel` builds it."""
    with zipfile.ZipFile(build(tmp_path_factory.mktemp("wheel"))) as opened:
        yield opened


def source_of(module: str) -> Path | None:
    """The file of one of our own modules; None where the name is a library's, or a member's."""
    for root in ROOTS:
        path = root.joinpath(*module.split("."))
        for file in (path / "__init__.py", path.with_suffix(".py")):
            if file.is_file():
                return file
    return None


def run_time_imports(file: Path) -> Iterator[str]:
    """Every module that a file may import when it runs: not what stands under TYPE_CHECKING."""

    def within(node: ast.AST) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                continue
            if isinstance(child, ast.Import):
                yield from (alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and child.module:
                yield from (f"{child.module}.{alias.name}" for alias in child.names)
            yield from within(child)

    return within(ast.parse(file.read_text()))


def libraries_used() -> set[str]:
    """The top-level names of all libraries that the command line can come to import."""
    waiting = sorted((ROOT / "cli").rglob("*.py"))
    seen, used = set(waiting), set()
    while waiting:
        for name in run_time_imports(waiting.pop()):
            top = name.partition(".")[0]
            if not any((root / top).is_dir() for root in ROOTS):
                used.add(top)
                continue
            packages = [name.rsplit(".", up)[0] for up in range(name.count(".") + 1)]
            files = {file for each in packages if (file := source_of(each))} - seen
            waiting += files
            seen |= files
    return used - set(sys.stdlib_module_names)


def test_the_wheel_holds_the_bridge_and_the_command_line_alone(wheel: zipfile.ZipFile) -> None:
    """The wheel holds segment_rehook and the command line, and nothing else of the checkout."""
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    packages = {top for top in tops if not top.endswith(".dist-info")}
    assert packages == {"segment_rehook", "segment_rehook_cli"}
    for root in ROOTS:
        for path in root.rglob("*.py"):
            name = str(path.relative_to(root))
            assert name in wheel.namelist() or not name.startswith("segment_rehook")


def test_the_wheel_has_the_runbook(wheel: zipfile.ZipFile) -> None:
    """`doctor --alarm` shows its sections where there is no checkout."""
    page = (ROOT / "docs" / "runbook.md").read_bytes()
    assert wheel.read("segment_rehook_cli/runbook.md") == page


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    """The wheel's version is the code's; its requirements and its command are the project's."""
    [metadata] = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    said = Parser().parsestr(wheel.read(metadata).decode())
    assert said["Version"] == __version__
    assert said["License-Expression"] == "MIT"
    assert "segment-rehook" in said.get_payload()
    assert {each.split(";")[0] for each in said.get_all("Requires-Dist", [])} == {
        *map(normalised, PROJECT["dependencies"])
    }
    scripts = wheel.read(metadata.replace("METADATA", "entry_points.txt")).decode()
    assert "segment-rehook = segment_rehook_cli.__main__:run" in scripts


def normalised(requirement: str) -> str:
    """A requirement as metadata has it, with its bounds in order."""
    name, bounds = re.fullmatch(r"([\w-]+)(.*)", requirement).groups()  # type: ignore[union-attr]  # it matches any text
    return f"{name}{','.join(sorted(bounds.split(',')))}"


def test_what_the_command_line_imports_is_what_it_asks_for() -> None:
    """The wheel asks for exactly the libraries that the command line imports."""
    projects = packages_distributions()
    used = {BROUGHT.get(name, projects.get(name, [name])[0]) for name in libraries_used()}
    asked = {re.split(r"[<>=]", each)[0] for each in PROJECT["dependencies"]}
    assert used == asked - DATA
