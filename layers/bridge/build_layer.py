"""Builds the bridge layer: the package, what it imports, and bytecode that survives packaging.

It runs with any Python from 3.11 that has pip, and builds for Lambda's Python 3.13 without one: pip
fetches wheels for the target and refuses anything that it would have to compile. `native` builds
for the interpreter that runs it instead, which is what the sandbox needs.

What is installed is kept under LAYER_CACHE (else beside this file, which in a build is a scratch
folder), by the hash of all that decides it.
Choices and their price: docs/decisions/build-without-docker.md.
"""

from __future__ import annotations

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
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
# Lambda's python3.13 is Amazon Linux 2023, glibc 2.34; pip takes each of these names literally.
MANYLINUX = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")

# botocore describes some 400 services and babel some 1,000 locales, most of the layer's size.
# The bridge calls three of the one; of the other, Liquid's filters want the root and a default.
SERVICES_KEPT = frozenset({"dynamodb", "sqs", "ssm"})
LOCALES_KEPT = frozenset({"root.dat", "en.dat", "en_US.dat", "en_001.dat"})


def main(target: str, artifacts: Path) -> None:
    """Write the layer for `target` (arm64, x86_64 or native) into `artifacts`."""
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
    """The path of a Python whose bytecode Lambda can load, or None."""
    found = subprocess.run(  # noqa: S603 — our own script
        ["/bin/sh", HERE / "find-python.sh", "exact"], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None


def dependencies(target: str, compiler: str | None) -> Path:
    """The folder that holds what the package imports: from the cache, or installed anew."""
    decided_by = [target, compiler or "", sys.version, REQUIREMENTS.read_text(), _own_text()]
    digest = hashlib.sha256("\0".join(decided_by).encode()).hexdigest()[:16]
    root = Path(os.environ.get("LAYER_CACHE") or HERE / ".cache")
    folder = root / f"{target}-{digest}"
    if folder.is_dir():
        return folder
    root.mkdir(parents=True, exist_ok=True)
    # Named only when whole: a build that is broken off leaves nothing that looks finished.
    with tempfile.TemporaryDirectory(dir=root, prefix=f"{target}-") as scratch:
        unfinished = Path(scratch) / "python"
        install(target, unfinished)
        prune(unfinished)
        compile_bytecode(compiler, unfinished, Path("/opt/python"))
        unfinished.rename(folder)
    return folder


def install(target: str, folder: Path) -> None:
    """Install the locked wheels, each held to its hash."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-compile", "--only-binary=:all:", "--require-hashes", "--no-deps"]
    command += ["--requirement", str(REQUIREMENTS), "--target", str(folder)]
    if target != "native":
        command += ["--implementation", "cp", "--python-version", LAMBDA_PYTHON]
        for name in MANYLINUX:
            command += ["--platform", f"{name}_{MACHINES[target]}"]
    subprocess.run(command, check=True)  # noqa: S603 — our own arguments


def prune(folder: Path) -> None:
    """Take out what the functions never read."""
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for service in (folder / "botocore" / "data").iterdir():
        if service.is_dir() and service.name not in SERVICES_KEPT:
            shutil.rmtree(service)
    for locale in (folder / "babel" / "locale-data").iterdir():
        if locale.name not in LOCALES_KEPT:
            locale.unlink()


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
