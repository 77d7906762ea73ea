"""The layer's build: what it keeps, bytecode that Lambda loads, and no half-made cache.

It runs as `sam build` runs it, with a pip that copies made-up packages.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import build_layer

RUNS_AS = Path("/opt/python")
NINETEEN_EIGHTY = 315_532_800  # seconds since the epoch: how SAM dates what it packs
MACHINES = ("aarch64", "x86_64")
POWERTOOLS = "aws_lambda_powertools"
PIP = """
import json, os, shutil, sys
arguments = sys.argv[1:]
given = dict(zip(arguments, arguments[1:]))
machine = given.get("--platform", "_this").partition("2014_")[2] or "this"
shutil.copytree(os.path.join(os.environ["PACKAGES"], machine), given["--target"])
with open(os.environ["ASKED"], "a") as asked:
    print(json.dumps(arguments), file=asked)
sys.exit(int(os.environ["PIP_EXIT"]))
"""


@dataclass(frozen=True)
class Build:
    """A machine with no Python on its PATH, and packages for it and for Lambda's machines."""

    folder: Path

    @property
    def cache(self) -> Path:
        """What is kept between builds."""
        return self.folder / "cache"

    def package(self, machine: str) -> Path:
        """What pip installs for a machine; `this` is the one that builds."""
        return self.folder / "packages" / machine

    def run(
        self, target: str, layer: str, *, pip_exit: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """Build a layer."""
        return subprocess.run(
            [sys.executable, build_layer.__file__, target, str(self.folder / layer)],
            env={
                "PATH": str(self.folder / "empty"),
                "HOME": str(self.folder),
                "PYTHONPATH": str(self.folder / "pip in place"),
                "LAYER_CACHE": str(self.cache),
                "PACKAGES": str(self.folder / "packages"),
                "ASKED": str(self.folder / "asked"),
                "PIP_EXIT": str(pip_exit),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def asked(self) -> list[list[str]]:
        """What pip was called with, call by call."""
        return [json.loads(line) for line in (self.folder / "asked").read_text().splitlines()]

    def files(self, layer: str) -> set[str]:
        """The names of all files of a layer, below its folder `python`."""
        top = self.folder / layer / "python"
        return {str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()}


def installed(folder: Path, machine: str) -> None:
    """Make what pip installs: packages for any machine, and one that is compiled for this one."""
    for name in (
        "event_handler",
        "logging/formatters",
        "metrics/provider/datadog",
        "middleware_factory",
        "utilities/idempotency",
        "utilities/jmespath_utils",
    ):
        (folder / POWERTOOLS / name).mkdir(parents=True)
        (folder / POWERTOOLS / name / "__init__.py").touch()
    for name in ("logging", "metrics", "utilities"):
        (folder / POWERTOOLS / name / "__init__.py").touch()
    (folder / "bin").mkdir()
    (folder / "bin" / "jp.py").touch()
    (folder / "library.pyi").touch()
    (folder / "library.py").write_text("ANSWER = 42\n")
    (folder / "fast").mkdir()
    (folder / "fast" / f"core.cpython-313-{machine}-linux-gnu.so").write_text(machine)
    (folder / "fast" / "__init__.py").touch()
    (folder / "fast-1.0.dist-info").mkdir()
    (folder / "fast-1.0.dist-info" / "WHEEL").write_text(machine)


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """A machine on which nothing was built."""
    pip = tmp_path / "pip in place"
    pip.mkdir()
    (pip / "pip.py").write_text(PIP)
    made = Build(tmp_path)
    for machine in (*MACHINES, "this"):
        installed(made.package(machine), machine)
    return made


def test_only_what_the_functions_import_is_kept(build: Build) -> None:
    """Of Powertools, what logging and metrics need is kept, and no package's type stubs are."""
    build.run("lambda", "layer")
    kept = {
        name for name in build.files("layer") if name.startswith((POWERTOOLS, "bin", "library"))
    }
    modules = ("logging", "metrics", "utilities", "utilities/jmespath_utils")
    assert kept == {"library.py", *(f"{POWERTOOLS}/{name}/__init__.py" for name in modules)}


def test_a_release_that_moved_what_is_left_out_ends_the_build(build: Build) -> None:
    """A release that has moved what is left out ends the build, and the pattern is named."""
    for machine in MACHINES:
        (build.package(machine) / POWERTOOLS / "event_handler").rename(
            build.package(machine) / "http"
        )
    built = build.run("lambda", "layer")
    assert built.returncode != 0
    assert "event_handler matches nothing" in built.stderr
    assert not list(build.cache.iterdir())


def test_bytecode_is_loaded_whatever_the_date_of_its_source(tmp_path: Path) -> None:
    """Bytecode is loaded also when its source was changed, and dated 1980 as SAM does."""
    source = tmp_path / "library.py"
    source.write_text("ANSWER = 42\n")
    build_layer.compile_bytecode(sys.executable, tmp_path, RUNS_AS)
    source.write_text("ANSWER = 43\n")
    os.utime(source, (NINETEEN_EIGHTY, NINETEEN_EIGHTY))
    shown = subprocess.run(
        [sys.executable, "-c", "import library; print(library.ANSWER)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "42\n"


def test_bytecode_names_the_place_where_it_runs(build: Build) -> None:
    """Bytecode names /opt, as a traceback in Lambda's log does, and no folder of the build."""
    build.run("native", "layer")
    for name, place in {
        "library": "library.py",
        "segment_rehook/wiring": "segment_rehook/wiring.py",
    }.items():
        folder, _, module = name.rpartition("/")
        [compiled] = (build.folder / "layer/python" / folder / "__pycache__").glob(f"{module}.*")
        assert f"/opt/python/{place}".encode() in compiled.read_bytes()
        assert str(build.folder).encode() not in compiled.read_bytes()


def test_without_python_3_13_the_layer_is_built_and_says_what_it_lacks(build: Build) -> None:
    """Without Lambda's Python the layer is built without bytecode, and says so."""
    built = build.run("lambda", "layer")
    assert (built.returncode, built.stderr) == (0, "")
    assert "no Python 3.13 was found" in built.stdout
    assert "segment_rehook/__init__.py" in build.files("layer")
    assert not [name for name in build.files("layer") if name.endswith(".pyc")]


def test_a_second_build_installs_nothing(build: Build) -> None:
    """A second build takes what the first one installed, and gives the same layer."""
    build.run("native", "first")
    build.run("native", "second")
    assert len(build.asked()) == 1
    assert build.files("first") == build.files("second")


def test_an_installation_broken_off_leaves_no_cache(build: Build) -> None:
    """An installation that fails leaves nothing that the next build would take for finished."""
    assert build.run("native", "layer", pip_exit=1).returncode != 0
    assert not list(build.cache.iterdir())


def test_pip_is_held_to_wheels_hashes_and_the_target(build: Build) -> None:
    """Wheels are installed by hash, for Lambda's Python, once for each machine alone."""
    build.run("lambda", "layer")
    commands = build.asked()
    assert len(commands) == len(MACHINES)
    for machine, command in zip(MACHINES, commands, strict=True):
        assert {"--only-binary=:all:", "--require-hashes"} <= set(command)
        assert command[command.index("--python-version") + 1] == "3.13"
        named = [command[place + 1] for place, word in enumerate(command) if word == "--platform"]
        assert f"manylinux2014_{machine}" in named
        assert all(name.endswith("_" + machine) for name in named)


def test_one_build_runs_on_both_architectures(build: Build) -> None:
    """One layer has the compiled modules of both machines, so none can be paired wrongly."""
    build.run("lambda", "layer")
    compiled = {name for name in build.files("layer") if name.endswith(".so")}
    assert compiled == {f"fast/core.cpython-313-{each}-linux-gnu.so" for each in MACHINES}
    assert len(list(build.cache.iterdir())) == 1


def test_a_file_that_is_not_the_same_for_both_ends_the_build(build: Build) -> None:
    """A compiled module without the machine in its name ends the build, and is not kept."""
    for machine in MACHINES:
        (build.package(machine) / "fast.abi3.so").write_text(machine)
    built = build.run("lambda", "layer")
    assert built.returncode != 0
    assert "fast.abi3.so is not the same" in built.stderr
    assert not list(build.cache.iterdir())


@pytest.mark.parametrize("target", ["arm64", "x86_64", "", "both"])
def test_a_build_for_one_architecture_is_refused(build: Build, target: str) -> None:
    """A build for one architecture is refused, with the parameter that chooses one."""
    built = build.run(target, "layer")
    assert built.returncode != 0
    assert "parameter Architecture" in built.stderr
    assert not (build.folder / "layer").exists()
