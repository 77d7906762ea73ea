"""The locks: whole, by hash, the same for what is tested and what is deployed."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.template.stack import ROOT

DEPLOYED = "layers/bridge/requirements.txt"
LOCKS = (
    DEPLOYED,
    *(f"requirements/{name}.txt" for name in ("dev", "audit", "cli", "deploy", "fuzz", "mutants")),
)


def entries(lock: str) -> dict[str, str]:
    """Each entry's text, hashes included, by project and version."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {entry.split()[0]: entry for entry in re.split(r"\n(?=[a-z0-9])", text)[1:]}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_is_pinned_and_hashed(lock: str) -> None:
    """Each entry of a lock has one version and its hashes."""
    assert entries(lock)
    for pinned, entry in entries(lock).items():
        assert re.fullmatch(r"[a-z0-9._-]+==[\w.]+", pinned)
        assert "--hash=sha256:" in entry


@pytest.mark.parametrize("lock", LOCKS)
def test_no_registry_and_no_path_stands_in_a_lock(lock: str) -> None:
    """No lock names a registry or a path: where packages come from is the installer's setting."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|--(extra-)?index|--find-links| @ ", text)
    assert not re.search(r"(^|\s)/\w", text)


def test_what_is_tested_is_what_is_deployed() -> None:
    """The layer's packages are in the tools' lock in the same versions, with the same hashes."""
    tested = entries("requirements/dev.txt")
    for pinned, entry in entries(DEPLOYED).items():
        assert re.findall(r"sha256:\w+", tested[pinned]) == re.findall(r"sha256:\w+", entry)


def test_what_is_fuzzed_is_what_is_tested() -> None:
    """The sandbox under schemathesis runs on the versions that it is tested with."""
    assert entries("requirements/dev.txt").keys() <= entries("requirements/fuzz.txt").keys()


def test_what_is_mutated_is_what_is_deployed() -> None:
    """The mutation tool judges the code on the versions that it runs with."""
    assert entries(DEPLOYED).keys() <= entries("requirements/mutants.txt").keys()


def test_what_the_action_installs_is_tested_and_complete() -> None:
    """The command line's lock has the versions that it is tested with, and all that it declares."""
    installed = entries("requirements/cli.txt").keys()
    assert installed <= entries("requirements/dev.txt").keys()
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {each.partition("==")[0] for each in installed}
    assert {re.split(r"[<>=]", each)[0] for each in declared} <= names


def test_the_layers_lock_has_no_markers() -> None:
    """The layer's lock has no markers.

    The Python that runs pip would judge them, and need not be the target's.
    """
    for entry in entries(DEPLOYED).values():
        assert ";" not in entry.splitlines()[0]
