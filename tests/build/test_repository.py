"""What surrounds the code: versions, workflows, hooks and updates agree with the gate."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import segment_rehook
from segment_rehook import __version__
from tests.template.stack import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
DEV_LOCK = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def read(name: str) -> Any:
    """A YAML file of the repository."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def hooks() -> list[dict[str, Any]]:
    """Every hook of pre-commit."""
    return [hook for source in read(".pre-commit-config.yaml")["repos"] for hook in source["hooks"]]


def test_one_version_is_named_everywhere() -> None:
    """Package, metadata, HTTP document, its page and the changelog's top name one version."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "requests.md").read_text(encoding="utf-8")
    newest = re.search(r"^## ([\d.]+)", changelog, re.MULTILINE)
    assert newest is not None
    assert newest[1] == __version__
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert (ROOT / PROJECT["tool"]["hatch"]["version"]["path"]).samefile(segment_rehook.__file__)
    assert read("openapi.yaml")["info"]["version"] == __version__
    assert f'"version": "{__version__}"' in page


def test_the_licence_is_there_and_named() -> None:
    """The licence is in the repository, and the package's metadata names it."""
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert PROJECT["project"]["license"] == "MIT"
    assert PROJECT["project"]["license-files"] == ["LICENSE"]


def test_the_badges_say_what_the_metadata_says() -> None:
    """The README's badges give the licence and the Pythons of the package's metadata."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"img\.shields\.io/badge/(\w+)-([\w.]+)-blue\)", readme))
    versions = "Programming Language :: Python :: 3."
    named = [each for each in PROJECT["project"]["classifiers"] if each.startswith(versions)]
    oldest, *_, newest = (each.rpartition(" ")[2] for each in named)
    licence = PROJECT["project"]["license"]
    assert said == {"licence": licence, "Python": f"{oldest}_to_{newest}"}


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook["id"])
def test_a_hook_runs_a_tool_that_the_lock_pins(hook: dict[str, Any]) -> None:
    """Each hook of pre-commit runs a tool in the version of the lock."""
    assert hook["language"] == "system"
    program, *_ = hook["entry"].split()
    assert program.startswith(".venv/bin/")
    assert re.search(rf"^{program.removeprefix('.venv/bin/')}==", DEV_LOCK, re.MULTILINE)


def test_the_hooks_are_local_and_run_what_lint_runs() -> None:
    """The hooks run exactly the linters of `make lint`."""
    assert {source["repo"] for source in read(".pre-commit-config.yaml")["repos"]} == {"local"}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lint = makefile.partition("\nlint:")[2].partition("\n\n")[0]
    linters = set(re.findall(r"\$\(VENV\)/bin/(ruff check|ruff format|mypy)", lint))
    commands = {hook["entry"].removeprefix(".venv/bin/").split(" --")[0] for hook in hooks()}
    assert commands == linters == {"ruff check", "ruff format", "mypy"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_no_action_that_can_change(workflow: Path) -> None:
    """A workflow names each action by its commit and version, and its permissions by name.

    An action of this repository is at the same commit as the workflow.
    """
    text = workflow.read_text(encoding="utf-8")
    used = re.findall(r"uses: (.+)", text)
    assert used
    for action in used:
        if action.startswith("./"):
            assert (ROOT / action / "action.yml").exists()
        else:
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    assert "permissions" in yaml.safe_load(text)


def test_the_workflow_is_the_gate() -> None:
    """The gate's workflow runs `.ci/run` and nothing else."""
    [job] = read(".github/workflows/gate.yml")["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    given = {name: value for step in job["steps"] for name, value in step.get("with", {}).items()}
    assert (given["python-version"], given["node-version"]) == ("3.13", "20")


def test_every_action_of_ours_is_updated() -> None:
    """Dependabot is told each folder with an action, which may use others."""
    updates = read(".github/dependabot.yml")["updates"]
    [actions] = [each for each in updates if each["package-ecosystem"] == "github-actions"]
    own = {
        f"/{path.parent.relative_to(ROOT)}" for path in ROOT.glob(".github/actions/*/action.yml")
    }
    assert set(actions["directories"]) == {"/", *own}


def test_every_lock_of_npm_is_updated() -> None:
    """Dependabot is told each folder with a package-lock.json."""
    locks = {
        f"/{path.parent.relative_to(ROOT)}"
        for path in ROOT.glob("t*/**/package-lock.json")
        if "node_modules" not in path.parts
    }
    updates = read(".github/dependabot.yml")["updates"]
    [npm] = [each for each in updates if each["package-ecosystem"] == "npm"]
    assert locks
    assert set(npm["directories"]) == locks


FOLDERS = ("layers", "functions", "cli", "tools", "tests")
SWITCHED_OFF = re.compile(r"#\s*(?:type:\s*ignore|noqa|pragma:\s*no cover)(?P<rest>.*)")
WITH_REASON = re.compile(r"(?:\[[\w, -]+\]  # |: [A-Z0-9, ]+ — )\S.*")


def without_reason(line: str) -> bool:
    """Whether a line switches a check off without naming it, or without saying why."""
    found = SWITCHED_OFF.search(line)
    return found is not None and not WITH_REASON.fullmatch(found["rest"])


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        ("x = y  # type: " + "ignore", True),
        ("x = y  # type: " + "ignore[misc]", True),
        ("x = y  # no" + "qa: S608", True),
        ("x = y  # pragma: " + "no cover", True),
        ("x = y  # type: " + "ignore[misc]  # the stubs lack it", False),
        ("x = y  # no" + "qa: S608 — values are apart", False),
    ],
)
def test_a_line_without_a_reason_is_told_from_one_with_it(line: str, bare: bool) -> None:
    """A check that is switched off needs its name and a reason behind it."""
    assert without_reason(line) is bare


def test_each_check_that_is_switched_off_has_its_reason() -> None:
    """Each line of the project that switches a check off names the check and says why."""
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "node_modules" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if without_reason(line)
    ]
    assert bare == []
