"""The interpreter is found by running what is there, and what is lacking is said in one line."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.template.stack import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = ROOT / "layers" / "bridge" / "find-python.sh"


class Machine:
    """A PATH and a home of made-up interpreters, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "bin"
        self.home = folder / "home"
        self.path.mkdir()
        self.home.mkdir()

    def install(self, version: str, place: Path, *, lacks: str = "nothing") -> str:
        """Make an interpreter that knows its version and can't import `lacks`."""
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(
            "#!/bin/sh\n"
            f'case "$2" in *version_info*) echo "{version} $0" ;; *{lacks}*) exit 1 ;; esac\n'
        )
        place.chmod(0o755)
        return str(place)

    def shim(self, name: str) -> None:
        """Make what a version manager leaves on PATH for a version that is not switched on."""
        place = self.path / name
        place.write_text(f'#!/bin/sh\necho "{name}: command not found" >&2\nexit 127\n')
        place.chmod(0o755)

    def find(self, want: str, **variables: str) -> tuple[str, str]:
        """What the script prints, and what it complains of."""
        done = subprocess.run(
            ["/bin/sh", SCRIPT, want],
            env={"PATH": str(self.path), "HOME": str(self.home), **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) == bool(done.stdout)
        assert bool(done.stdout) != bool(done.stderr)
        return done.stdout.strip(), done.stderr.strip()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without any Python."""
    return Machine(tmp_path)


def test_a_shim_that_does_not_run_is_passed_over(machine: Machine) -> None:
    """A `python` on PATH that does not run is passed over."""
    machine.shim("python3.13")
    machine.shim("python3")
    works = machine.install("3.11", machine.path / "python3.11")
    assert machine.find("venv") == (works, "")


@pytest.mark.parametrize("want", ["venv", "pip", "exact"])
def test_the_version_that_lambda_runs_is_preferred(machine: Machine, want: str) -> None:
    """Lambda's version is preferred, also where `python3` is another one."""
    machine.install("3.11", machine.path / "python3")
    machine.install("3.12", machine.path / "python3.12")
    best = machine.install("3.13", machine.path / "python3.13")
    assert machine.find(want) == (best, "")


def test_version_managers_are_looked_into(machine: Machine) -> None:
    """Interpreters of version managers are found, also where they are not on PATH."""
    machine.install("3.11", machine.path / "python3")
    pyenv = machine.install("3.13", machine.home / ".pyenv/versions/3.13.0/bin/python3")
    assert machine.find("venv") == (pyenv, "")
    elsewhere = machine.install("3.13", machine.home / "tools/versions/3.13.5/bin/python3")
    assert machine.find("venv", PYENV_ROOT=str(machine.home / "tools")) == (elsewhere, "")


def test_a_path_with_spaces_is_one_path(machine: Machine) -> None:
    """An interpreter below a path with spaces is found."""
    spaced = machine.install("3.13", machine.home / "my tools/versions/3.13.5/bin/python3")
    assert machine.find("pip", PYENV_ROOT=str(machine.home / "my tools")) == (spaced, "")


def test_a_python_without_venv_is_passed_over_for_one_with_it(machine: Machine) -> None:
    """A Python without venv is passed over for one that has it, as on Debian and Ubuntu."""
    machine.install("3.13", machine.path / "python3.13", lacks="ensurepip")
    complete = machine.install("3.12", machine.path / "python3.12")
    assert machine.find("venv") == (complete, "")


def test_what_is_lacking_is_said_in_one_line(machine: Machine) -> None:
    """Without a fitting Python one line names the package to install."""
    found, complaint = machine.find("venv")
    assert not found
    assert "install python3.13" in complaint
    machine.install("3.11", machine.path / "python3", lacks="ensurepip")
    found, complaint = machine.find("venv")
    assert not found
    assert "install python3.11-venv" in complaint
    assert "\n" not in complaint


@pytest.mark.parametrize("version", ["3.10", "3.14", "3.13t"])
def test_other_versions_are_not_taken(machine: Machine, version: str) -> None:
    """Other versions and free-threaded builds are not taken, since the locks are not for them."""
    machine.install(version, machine.path / "python3")
    assert machine.find("pip")[0] == ""


def test_bytecode_wants_exactly_what_lambda_runs(machine: Machine) -> None:
    """For bytecode exactly Lambda's version is taken, since no other's is ever loaded."""
    machine.install("3.12", machine.path / "python3.12")
    assert machine.find("exact") == ("", "no Python 3.13 was found")


def test_nothing_of_the_environment_is_needed(machine: Machine) -> None:
    """The search works without a home and other variables, as for a service account."""
    works = machine.install("3.13", machine.path / "python3")
    done = subprocess.run(
        ["/bin/sh", SCRIPT, "venv"],
        env={"PATH": os.fspath(machine.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == (works, "")
