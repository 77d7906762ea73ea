"""The layer's build: what it keeps, bytecode that Lambda loads, and no half-made cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import build_layer

RUNS_AS = Path("/opt/python")
NINETEEN_EIGHTY = 315_532_800  # seconds since the epoch: how SAM dates what it packs


def installed(folder: Path) -> None:
    """Make what pip would have installed, as far as pruning looks."""
    powertools = folder / "aws_lambda_powertools"
    for name in (
        "event_handler",
        "logging/formatters",
        "metrics/provider/datadog",
        "middleware_factory",
        "utilities/idempotency",
        "utilities/jmespath_utils",
    ):
        (powertools / name).mkdir(parents=True)
        (powertools / name / "__init__.py").touch()
    (powertools / "utilities" / "__init__.py").touch()
    (folder / "bin").mkdir()
    (folder / "bin" / "jp.py").touch()
    (folder / "library.pyi").touch()
    (folder / "library.py").write_text("ANSWER = 42\n")


def wheel(folder: Path, machine: str) -> None:
    """Make what pip would have installed of a package that is compiled for each machine."""
    (folder / "fast").mkdir(parents=True)
    (folder / "fast" / f"core.cpython-313-{machine}-linux-gnu.so").write_text(machine)
    (folder / "fast" / "__init__.py").touch()
    (folder / "fast-1.0.dist-info").mkdir()
    (folder / "fast-1.0.dist-info" / "WHEEL").write_text(machine)


@pytest.fixture
def no_pip(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Install made-up packages; gives the machines that were asked for."""
    asked: list[str | None] = []

    def install(machine: str | None, folder: Path) -> None:
        asked.append(machine)
        installed(folder)
        wheel(folder, machine or "here")

    monkeypatch.setattr(build_layer, "install", install)
    return asked


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("LAYER_CACHE", str(folder))
    return folder


def test_only_what_the_functions_import_is_kept(tmp_path: Path) -> None:
    """Of Powertools, what logging and metrics need is kept, and no package's type stubs are."""
    installed(tmp_path)
    build_layer.prune(tmp_path)
    powertools = tmp_path / "aws_lambda_powertools"
    assert {each.name for each in powertools.iterdir()} == {"logging", "metrics", "utilities"}
    kept = {each.name for each in (powertools / "utilities").iterdir()}
    assert kept == {"__init__.py", "jmespath_utils"}
    assert {each.name for each in tmp_path.iterdir()} == {"aws_lambda_powertools", "library.py"}


def test_a_release_that_moved_what_is_left_out_ends_the_build(tmp_path: Path) -> None:
    """Else a new release of Powertools would bring back what is never imported."""
    installed(tmp_path)
    (tmp_path / "aws_lambda_powertools" / "event_handler").rename(tmp_path / "http")
    with pytest.raises(SystemExit, match="event_handler matches nothing"):
        build_layer.prune(tmp_path)


def test_bytecode_is_loaded_whatever_the_date_of_its_source(tmp_path: Path) -> None:
    """The source is changed and dated 1980; who loads the bytecode does not see it."""
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


def test_bytecode_names_the_place_where_it_runs(tmp_path: Path) -> None:
    """A traceback in Lambda's log shows /opt, and no folder of the machine that built."""
    (tmp_path / "library.py").write_text("ANSWER = 42\n")
    build_layer.compile_bytecode(sys.executable, tmp_path, RUNS_AS)
    (compiled,) = (tmp_path / "__pycache__").iterdir()
    assert b"/opt/python/library.py" in compiled.read_bytes()
    assert str(tmp_path).encode() not in compiled.read_bytes()


def test_without_python_3_13_the_layer_is_built_and_says_what_it_lacks(
    tmp_path: Path,
    cache: Path,
    no_pip: list[str | None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A slower start is no reason not to deploy."""
    monkeypatch.setattr(build_layer, "find_lambda_python", lambda: None)
    build_layer.main("lambda", tmp_path / "layer")
    assert "no Python 3.13 was found" in capsys.readouterr().out
    assert (tmp_path / "layer/python/segment_rehook/__init__.py").exists()
    assert not list((tmp_path / "layer").rglob("*.pyc"))
    assert no_pip == ["aarch64", "x86_64"]
    assert len(list(cache.iterdir())) == 1


def test_a_second_build_installs_nothing(
    tmp_path: Path, cache: Path, no_pip: list[str | None]
) -> None:
    """And gives the same layer."""
    build_layer.main("native", tmp_path / "first")
    build_layer.main("native", tmp_path / "second")
    assert no_pip == [None]
    assert cache.exists()
    first, second = (
        sorted(str(path.relative_to(tmp_path / name)) for path in (tmp_path / name).rglob("*"))
        for name in ("first", "second")
    )
    assert first == second


def test_an_installation_broken_off_leaves_no_cache(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What looks finished would be taken for finished next time."""

    def fails(machine: str | None, folder: Path) -> None:
        installed(folder)
        raise subprocess.CalledProcessError(1, [str(machine)])

    monkeypatch.setattr(build_layer, "install", fails)
    with pytest.raises(subprocess.CalledProcessError):
        build_layer.main("native", tmp_path / "layer")
    assert not list(cache.iterdir())


@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
def test_pip_is_held_to_wheels_hashes_and_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    """A wheel for this machine would fail in Lambda, and only there."""
    commands: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))
    build_layer.install(machine, tmp_path)
    (command,) = commands
    assert {"--only-binary=:all:", "--require-hashes", "--python-version", "3.13"} <= set(command)
    platforms = [command[place + 1] for place, word in enumerate(command) if word == "--platform"]
    assert f"manylinux2014_{machine}" in platforms
    assert all(name.endswith("_" + machine) for name in platforms)


def test_one_build_runs_on_both_architectures(
    tmp_path: Path, cache: Path, no_pip: list[str | None]
) -> None:
    """So nothing can be deployed that pairs a function with the other architecture's layer."""
    build_layer.main("lambda", tmp_path / "layer")
    compiled = {path.name for path in (tmp_path / "layer/python/fast").glob("*.so")}
    assert compiled == {
        f"core.cpython-313-{machine}-linux-gnu.so" for machine in ("aarch64", "x86_64")
    }
    assert no_pip == ["aarch64", "x86_64"]
    assert len(list(cache.iterdir())) == 1


def test_a_file_that_is_not_the_same_for_both_ends_the_build(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compiled module without the machine in its name would fit one of them only."""

    def install(machine: str | None, folder: Path) -> None:
        installed(folder)
        (folder / "fast.abi3.so").write_text(str(machine))

    monkeypatch.setattr(build_layer, "install", install)
    with pytest.raises(SystemExit, match=r"fast\.abi3\.so is not the same"):
        build_layer.main("lambda", tmp_path / "layer")
    assert not list(cache.iterdir())


@pytest.mark.parametrize("target", ["arm64", "x86_64", "", "both"])
def test_a_build_for_one_architecture_is_refused(tmp_path: Path, target: str) -> None:
    """With the parameter that chooses, which is what was meant."""
    with pytest.raises(SystemExit, match="parameter Architecture"):
        build_layer.main(target, tmp_path / "layer")
    assert not (tmp_path / "layer").exists()
