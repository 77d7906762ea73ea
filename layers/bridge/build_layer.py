"""Builds the bridge layer: the package, what it imports, and bytecode that Lambda loads.

It runs with any Python from 3.11 that has pip, and builds for Lambda's Python 3.13 without one: pip
fetches wheels for the target and refuses anything that it would have to compile. `lambda` is one
layer for both architectures, so that no deployment can pair a function with the other one's layer;
`native` builds for the interpreter that runs it instead, which is what the sandbox needs.

What is installed is kept under LAYER_CACHE (else beside this file, which in a build is a scratch
folder), by the hash of all that decides it.
Choices and their price: docs/decisions/build-without-docker.md.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
LAMBDA_PYTHON = "3.13"
TARGETS = ("lambda", "native")
MACHINES = ("aarch64", "x86_64")
# Lambda's python3.13 is Amazon Linux 2023, glibc 2.34; pip takes each of these names literally.
MANYLINUX = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")

# What neither function imports. Of Powertools they use Logger and Metrics, which import Tracer.
NEVER_IMPORTED = (
    "bin",
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/logging/formatters",
    "aws_lambda_powertools/metrics/provider/datadog",
    "aws_lambda_powertools/middleware_factory",
    "aws_lambda_powertools/utilities/[!_j]*",
    "**/*.pyi",
)


def main(target: str, artifacts: Path) -> None:
    """Write the layer for `target` (lambda or native) into `artifacts`. Exits for others."""
    if target not in TARGETS:
        sys.exit(
            f"BridgeLayer: the layer is not built for {target} alone, one build runs on arm64 and"
            " x86_64. Build without ARCH, and choose with the template's parameter Architecture"
        )
    compiler = sys.executable if target == "native" else find_lambda_python()
    if compiler is None:
        print(  # noqa: T201 — a build step speaks to the person who runs it
            "BridgeLayer: no Python 3.13 was found, so the layer goes without precompiled bytecode"
            " (a slower cold start, nothing else)"
        )
    python = artifacts / "python"
    shutil.copytree(dependencies(target, compiler), python)
    package = python / "segment_rehook"
    shutil.copytree(
        HERE / "segment_rehook", package, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    compile_bytecode(compiler, package, Path("/opt/python/segment_rehook"))


def find_lambda_python() -> str | None:
    """Give the path of a Python whose bytecode Lambda can load, or None."""
    found = subprocess.run(  # noqa: S603 — our own script
        ["/bin/sh", HERE / "find-python.sh", "exact"], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None


def dependencies(target: str, compiler: str | None) -> Path:
    """Give the folder with what the package imports: from the cache, or newly installed."""
    decided_by = [target, compiler or "", sys.version, REQUIREMENTS.read_text(), _own_text()]
    digest = hashlib.sha256("\0".join(decided_by).encode()).hexdigest()[:16]
    root = Path(os.environ.get("LAYER_CACHE") or HERE / ".cache")
    folder = root / f"{target}-{digest}"
    if folder.is_dir():
        return folder
    root.mkdir(parents=True, exist_ok=True)
    # Renamed when it is complete: an interrupted build leaves nothing that looks complete.
    with tempfile.TemporaryDirectory(dir=root, prefix=f"{target}-") as scratch:
        unfinished = Path(scratch) / "python"
        if target == "native":
            install(None, unfinished)
        else:
            for machine in MACHINES:
                install(machine, Path(scratch) / machine)
                merge(Path(scratch) / machine, unfinished)
        prune(unfinished)
        compile_bytecode(compiler, unfinished, Path("/opt/python"))
        unfinished.rename(folder)
    return folder


def install(machine: str | None, folder: Path) -> None:
    """Install the locked wheels for `machine` (None: this one). pip checks each hash."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-compile", "--only-binary=:all:", "--require-hashes", "--no-deps"]
    command += ["--requirement", str(REQUIREMENTS), "--target", str(folder)]
    if machine is not None:
        command += ["--implementation", "cp", "--python-version", LAMBDA_PYTHON]
        for name in MANYLINUX:
            command += ["--platform", f"{name}_{machine}"]
    subprocess.run(command, check=True)  # noqa: S603 — our own arguments


def merge(source: Path, folder: Path) -> None:
    """Add the files of one machine's wheels to the folder. Exits if two machines' files differ.

    A compiled module has the machine in its name, and Python loads those of its own machine only.
    pip's notes on a wheel differ too, and nothing reads them at run time.
    """
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        name = path.relative_to(source)
        other = folder / name
        if not other.exists():
            other.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, other)
        elif name.parts[0].endswith(".dist-info") or filecmp.cmp(path, other, shallow=False):
            continue
        else:
            sys.exit(
                f"BridgeLayer: {name} is not the same for {' and '.join(MACHINES)}, so one layer"
                " can't hold both: lock another version of its package"
            )


def prune(folder: Path) -> None:
    """Remove what the functions never import. Exits if a pattern matches nothing."""
    for pattern in NEVER_IMPORTED:
        found = list(folder.glob(pattern))
        if not found:
            sys.exit(f"BridgeLayer: {pattern} matches nothing; correct NEVER_IMPORTED")
        for path in found:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def compile_bytecode(compiler: str | None, folder: Path, runs_as: Path) -> None:
    """Compile with unchecked hashes: SAM dates all files 1980, so dated bytecode is never used."""
    if compiler is None:
        return
    command = [compiler, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", str(runs_as), str(folder)]
    subprocess.run(command, check=True)  # noqa: S603 — our own arguments


def _own_text() -> str:
    return Path(__file__).read_text(encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
